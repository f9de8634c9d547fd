"""Printed numbers and results: which mark is the decimal one, and what a result cell says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from pipelines.tasks.lab.flags import is_finding, is_flag, is_word
from pipelines.tasks.lab.rows import Comparator
from pipelines.tasks.lab.units import is_unit

Mark = Literal[".", ",", "?"]
"""The report's decimal mark; ``?`` where nothing in it tells."""

_COMPARATORS: Final[dict[str, Comparator]] = {
    "<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=",
}  # fmt: skip
_IN_WORDS: Final[dict[str, Comparator]] = {
    "less than": "<", "below": "<", "under": "<", "up to": "<=", "upto": "<=", "greater than": ">", "more than": ">",
    "above": ">", "over": ">", "at least": ">=", "at most": "<=", "max": "<=", "maximum": "<=", "min": ">=",
    "minimum": ">=",
}  # fmt: skip
#: A number as printed: groups of thousands by comma, point, apostrophe or narrow space, or none.
NUMBER: Final = r"[+\-−–]?\d{1,3}(?:[ \u2009\u202f'’]\d{3})+(?:[.,]\d+)?|[+\-−–]?\d+(?:[.,]\d+)*|[+\-−–]?[.,]\d+"
COMPARATOR: Final = (
    r"<=|>=|=<|=>|[<>≤≥⩽⩾]"
    r"|(?i:less than|greater than|more than|up ?to|at least|at most|below|under|above|over)"
    r"|(?<![/\w])(?i:max(?:imum)?|min(?:imum)?)(?=\s*\d)"
)
MEASURE: Final = re.compile(rf"(?:{COMPARATOR})?\s*(?:{NUMBER})")
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}:\d\d")
"""Or a time: where one stands, no name of a test does."""
_RESULT: Final = re.compile(rf"({COMPARATOR})?\s*({NUMBER})")
_FLAGGED: Final = re.compile(r"(HH|LL|H|L|A|\*+|↑+|↓+)\s*(?=[<>≤≥]?\s*\d)")
#: Results that are written in figures and are no measure: titres, ratios, spans, grades, so many for each field.
_IN_FIGURES: Final = re.compile(
    r"(?:[<>≤≥]\s*)?\d+\s*:\s*\d+|\d+(?:[.,]\d+)?\s*(?:-|–|to)\s*\d+(?:[.,]\d+)?|\d\s?\+|\+\d"
    r"|\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}",
    re.IGNORECASE,
)
_POINT_TELLS: Final = re.compile(r"(?<![\d.,])(?:\d+\.(?:\d{1,2}|\d{4,})|0\.\d+|\d{1,3}(?:,\d{3})+\.\d+)(?![\d.,])")
_COMMA_TELLS: Final = re.compile(r"(?<![\d.,])(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+)(?![\d.,])")
_MINUS: Final = str.maketrans("−–", "--")


@dataclass(frozen=True)
class Printed:
    """A result cell as it is understood: a number with its comparator, or a text."""

    value: str | None
    comparator: Comparator | None = None
    text: str | None = None
    rest: str = ""
    """What follows the number in the cell: a unit, a flag, or both."""


def decimal_mark(texts: Iterable[str]) -> Mark:
    """The mark that the numbers of a report leave no doubt about; where both are used so, or neither, ``?``."""
    points = commas = 0
    for text in texts:
        points += len(_POINT_TELLS.findall(text))
        commas += len(_COMMA_TELLS.findall(text))
    if points and commas:
        return "." if points >= 5 * commas else "," if commas >= 5 * points else "?"
    return "." if points else "," if commas else "?"


def plain_number(printed: str, mark: Mark) -> str | None:
    """The number with a decimal point and without groups; None where it can be read in two ways or in none."""
    text = printed.strip().translate(_MINUS).lstrip("+")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    text = re.sub(r"(?<=\d)[ \u2009\u202f'’](?=\d{3})", "", text)
    if re.fullmatch(r"\d+", text):
        return sign + text
    if re.fullmatch(r"[.,]\d+", text):
        return f"{sign}0.{text[1:]}"
    marks = re.findall(r"[.,]", text)
    whole, last, fraction = text.rpartition(marks[-1]) if marks else ("", "", "")
    if len(set(marks)) == 2 and marks.count(last) == 1:
        # Both marks: the last one is the decimal mark, the others group thousands.
        groups = re.split(r"[.,]", whole)
        return f"{sign}{''.join(groups)}.{fraction}" if _grouped(groups) else None
    if len(marks) > 1:
        groups = re.split(r"[.,]", text)
        return sign + "".join(groups) if len(set(marks)) == 1 and _grouped(groups) else None
    if mark not in ("?", last):
        # The other mark than the decimal one can only group thousands.
        return sign + whole + fraction if _grouped([whole, fraction]) else None
    if last == "," and len(fraction) == 3 and mark == "?" and whole != "0":
        return None
    return f"{sign}{whole}.{fraction}"


def _grouped(groups: list[str]) -> bool:
    return 1 <= len(groups[0]) <= 3 and groups[0] != "0" and all(len(group) == 3 for group in groups[1:])


def comparator_of(printed: str) -> Comparator:
    plain = " ".join(printed.lower().split())
    return _COMPARATORS.get(plain) or _IN_WORDS[plain]


def read_result(printed: str, mark: Mark) -> Printed | None:
    """What the cell says; None where it has figures that make neither one number nor a result known to be a text."""
    text = " ".join(printed.split())
    before = _FLAGGED.match(text)
    flag, text = (before.group(1), text[before.end() :]) if before else ("", text)
    starred = re.match(r"(\*+)\s*(?=[^\W\d])", text)
    if starred is not None and is_word(text[starred.end() :]):
        return Printed(None, text=text[starred.end() :], rest=starred[1])
    whole = _RESULT.match(text)
    if whole is None:
        found, _, last = text.rpartition(" ") if not is_finding(text[:-1]) else (text[:-1], "", text[-1])
        if found and is_flag(last) and (is_word(found) or set(last) == {"*"}):
            return Printed(None, text=found, rest=last)
        return Printed(None, text=text) if text and not flag else None
    comparator, number, rest = whole.group(1), whole.group(2), text[whole.end() :].strip()
    if _IN_FIGURES.fullmatch(text):
        return Printed(None, text=text, rest=flag)
    span, _, unit = text.rpartition(" ")
    if unit.startswith("/") and is_unit(unit) and _IN_FIGURES.fullmatch(span):
        return Printed(None, text=span, rest=f"{flag} {unit}".strip())
    value = plain_number(number, mark)
    if value is None or not _ends(rest):
        return None
    return Printed(value, comparator_of(comparator) if comparator else None, rest=f"{flag} {rest}".strip())


def _ends(rest: str) -> bool:
    """Whether only a unit or a flag, or both, follow the number."""
    words = rest.split()
    for cut in range(len(words) + 1):
        unit, flag = " ".join(words[:cut]), " ".join(words[cut:])
        if (not unit or is_unit(unit)) and (not flag or is_flag(flag)):
            return True
    return False
