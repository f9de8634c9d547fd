"""What the heading of a column says stands in it: the words, dates and signs that laboratories head columns with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from pipelines.evidence.documents.lines import Token, text_of

Role = Literal[
    "panel", "test", "value", "unit", "reference", "low", "high", "flag", "earlier", "specimen", "collected", "comment",
    "other", "unknown",
]  # fmt: skip

_HEADINGS: Final[dict[Role, str]] = {
    "panel": "panel|group|category|section|department|test group|panel name|discipline|battery|order|order name"
    "|request|requested|profile",
    "test": "test|tests|test name|name of test|analyte|analytes|investigation|investigations|parameter|parameters"
    "|examination|component|components|determination|assay|name|test description|description|measurement|procedure"
    "|laboratory test|lab test|observation|study|tests ordered|test requested|test parameter|item|constituent|exam"
    "|test item|analysis|marker|biomarker",
    "value": "result|results|value|values|your result|your results|your value|observed value|observed|current result"
    "|current|measured value|test result|test results|finding|findings|result value|patient result|patient value"
    "|current value|today|latest|most recent|discharge|at discharge|on discharge|current result and flag"
    "|result and flag"
    "|within limits|outside limits|within range|outside range"
    "|in range|out of range|in range result|out of range result|reading|outcome|measured|number",
    "unit": "unit|units|uom|u m|unit of measure|units of measure|measure|si units|si unit",
    "reference": "reference range|reference interval|reference|ref range|ref interval|ref|normal range|normal|normals"
    "|normal values|normal value|biological reference interval|biological ref interval|bio ref interval|range|ranges"
    "|reference value|reference values|reference limits|expected|expected range|expected values|limits|ref value"
    "|ref values|reference ranges|reference intervals|standard range|ref limits|biological reference range|interval"
    "|bio ref range|normal interval|ref rng|ref intervals|ref ranges|target|target range|healthy range"
    "|usual|usual range|optimal range|goal|goals|goal / range|goal range|ref range units|reference range units"
    "|ref range and units|reference range and units",
    "low": "low|lower|lower limit|min|minimum|ref low|low limit|from|lower ref|range low|lln",
    "high": "high|upper|upper limit|max|maximum|ref high|high limit|to|upper ref|range high|uln",
    "flag": "flag|flags|abn|abnormal|h/l|l/h|status|abnormal flag|interpretation|alert|abn flag|abnormality|hi/lo|f|fl"
    "|flg|ind|indicator|result flag|note flag|dev|deviation|rating|how you scored",
    "earlier": "previous|prior|previous result|prior result|last result|last|prev|previous value|previous results"
    "|admission|at admission|on admission|baseline|initial|prior value|prior results|prev result|last value|history"
    "|previous result and date|prior result and date",
    "specimen": "specimen|sample|specimen type|sample type|material|matrix|specimen source|source",
    "collected": "collected|date|collection date|date collected|sampled|drawn|collection|collected on|date time"
    "|collection time|date/time|collected date",
    "comment": "comment|comments|remark|remarks|note|notes",
    "other": "method|methods|methodology|code|loinc|lab|performing lab|performed at|site|technique|no|sr no|s no|#|id"
    "|cpt|instrument|analyzer|analyser|verified|verified by|tech|loinc code|test code|lab code|ref lab"
    "|performed by|delta",
}  # fmt: skip
_ROLES: Final[dict[str, Role]] = {phrase: role for role, phrases in _HEADINGS.items() for phrase in phrases.split("|")}
_JOINED: Final = {phrase.replace(" ", ""): role for phrase, role in _ROLES.items() if len(phrase) >= 4}
"""Where a picture was read, a space may be missing."""
_TELLING: Final[tuple[tuple[Role, frozenset[str]], ...]] = (
    ("reference", frozenset({"range", "ranges", "interval", "intervals", "reference"})),
    ("flag", frozenset({"flag", "flags"})),
    ("unit", frozenset({"unit", "units"})),
)
_SIGNED: Final = frozenset({"+/-", "+ / -", "±", "!", "*", "↑↓", "↑/↓", "▲▼"})
_BEFORE_NOW: Final = ("prev", "previous", "prior")
LONGEST: Final = 4
"""Words of a heading."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}-[A-Za-z]{3}-\d{2,4}")
_MONTH: Final = re.compile(
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?(?:[\s'/-]*(?:\d{2}|\d{4}))?",
    re.IGNORECASE,
)
_DAY: Final = re.compile(r"\d{1,2}/\d{1,2}|\d{1,2}\.\d{1,2}\.")
"""Without its year."""
_TIME: Final = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp][Mm])?\b")
_STAMP: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?|(?i:am|pm)|[A-Za-z]{0,4}\d[\w/-]{3,}")
"""What stands with the date over a column of results: its time, the sample's number."""
_STAMPED: Final = re.compile(
    r"(?:(?:coll(?:ection|ected)?|sample|report)?\s*(?:date|time)|(?:lab|request|specimen|sample|accession|episode|order)"
    r"\s*(?:no|number|id|ref)?|and)(?:\s+|$)"
)


