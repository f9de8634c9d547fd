"""From the pages of a laboratory report to its rows: what every cell says, and where a reader has to look again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from pipelines.evidence.documents.dates import Order, iso_date, order_of
from pipelines.evidence.documents.header import Header, read_header
from pipelines.evidence.documents.lines import Token, box_of, text_of
from pipelines.evidence.documents.order import in_reading_order
from pipelines.evidence.documents.page import Page
from pipelines.tasks.lab.analytes import analyte_of, loinc_of
from pipelines.tasks.lab.doubts import doubts_of
from pipelines.tasks.lab.flags import computed_flag, disagrees, is_finding, printed_flag, signed_flag
from pipelines.tasks.lab.flags_apart import part_flags, unit_and_flag
from pipelines.tasks.lab.found import Carried, Found
from pipelines.tasks.lab.misread import spaced
from pipelines.tasks.lab.numbers import MEASURE, NUMBER, Mark, Printed, decimal_mark, read_result
from pipelines.tasks.lab.ranges import OF_SAMPLE, Person, is_range, read_reference
from pipelines.tasks.lab.remarks import is_remark
from pipelines.tasks.lab.rows import Earlier, LabReport, Named, NotUnderstood, Reference, Row
from pipelines.tasks.lab.table import read_page
from pipelines.tasks.lab.units import is_unit, ucum_of

_UNIT_IN_NAME: Final = re.compile(
    r"^(?P<name>.*\S)\s*[(\[](?P<unit>[^()\[\]]+)[)\]]$|^(?P<left>.*\S)\s*,\s*(?P<last>[^,]+)$"
)
_NO_UNIT: Final = re.compile(r"\(?(?:n/?a|none|[-–—.]+)\.?\)?", re.IGNORECASE)
_CALCULATED: Final = re.compile(r"\(calc(?:ulated)?\.?\)", re.IGNORECASE)
"""It stands where others have their unit."""
_DOTS: Final = re.compile(r"(?:\.\.|[·…]|\s\.)$")
_DOTTED: Final = 3
"""Names."""
_MARK: Final = re.compile(r"0?\d{1,2}")
_MOST: Final = 0.6
"""Of all names."""
_EDGES: Final = re.compile(r"^[\s•·▪*\-–]+|(?:\s\.+|[\s:*†‡⁰¹²³⁴⁵⁶⁷⁸⁹])+$")


@dataclass(frozen=True)
class _About:
    """What holds for all rows of a report."""

    mark: Mark
    order: Order | None
    person: Person
    header: Header
    flags_are_used: bool
    mark_behind: str
    """What stands behind so many names that it is no part of any: the number of a note, or of a laboratory."""
    dots_lead: bool
    """Whether what looks like full stops behind names is what was read of dots that lead to the results."""


def read_report(pages: Sequence[Page]) -> LabReport:
    """The report as its pages say. Without a table it has no rows."""
    header = read_header(pages)
    carried = Carried()
    first = decimal_mark(word.text for page in pages for word in page.words)
    found = [row for page in pages for row in read_page(page, first, header.collected, carried)]
    numbers = [
        text for row in found for text in (row.text("value"), row.text("reference"), row.text("low"), row.text("high"))
    ]
    about = _About(
        mark=_more_certain(decimal_mark(numbers), first),
        order=order_of(word.text for page in pages for word in page.words),
        person=Person(header.sex, _years(header)),
        header=header,
        flags_are_used=any("flag" in row.headings for row in found),
        mark_behind=_mark_behind([row.text("test") for row in found]),
        dots_lead=sum(_DOTS.search(row.text("test")) is not None for row in found) >= _DOTTED,
    )
    by_ocr = {page.number: page.source == "ocr" for page in pages}
    rows: list[Row] = []
    unread: list[NotUnderstood] = []
    for each in found:
        understood = _row(each, about, by_ocr=by_ocr[each.page])
        if isinstance(understood, Row):
            rows.append(understood)
        else:
            unread.append(understood)
    named = Named(name=header.name, birth_date=header.birth_date, sex=header.sex, id=header.id)
    return LabReport(
        patient=named,
        laboratory=header.laboratory,
        collected=header.collected,
        specimen=header.specimen,
        rows=_flags_where_used(rows),
        not_understood=tuple(unread),
    )


def _mark_behind(names: Sequence[str]) -> str:
    """The number that ends most of the names; empty where there is none."""
    ends = Counter(
        name.rpartition(" ")[2] for name in names if " " in name and _MARK.fullmatch(name.rpartition(" ")[2])
    )
    mark, times = max(ends.items(), key=lambda end: end[1], default=("", 0))
    return mark if times >= max(_DOTTED, _MOST * len(names)) else ""


def _more_certain(of_rows: Mark, of_page: Mark) -> Mark:
    return of_page if of_rows == "?" else of_rows


def _flags_where_used(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Flags that stand beside results without a column of their own also make a missing one say something."""
    if not any(row.flag is not None for row in rows):
        return tuple(rows)
    return tuple(
        row.model_copy(update={"flag_disagrees": disagrees(row.flag, row.computed, flags_are_used=True)})
        for row in rows
    )


