"""The slices that a question calls by their numbers: "slices 30 to 50", "the first twenty slices", "slices 60 and up".

What can be read in two ways calls none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pipelines.text.numbers import STARTS, read
from pipelines.text.tokens import Tokens

_FLAGS: Final = re.I
_SLICES: Final = r"(?:slices?|images?|cuts?)"
_MONTHS: Final = "january|february|march|april|june|july|august|september|october|november|december"
_NO_PLACE: Final = (
    # A fraction, one of several numbers in a row, a date.
    r"(?!\d|\.\d|/\d|[a-z]|\s+\d|\s*[-–/.]\s*\d+\s*[-–/.]\s*\d"
    # A length, a share, a time, a grid, a count of something else.
    r"|\s*-?\s*(?:%|(?:mm|cm|millimet\w*|centimet\w*|percent|per\s+cent|days?|weeks?|months?|years?|hours?|hrs?|minutes?"
    rf"|times|by|x|more|other|further|new|additional|different|{_MONTHS})\b))"
)
"""What may not follow the number of a slice."""
_NUMBER: Final = rf"(?:{_SLICES}\s+)?(?:(?:numbers?|nos?\.?)\s+|#\s*)?(\d{{1,5}}){_NO_PLACE}"
_TO: Final = (
    r"\s*(?:[-–—−‐‑~…]|\.\.+|(?:(?:and\s+)?(?:up|down|all\s+the\s+way)\s+)?(?:to|through|thru)\b|till\b|until\b)\s*"
)
_CALLED: Final = re.compile(rf"\b{_SLICES}\s+(?:from\s+)?(?={_NUMBER})", _FLAGS)
_RANGE: Final = re.compile(rf"{_NUMBER}{_TO}{_NUMBER}", _FLAGS)
_ONE: Final = re.compile(rf"{_NUMBER}(?!{_TO}(?:{_SLICES}\s+)?#?\s*\d)", _FLAGS)
_AND: Final = re.compile(r"\s*(?:,\s*(?:and|or)\b|,|;|\band\b|&|\bor\b)\s*", _FLAGS)
_NOT_IT: Final = rf"\b(?!\s+(?:it|that|this|them|the|to|{_SLICES}|\d+)\b)"
_UPWARDS: Final = re.compile(
    r"\s+(?:(?:and|or)\s+(?:up(?:wards?)?|on(?:wards?)?|above|higher|later|beyond|after)|onwards?|upwards?"
    rf"|(?:to|till|until|through)\s+the\s+(?:end|last\s+(?:one|{_SLICES})))(?:{_NOT_IT})",
    _FLAGS,
)
_ON: Final = re.compile(r"\s+on(?=\s*(?:$|[,.;:?!]))", _FLAGS)
_DOWNWARDS: Final = re.compile(
    rf"\s+(?:(?:and|or)\s+(?:down(?:wards?)?|below|lower|earlier|under|before)|downwards?)(?:{_NOT_IT})", _FLAGS
)
_BETWEEN: Final = re.compile(rf"\b(?:between\s+{_SLICES}|{_SLICES}\s+between)\s+{_NUMBER}\s+and\s+{_NUMBER}", _FLAGS)
_MORE: Final = r"above|beyond|past|after|over|higher\s+than"
_LESS: Final = r"below|beneath|under|before|lower\s+than"
_AS_FAR_AS: Final = r"up\s+to|until|till"
_BESIDE: Final = re.compile(
    rf"(?<!\d )\b(?:{_SLICES}\s+|(?:everything|anything|all)\s+(?={_MORE}|{_LESS})(?=[a-z\s]{{1,30}}{_SLICES}))"
    rf"(?:(?P<more>{_MORE})|(?P<less>{_LESS})|{_AS_FAR_AS})\s+{_NUMBER}"
    rf"|\b(?:{_AS_FAR_AS})\s+(?={_SLICES}){_NUMBER}",
    _FLAGS,
)
"""All on one side of a slice."""
_ELSEWHERE: Final = re.compile(rf"\b(?:{_MORE}|{_LESS}|outside|near|around|than|beside|to)\s+(?:the\s+)?$", _FLAGS)
_NEAR: Final = 80
"""Characters before a place in which what bears upon it stands."""
_ENDS: Final = re.compile(
    r"\b(first|last|lowest|highest|top|bottom|uppermost|lowermost)\s+(\d{1,5})\s+"
    rf"(?:(?:axial|coronal|sagittal|ct|mri?)\s+)?{_SLICES}\b",
    _FLAGS,
)
_LOW_ENDS: Final = frozenset({"first", "lowest", "bottom", "lowermost"})
_ANY_PLANE: Final = frozenset({"first", "last"})
_RULED_OUT: Final = re.compile(
    r"(?:\b(?:except(?:ing)?|exclud\w+|ignor\w+|disregard\w*|omit\w*|without|not|never|skip\w*|drop\w*|minus|besides|but"
    r"|leav\w+\s+out|(?:other|rather)\s+than|(?:apart|aside)\s+from|instead\s+of)|n['’]t)\s+(?:\w+\s+){0,3}$",
    _FLAGS,
)
_RULED_OUT_AFTER: Final = re.compile(
    r"[^.?!;]{0,60}?\b(?:(?:ignor|disregard|omit|skip|exclud|drop)\w*\s+(?:them|those|these|that|it)\b"
    r"|leav\w+\s+(?:them|those|these|that|it)\s+(?:out|aside)\b)",
    _FLAGS,
)


class Called(NamedTuple):
    """First and last number of each run of slices."""

    wanted: tuple[tuple[int, int], ...]
    """As they were said: the volume may have none of them."""
    unwanted: tuple[tuple[int, int], ...]


def called(question: str, count: int, *, axial: bool) -> Called:
    """
    Args:
        count: of the slices in the volume.
        axial: whether they are counted from the feet, so that the last are the top ones.
    """
    text = _in_digits(question)
    wanted: list[tuple[int, int]] = []
    unwanted: list[tuple[int, int]] = []
    for finder in (_between, _beside, _at_the_ends, _by_number):
        spans = list(finder(text, count, axial))
        for start, end, runs in spans:
            (unwanted if is_ruled_out(text, start, end) else wanted).extend(runs)
        for start, end, _ in spans:
            text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return Called(tuple(wanted), tuple(unwanted))


def is_ruled_out(text: str, start: int, end: int) -> bool:
    """Whether what stands there is named to be left out."""
    return _RULED_OUT.search(_before(text, start)) is not None or _RULED_OUT_AFTER.match(text, end) is not None


def is_elsewhere(text: str, start: int) -> bool:
    """Whether what is asked about lies beside what stands there."""
    return _ELSEWHERE.search(_before(text, start)) is not None


def _before(text: str, start: int) -> str:
    return text[max(0, start - _NEAR) : start]


_Spans = Iterator[tuple[int, int, list[tuple[int, int]]]]
"""Where in the text, and what runs are called there."""


def _between(text: str, _count: int, _axial: bool) -> _Spans:
    for match in _BETWEEN.finditer(text):
        yield match.start(), match.end(), [_run(match[1], match[2])]


def _beside(text: str, count: int, _axial: bool) -> _Spans:
    for match in _BESIDE.finditer(text):
        number = int(match[3] or match[4])
        run = (number + 1, count) if match["more"] else (1, number - bool(match["less"]))
        # "Images after 2019": no slice of this volume.
        yield match.start(), match.end(), [run] if 1 <= number <= count and run[0] <= run[1] else []


def _at_the_ends(text: str, count: int, axial: bool) -> _Spans:
    for match in _ENDS.finditer(text):
        side, many = match[1].lower(), min(int(match[2]), count)
        if many and (axial or side in _ANY_PLANE):
            run = (1, many) if side in _LOW_ENDS else (count - many + 1, count)
            yield match.start(), match.end(), [run]


def _by_number(text: str, count: int, _axial: bool) -> _Spans:
    done = 0
    for match in _CALLED.finditer(text):
        if match.start() < done:
            continue
        runs, done = _list(text, match.end(), count)
        alone = len(runs) == 1 and runs[0][0] == runs[0][1]
        dated = "from" in match[0].lower() and alone
        if not dated and not (alone and is_elsewhere(text, match.start())):
            yield match.start(), done, runs


def _list(text: str, at: int, count: int) -> tuple[list[tuple[int, int]], int]:
    """The runs that are named from there on, and where they end."""
    runs: list[tuple[int, int]] = []
    end = at
    while found := _RANGE.match(text, at) or _ONE.match(text, at):
        end = found.end()
        first, last = found[1], found[found.re.groups]
        if found.re is _ONE and (further := _UPWARDS.match(text, end) or _ON.match(text, end)):
            runs.append((int(first), max(int(first), count)))
            end = further.end()
        elif found.re is _ONE and (further := _DOWNWARDS.match(text, end)):
            runs.append((1, int(first)))
            end = further.end()
        else:
            runs.append(_run(first, last))
        joined = _AND.match(text, end)
        if joined is None:
            break
        at = joined.end()
    return runs, end


def _run(one: str, other: str) -> tuple[int, int]:
    low, high = sorted((int(one), int(other)))
    return low, high


def _in_digits(text: str) -> str:
    """With whole numbers that are said in words as numerals."""
    tokens = Tokens(text)
    pieces, done, at = [], 0, 0
    while at < len(tokens):
        word = tokens[at].key
        number = read(tokens, at) if word in STARTS or (word == "a" and tokens.key(at + 1) == "hundred") else None
        if number is None or not number.whole:
            at += 1
            continue
        pieces += [text[done : tokens[at].start], number.digits]
        done, at = tokens[number.end - 1].end, number.end
    return "".join((*pieces, text[done:]))
