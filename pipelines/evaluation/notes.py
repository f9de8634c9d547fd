"""How well dictated notes are filed: figures over transcripts whose filing is known (docs: `assistant evaluate notes`).

A line of the data is ``{"id", "transcript", "template", "expected": {section: [sentences]}}``.

* ``sentence_accuracy``: expected sentences that stand in their section ÷ expected sentences. Sentences are compared
  by their words; each filed sentence answers for one expected sentence.
* ``words_lost``, ``words_added``: words (with their number of times) that the expected note holds and the filed one
  does not, and the reverse, wherever they stand; a count over all cases.

Words are runs of letters and digits, lower case; marks, hyphens and apostrophes only part them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from pipelines.evaluation.data import as_model
from pipelines.records import Engine, Transcript, Value
from pipelines.tasks.note.filed import file_note
from pipelines.tasks.note.templates import choose_template, load_template

_WORD: Final = re.compile(r"[^\W_]+")

Words = tuple[str, ...]


class NoteCase(Value):
    """One dictated note. Without a ``template`` the one that its wording chooses is used."""

    id: Annotated[str, Field(coerce_numbers_to_str=True)]
    transcript: str
    expected: dict[str, tuple[str, ...]]
    template: str | None = None


def evaluate(cases: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures, with ``n``, ``engines`` and ``failures`` (``{"id", "expected", "got"}``, one a sentence that is
    not where it belongs; ``got`` is the section it was filed under, or None).

    ``by_template`` gives ``n`` and ``sentence_accuracy`` of each template. An accuracy without any expected sentence
    is None.

    Raises:
        BadInput: a case is not one.
        UsageProblem: a case names an unknown template.
    """
    expected_count: Counter[str] = Counter()
    found_count: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    lost = added = 0
    failures: list[dict[str, Any]] = []
    engines: set[str] = set()
    for case in as_model(cases, NoteCase):
        template = load_template(case.template or choose_template(case.transcript))
        engine = Engine(name="filing", version=f"{template.name}@{template.version}", revision=template.sha256)
        typed = Engine(name="typed", version="1")
        filed = file_note(Transcript(recording=None, raw=case.transcript, text=case.transcript, engine=typed), template)
        got = [(statement.section or "", _words(statement.text)) for statement in filed.statements]
        misplaced = tuple(_misplaced(case.expected, got))
        total = sum(len(sentences) for sentences in case.expected.values())
        notes[template.name] += 1
        expected_count[template.name] += total
        found_count[template.name] += total - len(misplaced)
        engines.add(engine.model_dump_json())
        failures += [{"id": case.id, **failure} for failure in misplaced]
        wanted_words = Counter(word for s in case.expected.values() for one in s for word in _words(one))
        filed_words = Counter(word for _, words in got for word in words)
        lost += (wanted_words - filed_words).total()
        added += (filed_words - wanted_words).total()
    return {
        "sentence_accuracy": _rate(found_count.total(), expected_count.total()),
        "words_lost": lost,
        "words_added": added,
        "n": notes.total(),
        "engines": [Engine.model_validate_json(engine).model_dump(mode="json") for engine in sorted(engines)],
        "failures": failures,
        "by_template": {
            name: {"n": notes[name], "sentence_accuracy": _rate(found_count[name], expected_count[name])}
            for name in sorted(notes)
        },
    }


def _misplaced(expected: Mapping[str, tuple[str, ...]], got: list[tuple[str, Words]]) -> Iterator[dict[str, Any]]:
    left = Counter(got)
    missing: list[tuple[str, str]] = []
    for section, sentences in expected.items():
        for sentence in sentences:
            place = (section, _words(sentence))
            if left[place]:
                left[place] -= 1
            else:
                missing.append((section, sentence))
    rest = list(left.elements())
    for section, sentence in missing:
        other = next((place for place in rest if place[1] == _words(sentence)), None)
        if other:
            rest.remove(other)
        yield {"expected": {"section": section, "sentence": sentence}, "got": other[0] if other else None}


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.lower()))


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
