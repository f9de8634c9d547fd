"""Results about a record in which a model spoke: what was looked up is held against the record as ever; of what the
model said, everything it cites has to stand there, and every number, date and unit in it has to stand in what it cites.
What else it says cannot be told by rule; that stays `not-checkable`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import combinations
from typing import Final

from pipelines.checks.figures import counts, unfounded
from pipelines.checks.generated import check as check_generated
from pipelines.checks.record import check as check_looked_up
from pipelines.checks.record_source import SecondReading
from pipelines.evidence.records.record import Record
from pipelines.ports import Store
from pipelines.records import Check, RecordCitation, Result, Statement

#: So many numbers are held against each other.
_DIFFERENCES: Final = 60
#: How a statement begins that says that a model, led through the record, found no answer in it.
NOT_ANSWERED: Final = "Not answered by this record: "


def check(result: Result, record: Record, store: Store) -> tuple[Check, ...]:
    """The checks of all statements, in their order. Of a generated one: that it was said in these words (aspect
    ``as-generated``), what it cites (``citation``), its figures (``number``, ``date``, ``unit``; ``figures`` where all
    are there), and the rest (``content``)."""
    return tuple(_checks(result, record, store))


def _checks(result: Result, record: Record, store: Store) -> Iterator[Check]:
    places = [n for n, statement in enumerate(result.statements) if statement.origin == "generated"]
    generated = [result.statements[n] for n in places]
    said = {
        places[each.statement]: each
        for each in check_generated(generated, result.data.get("answer", ""), store)
        if each.aspect == "as-generated"
    }
    looked_up = [n for n in range(len(result.statements)) if n not in said]
    others = [result.statements[n] for n in looked_up]
    found = {looked_up[each.statement]: each for each in (check_looked_up(others, record) if others else ())}
    for n in looked_up:
        if result.statements[n].text.startswith(NOT_ANSWERED):
            # That a model found nothing is no finding about the record.
            found[n] = Check(statement=n, verdict="not-checkable", aspect="absence")
    read = SecondReading(record)
    for index, statement in enumerate(result.statements):
        yield (said.get(index) or found[index]).model_copy(update={"statement": index})
        if index in said:
            today = date.fromisoformat(result.data["today"])
            for verdict, aspect, text in _verdicts(statement, record, read, today):
                told = {"verdict": verdict, "aspect": aspect, "statement_text": text}
                yield Check.model_validate({"statement": index, **told})


def _verdicts(
    statement: Statement, record: Record, read: SecondReading, today: date
) -> Iterator[tuple[str, str, str | None]]:
    cited = [citation for citation in statement.citations if isinstance(citation, RecordCitation)]
    if not cited:
        yield "contradicted", "citation", statement.text
        return
    for citation in cited:
        known = citation.attachment == record.attachment and citation.resource in read
        if not known or citation.value not in read.standing(citation.resource, citation.path):
            yield "contradicted", "citation", citation.value
            return
    yield "supported", "citation", None
    found = unfounded(statement.text, _sources(cited, record, today), counts(cited))
    if found:
        yield "contradicted", found.aspect, found.said
        return
    yield "supported", "figures", None
    yield "not-checkable", "content", statement.text


def _sources(cited: Sequence[RecordCitation], record: Record, today: date) -> Iterator[str]:
    """What stands in the cited elements, how much two of them differ, and the age that a date of birth gives."""
    yield from (citation.value for citation in cited)
    numbers = [number for citation in cited if (number := _number(citation.value)) is not None]
    yield from (f"{a - b:f}" for one in combinations(numbers[:_DIFFERENCES], 2) for a, b in (one, one[::-1]))
    patient = record.patient_resource
    of_patient = {citation.value for citation in cited if citation.resource == patient.address}
    born, died = patient.element("birthDate"), patient.element("deceasedDateTime")
    if born is not None and born.value in of_patient and len(born.value) == 10:
        until = date.fromisoformat(died.value[:10]) if died is not None and died.value in of_patient else today
        first = date.fromisoformat(born.value)
        yield f"{until.year - first.year - ((until.month, until.day) < (first.month, first.day))} on {until}"


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 30 else None
