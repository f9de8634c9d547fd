"""What a document's labels say about whom and when it is: "Patient: …", "DOB …", in lines or in columns of a form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from pipelines.evidence.documents.dates import iso_date, order_of
from pipelines.evidence.documents.lines import Line, page_lines, text_of
from pipelines.evidence.documents.page import Page
from pipelines.records import Patient, Value

Label = Literal[
    "name", "birth_date", "sex", "age", "age_sex", "id", "collected", "reported", "laboratory", "specimen", "panel",
    "other",
]  # fmt: skip

_NUMBER: Final = r"\s*(?:no|number|#)?"
_LABELS: Final[tuple[tuple[Label, tuple[str, ...]], ...]] = (
    ("age_sex", (r"age\s*/\s*(?:sex|gender)", r"(?:sex|gender)\s*/\s*age")),
    ("birth_date", (r"d\.?o\.?b\.?", "date of birth", "birth ?date", "born(?: on)?", "birth dt")),
    (
        "id",
        (
            r"patient\s*(?:id|i\.d\.|no|number|#)", r"pt\.?\s*(?:id|no|#)", r"m\.?r\.?n\.?", r"mr\s*(?:no|#)",
            rf"med(?:ical)?\.?\s*rec(?:ord)?\.?{_NUMBER}", "uhid", r"hospital\s*(?:no|number|id)",
            r"nhs\s*(?:no|number)", r"chart\s*(?:no|number|#)", "identifier", r"person(?:al)?\s*id",
        ),
    ),
    (
        "collected",
        (
            r"(?:date|time)(?:\s*/\s*time)?\s*(?:of\s*)?(?:collection|collected|drawn|sampled)",
            r"(?:specimen\s*|sample\s*)?"
            r"(?:collected|collection(?:\s*(?:date|time|date\s*/\s*time|date and time))?|drawn)"
            r"(?:\s*(?:on|date|at|date\s*/\s*time))?",
            r"sample\s*date", r"specimen\s*date", r"sampled(?:\s*on)?", r"coll\.?\s*(?:date|dt)", r"draw\s*date",
        ),
    ),
    (
        "reported",
        (
            r"(?:date\s*)?(?:reported|received|printed|authori[sz]ed|validated|released|verified|registered|resulted)"
            r"(?:\s*(?:on|date|at|by))?",
            r"(?:report|result|issue|received|print)\s*(?:date|time|dt)", r"date\s*(?:of\s*)?(?:report|receipt)",
        ),
    ),
    (
        "laboratory",
        (
            "laboratory", r"lab(?:\s*name)?(?!\s*(?:no|id|number|ref|#|type|test)\b)",
            r"performing\s*lab(?:oratory)?", "performed (?:at|by)",
        ),
    ),
    ("specimen", (r"specimen(?:\s*(?:type|source))?", r"sample(?:\s*type)?", "material", "matrix")),
    (
        "panel",
        (
            r"panel(?:\s*name)?", r"test\s*(?:group|panel)", r"lab\s*test", "profile",
            r"tests?\s*(?:ordered|requested)", r"order(?:ed)?\s*(?:test|panel)s?", "department", "battery",
        ),
    ),
    (
        "other",
        (
            rf"accession{_NUMBER}",
            r"(?:specimen|sample|lab|report|order|requisition|req|episode|visit|encounter|account|acct|case)"
            r"\s*(?:id|no|number|#|ref)",
            r"(?:ordering|referring|requesting|attending)\s*(?:physician|provider|doctor|clinician|md)?",
            r"(?:referred|ordered|requested)\s*by", "physician", "provider", "doctor", "dr", "clinician", "address",
            "phone", "tel(?:ephone)?", "fax", r"report\s*status", "status", "ward", "location", "clinic", "client",
            "insurance", "fasting", "priority", "race", "page", "e-?mail", "comments?", "notes?", "diagnosis",
            r"ref(?:erence)?\s*no", "barcode", "facility", "clia", "director",
            r"clinical\s*(?:details?|notes?|info(?:rmation)?|history|indications?)", r"relevant\s*history", "plan",
            r"lab\s*type", r"performing\s*location",
            r"(?:reviewed|tested|checked|signed)\s*by", "operator",
        ),
    ),
    ("age", ("age",)),
    ("sex", (r"(?:sex|gender)\s*/\s*(?:d\.?o\.?b\.?|date of birth|birth\s*date)", "sex", "gender")),
    ("name", (r"patient(?:'s)?(?:\s*name)?", r"pt\.?\s*name", r"name(?:\s*of\s*patient)?", r"full\s*name")),
)  # fmt: skip
_AT: Final = re.compile("|".join(f"(?P<{label}_>{'|'.join(forms)})" for label, forms in _LABELS), re.IGNORECASE)
_SHORTEST: Final = 5
"""Letters: "Lab" alone heads a column."""
_APART: Final = re.compile(r"\t|\s[|¦·•]\s")
_NOBODY: Final = re.compile(
    r"\(?(?:not (?:given|stated|known|available)|unknown|n/?a|none|anonymous|-+|_+|\.+|\*+|x+)\)?", re.IGNORECASE
)
_SEX: Final = re.compile(r"\b(female|male|f|m|woman|man)\b", re.IGNORECASE)
_YEARS: Final = re.compile(r"(\d{1,3})\s*(?:years?|yrs?|y(?:\s*/?\s*o)?|$|[/,\s])", re.IGNORECASE)
_INSTITUTION: Final = re.compile(
    r"laborator|diagnostic|patholog|hospital|clinic\b|medical cent|health|\blabs?\b|institute|biomedical", re.IGNORECASE
)
_TITLE: Final = re.compile(
    r"(?:(?:clinical|final|medical|interim|cumulative|patient|in-house|laborator(?:y|ies)|lab|pathology|biochemistry"
    r"|ha?ematology|blood|test|investigation)\s+)*(?:reports?|results?|summary)"
    r"(?: (?:form|sheet|summary|for your visit))?"
    r"(?:\s*\((?:final|interim|copy)\))?",
    re.IGNORECASE,
)


class Header(Value):
    """As printed, except dates, which are ISO dates where they can only be one; None where nothing is printed."""

    name: str | None = None
    birth_date: str | None = None
    sex: Literal["female", "male"] | None = None
    years: int | None = None
    """The printed age."""
    id: str | None = None
    collected: str | None = None
    laboratory: str | None = None
    specimen: str | None = None


def read_header(pages: Sequence[Page]) -> Header:
    """What the labels of the pages say, the first word for each counting; the laboratory also by its place."""
    said: dict[Label, str] = {}
    dated = order_of(word.text for page in pages for word in page.words)
    first = page_lines(pages[0]) if pages else []
    for lines in (first, *map(page_lines, pages[1:])):
        for label, value in _labelled(lines):
            said.setdefault(label, value)
    both = said.get("age_sex", "")
    sex = _SEX.search(said.get("sex", "")) or _SEX.search(both) or _SEX.search(said.get("age", ""))
    years = _YEARS.search(said.get("age", "") or both)
    birth = said.get("birth_date") or _SEX.sub("", said.get("sex", "")).strip(" /,-")
    return Header(
        name=said.get("name"),
        birth_date=iso_date(birth, dated) if birth else None,
        sex=None if sex is None else "female" if sex[1].lower() in ("female", "f", "woman") else "male",
        years=int(years[1]) if years else None,
        id=said.get("id"),
        collected=iso_date(said["collected"], dated) if "collected" in said else None,
        laboratory=said.get("laboratory") or _by_place(first),
        specimen=said.get("specimen"),
    )


def patient_in(header: Header) -> Patient | None:
    """Whom the document names; None where it says neither a number nor both name and birth date."""
    if header.id is not None:
        return Patient(id=header.id, name=header.name, birth_date=header.birth_date)
    if header.name is None or header.birth_date is None:
        return None
    # Numbered by nobody: only name and birth date tell whether it is the same person.
    return Patient(id=f"{header.name}, born {header.birth_date}", name=header.name, birth_date=header.birth_date)


def labels_in(line: Line) -> list[tuple[Label, str]]:
    """The labels of a line, each with what follows it there, from the left."""
    text = "\t".join(text_of(run) for run in line.runs(1.0))
    found = [(match, label) for match in _AT.finditer(text) if (label := _label(match, text)) is not None]
    said: list[tuple[Label, str]] = []
    for at, (match, label) in enumerate(found):
        end = found[at + 1][0].start() if at + 1 < len(found) else len(text)
        value = text[match.end() : end].lstrip(" :#.\t").strip(" |;,\t")
        said.append((label, _APART.split(value)[0].strip()))
    return said


def is_label(text: str) -> bool:
    """Whether the phrase is a label, or begins with one that has a colon."""
    return _AT.fullmatch(text.strip(" :")) is not None or ":" in text


def is_institution(text: str) -> bool:
    """Whether it is what laboratories, hospitals and practices are called."""
    return _INSTITUTION.search(text) is not None


def is_title_of_report(text: str) -> bool:
    """ "Laboratory report" and the like: says what the page is, and no name."""
    return _TITLE.fullmatch(" ".join(text.split()).strip(" :-")) is not None


def _label(match: re.Match[str], text: str) -> Label | None:
    """The label, where it stands as one: at the beginning of a phrase, with a colon or a cell of its own."""
    before, after = text[: match.start()], text[match.end() :]
    begins = before == "" or before[-1] in "\t|;,(" or re.search(r"[:\t].*\S\s+$", before) is not None
    colon = re.match(r"\s*(?:\([^)]*\))?\s*[:：#]", after) is not None
    dated = match.lastgroup in ("birth_date_", "collected_") and re.match(r"\s+\d{1,4}[./-]", after) is not None
    own_cell = (before == "" or before[-1] == "\t") and (after == "" or after[0] == "\t")
    if not (own_cell or (begins and (colon or dated))):
        return None
    name = match.lastgroup
    assert name is not None
    label: Label = name.removesuffix("_")  # type: ignore[assignment]
    return label


def _labelled(lines: Sequence[Line]) -> list[tuple[Label, str]]:
    said: list[tuple[Label, str]] = []
    for at, line in enumerate(lines):
        for label, value in labels_in(line):
            text = value or _below(line, label, lines[at + 1] if at + 1 < len(lines) else None)
            if text and not _NOBODY.fullmatch(text):
                said.append((label, text))
    return said


def _below(line: Line, label: Label, below: Line | None) -> str:
    """In forms the value stands under its label."""
    if below is None or below.middle - line.middle > 2.2 * line.height or labels_in(below):
        return ""
    for run in line.runs(1.0):
        match = _AT.match(text_of(run))
        if match is not None and match.lastgroup == f"{label}_" and match.end() >= len(text_of(run).rstrip(" :")):
            left, right = run[0].x0, run[-1].x1
            under = [own for own in below.runs(1.0) if own[0].x0 < right and own[-1].x1 > left]
            return text_of(under[0]) if len(under) == 1 and len(line.runs(1.0)) > 1 else ""
    return ""


def _by_place(lines: Sequence[Line]) -> str | None:
    """The name at the top of the page: of an institution, in letters no smaller than those below."""
    top = lines[:8]
    for line in top:
        for run in line.runs(1.5):
            text = text_of(run)
            label = _AT.match(text)
            numbered = label is not None and label.lastgroup == "other_"
            named = is_institution(text) and not (numbered or is_title_of_report(text)) and len(text) > _SHORTEST
            if named and ":" not in text and len(run) <= 10:
                return text
    return None
