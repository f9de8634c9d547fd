"""Levels of the spine: "l four l five" is L4-L5, "c five six" is C5-C6, "t twelve" is T12.

A lone letter before a number is mostly a level, but c and s are so often something else (hepatitis C, heart sounds)
that they need company.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipelines.text import numbers, units
from pipelines.text.tokens import Found, Tokens

_LOWEST: Final = {"c": 8, "t": 12, "l": 5, "s": 5}
STARTS: Final = frozenset(_LOWEST)
_SEAMS: Final = frozenset({("c", 7, "t", 1), ("t", 12, "l", 1), ("l", 5, "s", 1)})
_BETWEEN: Final = frozenset({"to", "through", "thru", "and", "or"})
_JOINTS: Final = frozenset({"slash", "dash", "hyphen"})
_NOT_SPINE: Final = frozenset(
    """
    hepatitis hep vitamin protein type group plan option class category stage factor grade schedule influenza cystatin
    troponin complement section room model ward bed letter free
    """.split()
)
_SPINE: Final = frozenset(
    """
    vertebra vertebrae vertebral level levels disc disk discs disks fracture nerve nerves root roots radiculopathy
    dermatome dermatomes dermatomal body endplate spine cervical sacral facet lamina laminectomy fusion foraminal
    foramen stenosis myelopathy radicular discectomy cord distribution burst compression spinous transverse pedicle
    myotome weakness screw screws heart sounds sound gallop regular s1 s2 s3 s4
    """.split()
)


class _Level(NamedTuple):
    letter: str
    number: int
    end: int

    @property
    def text(self) -> str:
        return f"{self.letter.upper()}{self.number}"


def read(tokens: Tokens, index: int) -> Found | None:
    first = _level(tokens, index)
    if first is None or tokens.before(index) in _NOT_SPINE:
        return None
    second = _next_level(tokens, first)
    if second is not None:
        text, last = f"{first.text}-{second.text}", second
        while (further := _further(tokens, last)) is not None:
            text, last = f"{text} {tokens.said(last.end)} {last.text}-{further.text}", further
        return _found(tokens, index, last.end, text)
    if numbers.is_numeric(tokens.joined(first.end)) or not _is_level(tokens, index, first):
        return None
    return _found(tokens, index, first.end, first.text)


def _found(tokens: Tokens, start: int, end: int, text: str) -> Found | None:
    whole = tokens.free(start, end) and not numbers.is_numeric(tokens.joined(end))
    return Found(end, text, "level") if whole else None


def _level(tokens: Tokens, index: int) -> _Level | None:
    """The level that a letter and a number name, said apart or written together."""
    letter = tokens[index].key
    after = tokens[index + 1]
    if letter not in _LOWEST or after.glue not in (" ", "-", ""):
        return None
    value = _number(tokens, index + 1)
    return _Level(letter, value, index + 2) if 1 <= value <= _LOWEST[letter] else None


def _number(tokens: Tokens, index: int) -> int:
    key = tokens[index].key
    if tokens.joined(index + 1) in units.STARTS:
        # "T three milligrams" is a dose of T.
        return 0
    if key.isascii() and key.isdecimal() and len(key) <= 2:
        return int(key)
    return numbers.ONES.get(key, 0) or numbers.TEENS.get(key, 0)


def _next_level(tokens: Tokens, first: _Level) -> _Level | None:
    """The level right below, named in full ("l five") or by its number ("five")."""
    at = first.end
    if tokens.key(at) in _JOINTS:
        at += 1
    if tokens[at].glue not in (" ", "-"):
        return None
    second = _level(tokens, at)
    if second is None and tokens[at].key[:1].isalpha():
        second = _Level(first.letter, _number(tokens, at), at + 1)
    if second is None:
        return None
    below = second.letter == first.letter and second.number == first.number + 1
    return second if below or (first.letter, first.number, second.letter, second.number) in _SEAMS else None


def _further(tokens: Tokens, last: _Level) -> _Level | None:
    """ "Five six and six seven": the pair after "and"."""
    if tokens.key(last.end) != "and" or _number(tokens, last.end + 1) != last.number:
        return None
    number = _number(tokens, last.end + 2) if tokens.key(last.end + 2) in numbers.ONES else 0
    if number != last.number + 1 or number > _LOWEST[last.letter]:
        return None
    return _Level(last.letter, number, last.end + 3)


def _is_level(tokens: Tokens, index: int, level: _Level) -> bool:
    if level.letter in ("t", "l"):
        return True
    if tokens.key(level.end) in _BETWEEN and _level(tokens, level.end + 1):
        return True
    if tokens.before(index) in _BETWEEN and _level(tokens, index - 3) and tokens[index].glue == " ":
        return True
    if _level(tokens, level.end) or (_level(tokens, index - 2) and tokens[index].glue == " "):
        # "S one s two": two heart sounds.
        return True
    return tokens.near(index, _SPINE, back=6, ahead=6)