def _years(header: Header) -> Decimal | None:
    if header.birth_date is None or header.collected is None:
        return None if header.years is None else Decimal(header.years)
    days = (date.fromisoformat(header.collected[:10]) - date.fromisoformat(header.birth_date[:10])).days
    return Decimal(days) / Decimal("365.25") if days >= 0 else None


def _row(found: Found, about: _About, *, by_ocr: bool) -> Row | NotUnderstood:
    part_flags(found)
    name = _EDGES.sub("", spaced(found.text("test")) if by_ocr else found.text("test"))
    name = re.sub(r"[\s.·…]+$", "", name) if about.dots_lead else name
    name = name.removesuffix(f" {about.mark_behind}") if about.mark_behind else name
    printed = found.text("value")
    result = read_result(printed, about.mark) if printed else None
    why = _why_not(found, name, printed, result)
    if result is None or why is not None:
        return NotUnderstood(text=_read(found), why=why or "", page=found.page, box=box_of(found.tokens))
    beside_unit, beside_flag = unit_and_flag(result.rest)
    _part_unit(found)
    unit_cell, flag_in_unit = unit_and_flag(found.text("unit"))
    reference = _reference(found, about, by_ocr=by_ocr)
    name, named_unit = _named_unit(name) if not (unit_cell or beside_unit) else (name, None)
    unit = unit_cell or beside_unit or named_unit or _unit_of_reference(reference) or _unit_of_heading(found)
    unit = None if unit and _NO_UNIT.fullmatch(unit) else unit
    flag_text = found.text("flag") or beside_flag or flag_in_unit
    ucum = ucum_of(unit)
    analyte = analyte_of(name, found.panel, found.specimen or found.text("specimen") or about.header.specimen)
    limits = reference.limits if reference else None
    computed = computed_flag(result.value, result.comparator, result.text, limits)
    flag = printed_flag(flag_text) or signed_flag(flag_text, computed) if flag_text else None
    row = Row(
        panel=spaced(found.panel) if by_ocr and found.panel else found.panel,
        test=name,
        loinc=loinc_of(analyte, ucum, name, found.panel),
        value=result.value,
        comparator=result.comparator,
        text=result.text,
        printed=printed,
        unit=unit or None,
        ucum=ucum,
        reference=reference,
        flag=flag,
        flag_printed=flag_text or None,
        computed=computed,
        flag_disagrees=disagrees(flag, computed, flags_are_used=about.flags_are_used),
        specimen=found.text("specimen") or found.specimen or about.header.specimen,
        collected=iso_date(found.text("collected"), about.order) or about.header.collected,
        earlier=tuple(Earlier(printed=text_of(tokens), heading=heading) for heading, tokens in found.earlier),
        comment=" ".join(filter(None, (found.text("comment"), text_of(found.comment)))) or None,
        page=found.page,
        box=box_of(found.tokens),
        read=_read(found),
    )
    return row.model_copy(update={"doubts": doubts_of(row, found, analyte, by_ocr=by_ocr)})


