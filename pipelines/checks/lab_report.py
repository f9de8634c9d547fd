"""Rows of laboratory reports held against the page: are these the words in that place, and does the flag follow?

The page's words are those that were recorded when it was read; the sentence is compared with them figure by figure, by
other means than it was made with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from pipelines.evidence.documents.document import Document
from pipelines.evidence.documents.page import Box
from pipelines.ports import Store
from pipelines.records import Check, PageCitation, Result
from pipelines.tasks.lab.report import reports_in
from pipelines.tasks.lab.rows import Limits, Row

_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SPACE: Final = 1e-6


def check(result: Result, store: Store) -> tuple[Check, ...]:
    """For every row aspect ``place`` (its words stand in its box), ``figures`` (the number and its limits are those
    there; ``not-checkable`` where the row says itself that they are doubtful) and, where it is computed, ``flag``."""
    documents = {
        one["attachment"]: Document.model_validate_json(store.get(one["document"])) for one in result.data["reports"]
    }
    rows = [(attachment, row) for attachment, report in reports_in(result) for row in report.rows]
    return tuple(_checks(result, documents, rows))


def _checks(result: Result, documents: dict[str, Document], rows: list[tuple[str, Row]]) -> Iterator[Check]:
    by_place = {(attachment, row.page, row.box): row for attachment, row in rows}
    for index, statement in enumerate(result.statements):
        cited = next(citation for citation in statement.citations if isinstance(citation, PageCitation))
        assert cited.box is not None
        there = _words(documents[cited.attachment], cited.page, cited.box)
        row = by_place.get((cited.attachment, cited.page, cited.box))
        placed = _within(cited.text, there)
        yield _verdict(index, "place", placed, statement.text, " ".join(there))
        if row is None:
            continue
        if not placed:
            continue
        said = all(part in statement.text for part in (row.test, row.value or row.text or row.printed))
        right = said and _figures_stand(row, there)
        if row.doubts:
            yield Check(
                statement=index, verdict="not-checkable", aspect="figures", statement_text=statement.text,
                source_text=" ".join(there),
            )  # fmt: skip
        else:
            yield _verdict(index, "figures", right, statement.text, " ".join(there))
        if row.computed is not None and row.value is not None and row.reference and row.reference.limits:
            yield _verdict(index, "flag", _flag_follows(row, row.reference.limits), statement.text, row.reference.text)


def _verdict(index: int, aspect: str, sound: bool, text: str, source: str) -> Check:
    verdict = "supported" if sound else "contradicted"
    return Check(statement=index, verdict=verdict, aspect=aspect, statement_text=text, source_text=source)


def _words(document: Document, page: int, box: Box) -> list[str]:
    left, upper, right, lower = box
    return [
        word.text
        for own in document.pages
        if own.number == page
        for word in own.words
        if word.box[0] >= left - _SPACE and word.box[1] >= upper - _SPACE
        and word.box[2] <= right + _SPACE and word.box[3] <= lower + _SPACE
    ]  # fmt: skip


def _within(text: str, there: list[str]) -> bool:
    """Whether every word of the text is one of those there, none more often."""
    left = list(there)
    for word in text.split():
        if word not in left:
            return False
        left.remove(word)
    return True


def _figures_stand(row: Row, there: list[str]) -> bool:
    limits = row.reference.limits if row.reference else None
    given = [row.value, limits.low if limits else None, limits.high if limits else None]
    numbers = {number for word in there for number in _readings(word)}
    # Thousands may be parted by a space, which parts words.
    figures = re.sub(r"\D", "", "".join(there).translate(_SUPERSCRIPTS))
    return all(n is None or _plain(n) in numbers or ("." not in n and n.lstrip("-") in figures) for n in given)


def _readings(text: str) -> set[str]:
    """Every number that the text can be read as, with either decimal mark."""
    found: set[str] = set()
    for match in re.finditer(r"\d[\d.,'’]*|[.,]\d+", text.translate(_SUPERSCRIPTS)):
        digits = re.sub(r"['’]", "", match[0].rstrip(".,'’"))
        found |= {_plain(digits.replace(",", "")), _plain(digits.replace(".", "").replace(",", "."))}
    return found | {f"-{number}" for number in found}


def _plain(number: str) -> str:
    """Without zeros that change nothing."""
    try:
        return f"{Decimal(number).normalize():f}"
    except InvalidOperation:
        return number


def _flag_follows(row: Row, limits: Limits) -> bool:
    value = float(row.value or 0)
    low = float(limits.low) if limits.low is not None else float("-inf")
    high = float(limits.high) if limits.high is not None else float("inf")
    if row.computed == "L":
        return value <= low
    if row.computed == "H":
        return value >= high
    return low <= value <= high or row.comparator is not None
