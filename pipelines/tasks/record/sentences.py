"""Sentences made of record elements: each names what it cites, and nothing that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.records import RecordCitation, Statement
from pipelines.tasks.record.period import Period, span_of

#: The outcome in which a record that was fetched says what of it is missing, an issue for each type of resource.
_NOT_FETCHED: Final = "not-fetched"
#: Types of resources by what is asked for; a question of any other kind may be about every type.
_ABOUT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "allerg": frozenset({"AllergyIntolerance"}),
        "medication": frozenset({"MedicationRequest", "MedicationStatement", "Medication"}),
        "condition": frozenset({"Condition"}),
        "vaccination": frozenset({"Immunization"}),
        "procedure": frozenset({"Procedure"}),
        "encounter": frozenset({"Encounter"}),
        "family": frozenset({"FamilyMemberHistory"}),
    }
)


@dataclass(frozen=True)
class Answer:
    """What one question, or one part of it, found."""

    statements: tuple[Statement, ...]
    data: dict[str, Any]


def looked_up(record: Record, text: str, elements: Iterable[Element | None]) -> Statement:
    cited = dict.fromkeys(element for element in elements if element is not None)
    return Statement(
        text=text,
        origin="looked-up",
        citations=tuple(
            RecordCitation(
                attachment=record.attachment, resource=e.resource, path=e.path, value=e.value, version=e.version
            )
            for e in cited
        ),
    )


def absent(record: Record, text: str, kind: str, looked_for: str, cited: Sequence[Element] = ()) -> Answer:
    """That something is not there, and what of the record could not be had where it may be for that."""
    statements = (looked_up(record, text, cited), *_not_had(record, kind))
    return Answer(statements, {"question_kind": kind, "found": False, "looked_for": looked_for})


def _not_had(record: Record, kind: str) -> Iterator[Statement]:
    about = next((types for name, types in _ABOUT.items() if kind.startswith(name)), None)
    for outcome in record.of_type("OperationOutcome"):
        if outcome.address != f"OperationOutcome/{_NOT_FETCHED}":
            continue
        for n in range(len(items(outcome.raw.get("issue")))):
            of_type = outcome.element(f"issue[{n}].expression[0]")
            why = outcome.element(f"issue[{n}].diagnostics")
            if why is not None and (about is None or of_type is None or of_type.value in about):
                yield looked_up(record, f"Not all of the record could be had: {why}.", [why])


def none_recorded(record: Record, what: str, kind: str, period: Period | None = None) -> Answer:
    """For a whole kind of entry: "Allergies: none recorded in this record."."""
    when = f" {period.text}" if period else ""
    return absent(record, f"{what}: none recorded{when} in this record.", kind, what.lower())


def not_recorded(
    record: Record, noun: str, name: str, kind: str, period: Period | None = None, cited: Sequence[Element] = ()
) -> Answer:
    """For one name: ``noun`` says where it was looked for ("No potassium result is recorded in this record.")."""
    when = f" {period.text}" if period else ""
    others = f"; what is recorded: {'; '.join(str(e) for e in cited)}" if cited else ""
    return absent(record, f"No {noun.format(name)} is recorded{when} in this record{others}.", kind, name, cited)


def absent_value(record: Record, answer: Answer, missing: tuple[Element, Element, Element | None]) -> Answer:
    """``answer``, and that a later entry says why it holds no value."""
    name, reason, date = missing
    if answer.data.get("found") and moment(date)[1] < max((moment(e)[1] for e in _dates_cited(answer)), default=0.0):
        return answer
    text = f"{name}: no value recorded {day(date)}; reason: {reason}."
    return Answer((*answer.statements, looked_up(record, text, (name, reason, date))), answer.data)


def _dates_cited(answer: Answer) -> list[Element]:
    cited = [c for statement in answer.statements for c in statement.citations if isinstance(c, RecordCitation)]
    return [Element(c.resource, c.path, c.value) for c in cited if span_of(c.value)]


def day(element: Element | None) -> str:
    """The date of a FHIR date or instant, as written, for a sentence."""
    return f"on {element.value.split('T')[0]}" if element else "(date not recorded)"


def plain_day(element: Element | None) -> str | None:
    return element.value.split("T")[0] if element else None


def moment(element: Element | None) -> tuple[int, float]:
    """Sort key of a date: what is known of it as an instant, undated first."""
    span = span_of(element.value) if element else None
    if element is None or span is None:
        return (0, 0.0)
    known: datetime | None = None
    if "T" in element.value:
        try:
            known = datetime.fromisoformat(element.value)
        except ValueError:
            known = None
    known = known or datetime(span[0].year, span[0].month, span[0].day)
    if known.tzinfo is None:
        known = known.replace(tzinfo=UTC)
    try:
        return (1, known.timestamp())
    except (OverflowError, ValueError):
        return (1, 0.0)


def within(
    resources: Iterable[tuple[Resource, Element | None]], period: Period | None
) -> list[tuple[Resource, Element | None]]:
    """Those of a period; where none lies wholly within it, those whose partial date may."""
    dated = list(resources)
    if period is None:
        return dated
    inside = [each for each in dated if each[1] and period.holds(each[1].value)]
    return inside or [each for each in dated if each[1] and period.touches(each[1].value)]


def number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 30 else None


def readable(text: str) -> str:
    """A number for reading: long decimals rounded to two places (three figures below one), others as written."""
    value = number(text)
    if value is None:
        return text
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -3:
        return text
    places = 2 if abs(value) >= 1 or not value else 2 - value.adjusted()
    return f"{value:.{places}f}"


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
