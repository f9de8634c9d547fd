"""The heading of a table, word for word: which columns it has, and where one ends and the next begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from pipelines.evidence.documents.lines import Line, Token, text_of
from pipelines.tasks.lab.numbers import MEASURE

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
_LONGEST: Final = 4
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
_TALLEST: Final = 4
"""Lines that a heading takes."""
_LOOKED_AT: Final = 4
"""Lines."""
_LEFT_OF_ALL: Final = 2.0
"""Of the letters' height."""
_LEAST_GAP: Final = 0.45
"""Of the letters' height: words of two columns stand further apart than words of one heading."""


@dataclass(frozen=True)
class Column:
    """A column with its heading, and from where to where its cells reach."""

    role: Role
    heading: str
    x0: float
    x1: float
    left: float = float("-inf")
    right: float = float("inf")


@dataclass(frozen=True)
class Heading:
    """The heading of a table: of one group of columns, or of several that stand beside each other."""

    groups: tuple[tuple[Column, ...], ...]
    first: int
    last: int
    """Lines of the page that it takes."""

    @property
    def title(self) -> str | None:
        """What heads the tests where that is no word for them; it may be the name of their panel."""
        test = next((column for column in self.groups[0] if column.role == "test"), None)
        words = "" if test is None else plain(test.heading)
        return None if test is None or not words or words in _ROLES or _STAMPED.match(words) else test.heading

    def moved(self, by: int) -> Heading:
        """The same where its lines are counted from another one on."""
        return replace(self, first=self.first + by, last=self.last + by)

    def has(self, role: Role) -> bool:
        return any(column.role == role for group in self.groups for column in group)


def find_headings(lines: Sequence[Line]) -> list[Heading]:
    """All table headings of a page, from above."""
    found: list[Heading] = []
    at = 0
    while at < len(lines):
        heading = next((h for height in range(_TALLEST, 0, -1) if (h := _heading(lines, at, height)) is not None), None)
        if heading is None:
            at += 1
        else:
            found.append(heading)
            at = heading.last + 1
    return found


def with_edges(groups: Sequence[tuple[Column, ...]], rows: Sequence[Line]) -> tuple[tuple[Column, ...], ...]:
    """The columns with their edges where the fewest words are cut and the most room is, in the rows below."""
    within = [line for line in rows if not (_runs_across(line, groups) or _stands_alone(line, groups))]
    tokens = [token for line in within for token in line.tokens]
    flat = [column for group in groups for column in group]
    cuts = [_cut(left, right, flat, tokens) for left, right in pairwise(flat)]
    edges = [float("-inf"), *cuts, float("inf")]
    placed = iter(
        replace(column, left=left, right=right) for column, (left, right) in zip(flat, pairwise(edges), strict=True)
    )
    return tuple(tuple(next(placed) for _ in group) for group in groups)


def _runs_across(line: Line, groups: Sequence[tuple[Column, ...]]) -> bool:
    """Whether words run on below three headings: a sentence, which tells nothing about columns."""
    starts = [column.x0 for group in groups for column in group]
    return any(sum(run[0].x0 < x < run[-1].x1 for x in starts) >= 2 and len(run) > 4 for run in line.runs())


def _stands_alone(line: Line, groups: Sequence[tuple[Column, ...]]) -> bool:
    """Whether it is words alone where no cell begins, as of a title in the middle of the table."""
    begins = any(abs(line.x0 - column.x0) < line.height for group in groups for column in group)
    return not begins and len(line.runs()) == 1 and not any(token.text[:1].isdigit() for token in line.tokens)


def is_known(heading: str) -> bool:
    """Whether the heading says what stands in its column."""
    return plain(heading) in _ROLES


def plain(text: str) -> str:
    """Lower case, without signs that headings are decorated with."""
    return " ".join(re.sub(r"[^\w/#]+", " ", text.lower()).split())


def _heading(lines: Sequence[Line], at: int, height: int) -> Heading | None:
    window = lines[at : at + height]
    if len(window) < height or any(b.middle - a.middle > 1.7 * max(a.height, b.height) for a, b in pairwise(window)):
        return None
    cells = _stacked(window)
    found = _of_cells(cells, window, at) or (
        _of_cells([part for cell in cells for part in _result_apart(cell)], window, at) if height == 1 else None
    )
    return (
        None if found is None else _with_tests(found, lines[at + height : at + height + _LOOKED_AT], window[0].height)
    )


