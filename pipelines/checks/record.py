"""Statements about a FHIR record, held against the record's own bytes by a second reading.

Nothing of the lookup is reused: the bytes are parsed again, every cited path is walked again, and each number, date,
unit and name in a statement has to come from what it cites. A statement that says something is not recorded is held
against everything in the record that it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from itertools import combinations
from typing import Final

from pipelines.checks.record_absence import contradicting, filled_gap, is_absence
from pipelines.checks.record_reckoned import without_reckoned
from pipelines.checks.record_source import SecondReading
from pipelines.evidence.records.record import Record
from pipelines.records import Check, RecordCitation, Statement

_DATE: Final = re.compile(r"(?<![\d-])\d{4}-\d\d(?:-\d\d)?(?![\d-])", re.ASCII)
_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\d])", re.ASCII)
_UNIT: Final = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)? ([^\s,;()]+?)(?=[.,;]?(?:\s|$))", re.ASCII)
_PERIOD: Final = re.compile(
    r"\b(?:in \d{4}(?:-\d\d)?|on \d{4}-\d\d-\d\d|since \d{4}-\d\d-\d\d|before \d{4}-\d\d-\d\d"
    r"|from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d) in this record\b"
    r"|recorded (?:in \d{4}(?:-\d\d)?|on \d{4}-\d\d-\d\d|since \d{4}-\d\d-\d\d|before \d{4}-\d\d-\d\d"
    r"|from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d)(?=\.)"
)
_COUNTED: Final = re.compile(r"(?:^|: )\d+ \D+ (?:is|are) recorded\b")
#: Words that follow a number in a sentence without being its unit.
_NOT_UNITS: Final = frozenset(("on", "and", "until", "to"))


def check(statements: Sequence[Statement], record: Record) -> tuple[Check, ...]:
    """One verdict a statement, in order: ``supported``, or the first thing that is wrong with it."""
    read = SecondReading(record)
    return tuple(_check(n, statement, read, record) for n, statement in enumerate(statements))


def _check(index: int, statement: Statement, read: SecondReading, record: Record) -> Check:
    cited = [citation for citation in statement.citations if isinstance(citation, RecordCitation)]

    def verdict(kind: str, aspect: str, said: str | None = None, source: str | None = None) -> Check:
        return Check.model_validate(
            {"statement": index, "verdict": kind, "aspect": aspect, "statement_text": said, "source_text": source}
        )

    for citation in cited:
        if citation.attachment != record.attachment or citation.resource not in read:
            return verdict("unsupported", "citation", citation.value)
        there = read.standing(citation.resource, citation.path)
        if citation.value not in there:
            return verdict("contradicted", "citation", citation.value, next(iter(there), None))
    if is_absence(statement.text):
        against = contradicting(statement.text, read.raws())
        if against is None:
            return verdict("not-checkable", "absence", statement.text)
        return (
            verdict("contradicted", "absence", statement.text, against[0])
            if against
            else verdict("supported", "absence")
        )
    if not cited:
        return verdict("unsupported", "citation", statement.text)
    entries = [raw for address in {each.resource for each in cited} if (raw := read.raw(address)) is not None]
    if gap := filled_gap(statement.text, entries):
        return verdict("contradicted", "absence", statement.text, gap)
    for aspect, said in _unsupported(statement.text, cited):
        return verdict("unsupported", aspect, said)
    for citation in cited:
        if not _appears(citation.value, statement.text):
            return verdict("contradicted", "name", statement.text, citation.value)
    return verdict("supported", "value")


def _unsupported(text: str, cited: Sequence[RecordCitation]) -> Iterator[tuple[str, str]]:
    """(aspect, what is said) for every date, unit and number that does not come from what is cited."""
    values = [citation.value for citation in cited]
    rest, wrong = without_reckoned(text, values)
    yield from wrong
    for value in sorted(values, key=len, reverse=True):
        if _decimal(value) is None and not _starts_with_date(value):
            # Digits inside a cited name are part of the name; a unit with digits may be said more than once.
            often = 0 if re.search(r"\d", value) else 1
            rest = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " ", rest, count=often)
    period = _PERIOD.search(rest)
    if period:
        first, last = _bounds(period.group())
        for value in values:
            if _starts_with_date(value) and not (
                value[: len(first)] >= first[: len(value)] and value[: len(last)] <= last
            ):
                yield "date", period.group()
        rest = rest.replace(period.group(), " ", 1)
    for said in _DATE.findall(rest):
        if not any(value.startswith(said) for value in values) and not _reckoned(text, said, values):
            yield "date", said
    rest = _DATE.sub(" ", rest)
    for unit in () if _COUNTED.search(text) else _UNIT.findall(rest):
        if unit not in _NOT_UNITS and unit not in values:
            yield "unit", unit
    counted = str(len({citation.resource for citation in cited}))
    years = {value[:4] for value in values if _starts_with_date(value)}
    for said in _NUMBER.findall(rest):
        if said != counted and said not in years and not _is_value(said, text, values):
            yield "number", said


def _is_value(said: str, text: str, values: Sequence[str]) -> bool:
    """Whether a number is a cited one as rounded, the change between two of them, or an age."""
    numbers = [number for value in values if (number := _decimal(value)) is not None]
    changes = [b - a for a, b in combinations(numbers, 2)] if "change of" in text else []
    return any(_rounds_to(number, said) for number in (*numbers, *changes)) or _age(text, said, values)


def _appears(value: str, text: str) -> bool:
    """Whether a cited element is said: names and units word for word, numbers as rounded; dates may be summed up."""
    if _starts_with_date(value):
        return True
    number = _decimal(value)
    if number is not None:
        return any(_rounds_to(number, said) for said in re.findall(r"-?\d+(?:\.\d+)?", text))
    return value.lower() in text.lower() or " are recorded" in text or " is recorded" in text


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 30 else None


def _rounds_to(value: Decimal, said: str) -> bool:
    shown = Decimal(said)
    exponent = shown.as_tuple().exponent
    if value == shown:
        return True
    return (
        isinstance(exponent, int)
        and exponent < 0
        and (value.quantize(Decimal(1).scaleb(exponent), rounding=ROUND_HALF_EVEN) == shown)
    )


def _starts_with_date(value: str) -> bool:
    return re.match(r"\d{4}(-\d\d(-\d\d(T|$)|$))", value, re.ASCII) is not None


def _bounds(period: str) -> tuple[str, str]:
    """First and last date of a period in words, as prefixes that compare with written dates."""
    dates = re.findall(r"\d{4}(?:-\d\d)*", period)
    if " since " in f" {period}":
        return dates[0], "9999"
    if " before " in f" {period}":
        return "0000", dates[0]
    return dates[0], dates[-1]


def _age(text: str, said: str, values: Sequence[str]) -> bool:
    match = re.search(rf"age {said} on (\d{{4}}-\d\d-\d\d)", text)
    born = next((value for value in values if re.fullmatch(r"\d{4}-\d\d-\d\d", value)), None)
    if not match or born is None:
        return False
    start, end = date.fromisoformat(born), date.fromisoformat(match[1])
    return int(said) == end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def _reckoned(text: str, said: str, values: Sequence[str]) -> bool:
    """The day that an age is reckoned to is nobody's finding."""
    match = re.search(rf"age (\d+) on {said}", text)
    return match is not None and _age(text, match[1], values)