def _several(tokens: Sequence[Token]) -> bool:
    """Whether two numbers stand in a cell, further apart than thousands of one number are."""
    numbers = [token for token in tokens if token.text.lstrip("<>≤≥")[:1].isdigit()]
    return any(
        right.x0 - left.x1 > 0.45 * left.height or abs(right.middle - left.middle) > 0.4 * left.height
        for left, right in pairwise(numbers)
    )


def _why_not(found: Found, name: str, printed: str, result: Printed | None) -> str | None:
    if set(found.cells) == {"test"}:
        return "its cells cannot be told apart"
    if not printed or not any(c.isalnum() or c in "+<>" for c in printed):
        return "no result stands in the row"
    if is_remark(found, name, printed, worded=result is not None and result.value is None):
        return "it reads like a remark"
    unit = found.cells.get("unit", [])
    strange = not is_unit(text_of(unit)) and any(MEASURE.fullmatch(token.text) for token in unit)
    if strange or _several(found.cells["value"]):
        return "its cells cannot be told apart"
    if result is None:
        return "the result is neither one number nor a text"
    if not any(c.isalpha() for c in name):
        return "no name of a test stands in the row"
    return None


def _part_unit(found: Found) -> None:
    """The range that stands in brackets in the column of the units apart from its unit: "U/L (44 - 196)"."""
    unit = found.cells.get("unit", [])
    for cut in range(1, len(unit)):
        if "reference" not in found.cells and is_unit(text_of(unit[:cut])) and is_range(text_of(unit[cut:])):
            found.cells["unit"], found.cells["reference"] = unit[:cut], unit[cut:]
            return


def _reference(found: Found, about: _About, *, by_ocr: bool) -> Reference | None:
    low, high = found.text("low"), found.text("high")
    if low and high:
        text = f"{low} - {high}"
    elif low or high:
        text = f">= {low}" if low else f"<= {high}"
    else:
        text = found.text("reference")
    if by_ocr:
        text = re.sub(r"(?<=\d)(?=(?!E\d)[A-Za-zµμ%])", " ", text)
    return read_reference(text, about.mark, about.person)


def _named_unit(name: str) -> tuple[str, str | None]:
    match = _UNIT_IN_NAME.match(name)
    if match is None:
        return name, None
    kept, unit = (match["name"], match["unit"]) if match["unit"] else (match["left"], match["last"].strip())
    # "Reaction (pH)" says what is measured.
    return (kept.rstrip(" ,"), unit) if is_unit(unit) and unit != "pH" else (name, None)


def _unit_of_heading(found: Found) -> str | None:
    """ "Result (mg/dL)": the unit of all numbers below."""
    match = re.search(r"\(([^()]+)\)", found.headings.get("value", ""))
    return match[1] if match and is_unit(match[1]) else None


def _unit_of_reference(reference: Reference | None) -> str | None:
    """The unit that follows the only range, or the word that is normal; or all that stands there."""
    if reference is not None and is_unit(reference.text):
        return reference.text
    if reference is None or reference.limits is None or reference.others:
        return None
    words = re.sub(r"[()\[\]]", " ", reference.text).split()
    while len(words) > 1 and words[-1].lower() in OF_SAMPLE:
        words.pop()
    if reference.limits.expected is not None and not is_finding(words[0]):
        return None
    for start in range(1, len(words)):
        rest = " ".join(words[start:])
        if is_unit(rest) and not re.fullmatch(NUMBER, words[start]):
            return rest
    calculated = _CALCULATED.search(reference.text)
    return calculated[0] if calculated else None


def _read(found: Found) -> str:
    """The words of the row as they were read, whatever was made of them."""
    placed = [((token.x0, token.y0, token.x1, token.y1), token) for token in found.tokens]
    return " ".join(token.word.text for token in in_reading_order(placed))