def role_of(tokens: Sequence[Token]) -> Role | None:
    """What a run of words heads as a whole; None where it is no heading that is known."""
    text = text_of(tokens)
    dates = [token for token in tokens if _DATE.fullmatch(token.text.strip("()"))]
    if len(dates) == 1 and all(_STAMP.fullmatch(token.text) for token in tokens if token is not dates[0]):
        return "earlier"
    if _MONTH.fullmatch(text) or _DAY.fullmatch(text):
        return "earlier"
    words = (plain(re.sub(r"\([^)]*\)", "", text)) or plain(text)).removeprefix("your ")
    if text in _SIGNED:
        return "flag"
    if len(tokens) > 1 and words.partition(" ")[0] in _BEFORE_NOW:
        return "earlier"
    words = re.sub(r"(?<=\w) and units?$", "", words)
    if words in _ROLES:
        return _ROLES[words]
    if not _STAMPED.sub("", words) and "date" in words:
        return "collected"
    if words.replace(" ", "") in _JOINED:
        return _JOINED[words.replace(" ", "")]
    without_date = plain(_TIME.sub("", _DATE.sub("", text)))
    if _DATE.search(text) and without_date in _ROLES:
        return _ROLES[without_date]
    return _misread(words)


def by_a_word(words: str) -> Role | None:
    """What a heading is by the one word in it that says so: "Biological reference", "Adult range", "Abnormal flag"."""
    said = words.split()
    if len(said) > LONGEST or {"value", "values", "result", "results", "and"} & set(said):
        return None
    return next((role for role, telling in _TELLING if telling & set(said)), None)


def _misread(words: str) -> Role | None:
    """A heading with a letter or two that were read wrong."""
    if len(words) < 5:
        return None
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extractOne(words, _ROLES, scorer=OSA.distance, score_cutoff=1 if len(words) < 9 else 2)
    return None if found is None or len(found[2]) < 4 else _ROLES[found[2]]


def joined_roles(text: str) -> tuple[Role, Role, int] | None:
    """The roles of two headings without a space between them, and the letters of the first: "RefRangeFlag"."""
    for cut in range(4, len(text) - 3):
        left, right = _JOINED.get(text[:cut]), _JOINED.get(text[cut:])
        if left is not None and right is not None:
            return left, right, cut
    return None


def is_known(heading: str) -> bool:
    """Whether the heading says what stands in its column."""
    return plain(heading) in _ROLES


def plain(text: str) -> str:
    """Lower case, without signs that headings are decorated with."""
    return " ".join(re.sub(r"[^\w/#]+", " ", text.lower()).split())


def says_when(heading: str) -> bool:
    """Whether it names a date, a time or a number of the sample."""
    return _STAMPED.match(plain(heading)) is not None
