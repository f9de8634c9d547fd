"""Questions about measurements: by a name of the table, by a recorded name, or all that are abnormal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.tasks.record import entries, grammar
from pipelines.tasks.record.asked import Asked, Want
from pipelines.tasks.record.conversion import take_unit
from pipelines.tasks.record.event import take_visit
from pipelines.tasks.record.measurements import Measurement, Measurements, matching, measurements, named, without_value
from pipelines.tasks.record.observations import abnormal_answer, answer, judged_answer
from pipelines.tasks.record.sentences import Answer, absent_value
from pipelines.tasks.record.words import Term, terms

_WHOLE: Final = "blood pressure"
_RESULTS: Final = (
    "abnormal", "results", "result", "labs", "lab", "values", "value", "findings", "finding", "tests", "observations",
    "measurements",
)  # fmt: skip


def about_results(asked: Asked) -> list[Answer] | None:
    """Measurements of the names that the question says."""
    record, words = asked.record, asked.words
    if _means_a_condition(asked):
        return None
    held = measurements(record)
    recorded = asked.take_recorded(held.names)
    wanted = words.take_terms("observation")
    if len(wanted) > 1:
        # "Of all the blood pressures the highest systolic": the whole is named for its part.
        wanted = [
            term for term in wanted if term.name != _WHOLE or not any(_WHOLE in t.name for t in wanted if t != term)
        ]
    if asked.on and asked.yes_no:
        return None
    if not recorded and not wanted:
        return _abnormal(asked, held)
    if not recorded and _means_a_procedure(asked, held, wanted):
        return None
    take_visit(asked)
    groups: list[tuple[str, Sequence[Measurement], Term | None]] = [
        (name, held.called(name), None) for name in recorded
    ]
    covered = {m.name.value for _, group, _ in groups for m in group}
    for term in wanted:
        meant = matching(held, term)
        if not (meant and {m.name.value for m in meant} <= covered):
            groups.append((term.name, meant, term))
    unit = take_unit(words)
    want, few = asked.take_want()
    words_say_not = words.has("not normal") or words.has("outside")
    judged = words.take(*grammar.JUDGED)
    words.take(*grammar.ACTIVE, "ever", "where")
    if asked.left() or (asked.count and grammar.HOW_MANY_ELSE.search(" ".join(words.all))):
        return None
    if judged and not asked.yes_no and "normal" in words.all and not words_say_not:
        return None
    if judged:
        return _judged(asked, groups, want)
    return [_answer(asked, name, found, term, want, few, unit) for name, found, term in groups]


def _means_a_condition(asked: Asked) -> bool:
    """Whether a measurement is only named as part of a condition: "high blood pressure"."""
    before = asked.words.mark()
    both = bool(asked.words.take_terms("condition")), bool(asked.words.take_terms("observation"))
    asked.words.back_to(before)
    return both == (True, False)


def _means_a_procedure(asked: Asked, held: Measurements, wanted: Sequence[Term]) -> bool:
    """Whether the name of measurements that the record does not hold is that of a procedure which it does: "DEXA"."""
    done = entries.procedures(asked.record)
    return not any(matching(held, term) for term in wanted) and any(
        entries.match(done, [term], ())
        for term in terms()
        if term.domain == "procedure" and any(set(term.spoken) & set(each.spoken) for each in wanted)
    )


def _answer(
    asked: Asked, name: str, found: Sequence[Measurement], term: Term | None, want: Want, few: int, unit: str | None
) -> Answer:
    today = asked.today if asked.elapsed else None
    given = answer(asked.record, name, found, want, asked.period, few, unit, today)
    missing = without_value(asked.record, term) if term and want == "last" and asked.period is None else []
    return absent_value(asked.record, given, missing[-1]) if missing else given


def _judged(
    asked: Asked, groups: Sequence[tuple[str, Sequence[Measurement], Term | None]], want: Want
) -> list[Answer] | None:
    """Whether values are normal, where the record itself says so; None where only a judgement could."""
    found = [(name, group) for name, group, _ in groups]
    if not asked.yes_no:
        return [abnormal_answer(asked.record, group, name, asked.period) for name, group in found]
    answers = [judged_answer(asked.record, name, group, want, asked.period) for name, group in found]
    kept = [each for each in answers if each is not None]
    return kept if len(kept) == len(answers) else None


def _abnormal(asked: Asked, held: Sequence[Measurement]) -> list[Answer] | None:
    words = asked.words
    if not words.take(*grammar.ABNORMAL):
        return None
    words.take(*_RESULTS)
    words.take(*grammar.LAST, *grammar.ALL, "ever", "only", "which", "come", "back")
    return None if asked.left() else [abnormal_answer(asked.record, held, "result", asked.period)]


def results_by_phrase(asked: Asked) -> list[Answer] | None:
    """Words that nothing here knows but that stand in the name of a measurement of this record."""
    held = measurements(asked.record)
    want, few = asked.take_want()
    asked.words.take("ever")
    phrase = asked.phrase(set(held.names), strict=True)
    found = named(held, phrase) if phrase else []
    if not found:
        return None
    return [_answer(asked, " ".join(phrase or ()), found, None, want, few, None)]