def _with_tests(heading: Heading, below: Sequence[Line], height: float) -> Heading:
    """With a column for the tests where none is headed, and most lines below begin left of all headings."""
    [*groups] = heading.groups
    first = groups[0][0]
    names = [line.tokens[0] for line in below if first.x0 - line.x0 > _LEFT_OF_ALL * height]
    if heading.has("test") or len(groups) > 1 or 2 * len(names) <= len(below):
        return heading
    start = min(name.x0 for name in names)
    return replace(heading, groups=((Column("test", "", start, max(name.x1 for name in names)), *groups[0]),))


def _result_apart(cell: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """ "Result Flag" may head two columns with hardly any room between them."""
    apart = len(cell) > 1 and _role(cell) is not None and _role(cell[:1]) == "value" and _role(cell[1:]) is not None
    return [cell[:1], cell[1:]] if apart else [cell]


def _of_cells(cells: Sequence[tuple[Token, ...]], window: Sequence[Line], at: int) -> Heading | None:
    height = len(window)
    columns: list[Column] = []
    unknown = 0
    for cell in cells:
        own = _columns(cell)
        if own is None:
            unknown += 1
            if any(c.isdigit() for c in text_of(cell)):
                return None
        columns += own or [_column("unknown", cell)]
    # Columns that are not known here, among those that are.
    if unknown > 2 or (unknown and (height > 1 or len(columns) - unknown < 3)):
        return None
    columns.sort(key=lambda column: column.x0)
    known = {column.role for column in columns}
    if unknown == 1 and "test" in known and not {"value", "earlier"} & known:
        columns = [replace(column, role="value") if column.role == "unknown" else column for column in columns]
    columns = _tests_of_each(_named_by_dates(columns))
    roles = {column.role for column in columns}
    if columns[0].role == "unknown" and "test" not in roles and "value" in roles and roles & {"unit", "reference"}:
        # Before all others, it heads the tests.
        columns[0] = replace(columns[0], role="test")
    return Heading(_groups(columns), at, at + height - 1) if _is_heading(columns, window) else None


def _tests_of_each(columns: list[Column]) -> list[Column]:
    """Where the same columns come again, the one before them heads tests, by whatever name it has there: "Blood count
    Result   Unit   Kidney   Result   Unit"."""
    roles = [column.role for column in columns]
    tables = roles.count("value")
    length = len(columns) // tables if tables else 0
    starts = range(0, len(columns), length) if length > 1 and length * tables == len(columns) else range(0)
    again = {tuple(roles[start + 1 : start + length]) for start in starts}
    heads = {roles[start] for start in starts}
    if len(starts) < 2 or len(again) > 1 or not heads <= {"test", "unknown"}:
        return columns
    return [replace(column, role="test") if at in starts else column for at, column in enumerate(columns)]


def _named_by_dates(columns: list[Column]) -> list[Column]:
    """Over results under several dates, "Date" heads the column of the tests."""
    roles = [column.role for column in columns]
    if roles[0] != "collected" or "test" in roles or roles.count("earlier") < 2:
        return columns
    # "Lab No" under it may have been parted.
    rest = (
        columns[1:]
        if roles[1] == "earlier"
        else [column for column in columns[1:] if column.role not in ("other", "unknown")]
    )
    return [replace(columns[0], role="test"), *rest]


def _stacked(window: Sequence[Line]) -> list[tuple[Token, ...]]:
    """What stands above each other is one cell, its lines in order."""
    cells: list[list[Token]] = []
    for line in window:
        for run in line.runs(_LEAST_GAP if len(window) > 1 else 0.75):
            over = [cell for cell in cells if _overlap(cell, run)]
            if len(over) == 1:
                over[0].extend(run)
            else:
                cells.append(list(run))
    return [tuple(cell) for cell in cells]


def _overlap(cell: Sequence[Token], run: Sequence[Token]) -> bool:
    return min(t.x0 for t in cell) < max(t.x1 for t in run) and max(t.x1 for t in cell) > min(t.x0 for t in run)


def _columns(cell: Sequence[Token]) -> list[Column] | None:
    """The columns that a run of heading words names, the longest names first; None where a word is none."""
    whole = _role(cell)
    if whole is not None:
        return [_column(whole, cell)]
    if len({token.middle for token in cell}) > 1 and _levels(cell) > 1:
        return None
    found: list[Column] = []
    at = 0
    while at < len(cell):
        for length in range(min(_LONGEST, len(cell) - at), 0, -1):
            role = _role(cell[at : at + length])
            if role is not None:
                found.append(_column(role, cell[at : at + length]))
                at += length
                break
        else:
            telling = _by_a_word(plain(text_of(cell)))
            return _run_together(cell) if len(cell) == 1 else [_column(telling, cell)] if telling else None
    return found


def _run_together(cell: Sequence[Token]) -> list[Column] | None:
    """Two headings that were read without the space between them: "RefRangeFlag"."""
    token, text = cell[0], plain(cell[0].text)
    for cut in range(4, len(text) - 3):
        left, right = _JOINED.get(text[:cut]), _JOINED.get(text[cut:])
        if left is not None and right is not None:
            middle = token.x0 + (token.x1 - token.x0) * cut / len(text)
            return [
                Column(left, text[:cut], token.x0, middle - 0.1 * token.height),
                Column(right, text[cut:], middle + 0.1 * token.height, token.x1),
            ]
    return None


def _levels(cell: Sequence[Token]) -> int:
    levels: list[float] = []
    for token in sorted(cell, key=lambda token: token.middle):
        if not levels or token.middle - levels[-1] > 0.5 * token.height:
            levels.append(token.middle)
    return len(levels)


def _column(role: Role, tokens: Sequence[Token]) -> Column:
    return Column(role, text_of(tokens), min(token.x0 for token in tokens), max(token.x1 for token in tokens))


def _role(tokens: Sequence[Token]) -> Role | None:
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


def _by_a_word(words: str) -> Role | None:
    """What a heading is by the one word in it that says so: "Biological reference", "Adult range", "Abnormal flag"."""
    said = words.split()
    if len(said) > _LONGEST or {"value", "values", "result", "results", "and"} & set(said):
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


def _is_heading(columns: Sequence[Column], window: Sequence[Line]) -> bool:
    roles = [column.role for column in columns]
    dated = roles.count("earlier") >= 1
    if "value" not in roles and not (dated and "test" in roles and len(roles) >= 3):
        return False
    if not {"test", "unit", "reference", "flag", "low"} & set(roles):
        return False
    height = max(line.height for line in window)
    gaps = [right.x0 - left.x1 for left, right in pairwise(columns)]
    # "Test results" is a title.
    return max(gaps) > (1.0 if len(columns) < 3 else 0.5) * height


def _groups(columns: Sequence[Column]) -> tuple[tuple[Column, ...], ...]:
    """Where a whole set of headings comes again, another table stands beside the first."""
    first = columns[0].role
    starts = [at for at, column in enumerate(columns) if column.role == first]
    edges = [*starts, len(columns)]
    equal = len({b - a for a, b in pairwise(edges)}) == 1
    # Two columns of tests are two tables, whatever else was read of their headings.
    if first in ("earlier", "other", "unknown") or len(starts) < 2 or not (equal or first == "test"):
        return (tuple(columns),)
    groups = tuple(tuple(columns[a:b]) for a, b in pairwise(edges))
    whole = all(len(group) > 1 and any(column.role == "value" for column in group) for group in groups)
    return groups if whole else (tuple(columns),)


def _cut(left: Column, right: Column, all_of_them: Sequence[Column], tokens: Sequence[Token]) -> float:
    """Between two headings: the place that cuts the fewest words, and of those the middle of the widest gap."""
    low, high = left.x0, right.x1
    spans = [(token.x0, token.x1) for token in tokens if token.x1 > low and token.x0 < high]
    # A heading weighs more than a word below it, which may be a comment.
    spans += [
        (column.x0, column.x1) for column in all_of_them for _ in range(4) if column.x1 > low and column.x0 < high
    ]
    edges = sorted({low, high, *(x for span in spans for x in span if low < x < high)})
    best: tuple[float, float, float] = (float("inf"), 0.0, (left.x1 + right.x0) / 2)
    results = _results_between(left, right, tokens)
    for a, b in pairwise(edges):
        middle = (a + b) / 2
        cut = sum(1 for x0, x1 in spans if x0 < middle < x1)
        strayed = sum((x < middle) == (left.role != "value") for x in results)
        best = min(best, (cut + strayed, a - b, middle))
    return best[2]


def _results_between(left: Column, right: Column, tokens: Sequence[Token]) -> list[float]:
    """Where numbers stand that can only be results: neither units nor flags are numbers."""
    if "value" not in (left.role, right.role) or not {left.role, right.role} & {"unit", "flag"}:
        return []
    low, high = (left.x1, right.x0) if left.role == "value" else (left.x1, right.x1)
    return [token.centre for token in tokens if low < token.centre < high and MEASURE.fullmatch(token.text)]
