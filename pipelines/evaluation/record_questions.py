"""How well questions about a record are answered by lookup (docs: `assistant evaluate record-questions`).

A line of the data is ``{"id", "patient_file", "patient_id", "category", "question", "answer", "match"}``; ``answer``
is a number, a date or other text, a list of names, an object of such, or ``NOT_RECORDED``.

* ``accuracy``: right ÷ all. A question without an answer is right when no value is given.
* ``fabricated``: questions without an answer that got one ÷ questions without an answer (None where there are none).
* ``wrong``: a value other than the right one ÷ all; ``abstained``: no value where there is one ÷ all.
* ``unsupported``: statements that the check of records does not support ÷ statements.
* ``by_category``: ``n``, ``accuracy`` and ``fabricated`` of each category.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from pipelines.checks.record import check
from pipelines.errors import BadInput
from pipelines.evaluation.data import Case, as_model
from pipelines.evaluation.record_answers import NOT_RECORDED, gives_a_value, is_right, said
from pipelines.evidence.records.record import Record, read_record
from pipelines.records import Result
from pipelines.tasks.record.question import answer

ENGINE: Final = "record-lookup"


class RecordCase(BaseModel):
    """One question and its answer. ``today`` (ISO) is the day the question is asked on; the current one without it."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    id: str
    patient_file: str
    question: str
    answer: Any
    match: str = ""
    category: str = "all"
    patient_id: str | None = None
    today: date | None = None


def evaluate(cases: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures, with ``n``, ``engines`` and ``failures`` (``{"id", "category", "question", "expected", "got"}``).

    A ``patient_file`` is looked for beside the data file and in the folders above it.

    Raises:
        BadInput: a case is not one, or its record cannot be read.
    """
    given = list(cases)
    read = lru_cache(maxsize=4)(_read)
    outcomes: dict[str, list[str]] = defaultdict(list)
    failures: list[dict[str, Any]] = []
    statements = unsupported = 0
    for raw, case in zip(given, as_model(given, RecordCase), strict=True):
        record = read(_file(raw, case.patient_file), case.patient_id)
        result = answer(case.question, record, case.today)
        verdicts = [each.verdict for each in check(result.statements, record)]
        statements += len(verdicts)
        unsupported += sum(verdict != "supported" for verdict in verdicts)
        outcome = _outcome(case, result)
        outcomes[case.category].append(outcome)
        if outcome not in _RIGHT:
            expected = {"id": case.id, "category": case.category, "question": case.question, "expected": case.answer}
            failures.append({**expected, "got": said(result), "outcome": outcome})
    every = [outcome for group in outcomes.values() for outcome in group]
    return {
        **_figures(every),
        "wrong": every.count("wrong") / len(every) if every else None,
        "abstained": every.count("abstained") / len(every) if every else None,
        "unsupported": unsupported / statements if statements else None,
        "by_category": {name: {"n": len(group), **_figures(group)} for name, group in sorted(outcomes.items())},
        "n": len(every),
        "engines": [ENGINE],
        "failures": failures,
    }


#: What may come of a case: its value, or rightly none.
_RIGHT: Final = frozenset({"right", "rightly none"})


def _outcome(case: RecordCase, result: Result) -> str:
    if case.answer is None or case.answer == NOT_RECORDED or case.match.strip().startswith("abstain"):
        return "fabricated" if gives_a_value(result) else "rightly none"
    if is_right(case.answer, case.match, result):
        return "right"
    return "wrong" if gives_a_value(result) else "abstained"


def _figures(outcomes: list[str]) -> dict[str, float | None]:
    without = [outcome for outcome in outcomes if outcome in {"fabricated", "rightly none"}]
    return {
        "accuracy": sum(outcome in _RIGHT for outcome in outcomes) / len(outcomes) if outcomes else None,
        "fabricated": without.count("fabricated") / len(without) if without else None,
    }


def _file(case: Mapping[str, Any], name: str) -> Path:
    """The record beside the data file, or under a folder above it."""
    if not isinstance(case, Case):
        return Path(name)
    beside = case.path(name)
    return next((path for folder in case.file.resolve().parents[:4] if (path := folder / name).exists()), beside)


def _read(path: Path, patient: str | None) -> Record:
    from pipelines.evidence.records.record import is_patient

    try:
        data = path.read_bytes()
    except OSError as error:
        problem = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise BadInput(str(path), problem, "correct the patient_file of the case") from None
    if patient is not None and not is_patient(data, path.name, patient):
        raise BadInput(path.name, f"does not hold patient {patient}", "correct the patient_id of the case")
    return read_record(data, path.name, "0" * 64, patient)
