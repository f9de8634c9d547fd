"""Finds the one JSON object in what a model wrote where nothing held it to JSON: in code fences, with text around it or
with commas too many. Nothing is made up: what is found stands in the text as it is, but for such commas."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

_STRING_OR_LAST_COMMA: Final = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_NO_TEXT: Final = re.compile("[\\ud800-\\udfff\0]")


class Unreadable(Exception):
    """There is no JSON object that can be relied on. The problem is told without a word of the text."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class _Found(NamedTuple):
    text: str
    plain: str
    """The same in one form, so that equal objects are equal here."""


def object_in(text: str) -> str:
    """The JSON text of the only object that stands in ``text``.

    Braces that are no JSON may stand beside it if they are shorter, and the same object may stand there repeatedly.

    Raises:
        Unreadable: there is none, it is not whole, names a property twice, or holds a number or a character that is
            none; or there are several different ones.
    """
    pieces = sorted(_outermost(text), key=len, reverse=True)
    if not pieces:
        raise Unreadable("holds no whole JSON object")
    try:
        found = [_read(pieces[0])]
    except json.JSONDecodeError as error:
        raise Unreadable(f"is no JSON ({error.msg}, line {error.lineno}, column {error.colno})") from error
    for piece in pieces[1:]:
        try:
            found.append(_read(piece))
        except json.JSONDecodeError:
            continue
    if any(other.plain != found[0].plain for other in found):
        raise Unreadable("holds several JSON objects")
    return found[0].text


def _outermost(text: str) -> list[str]:
    """The pieces from a brace to the one that closes it, those within others left out; braces in strings are none."""
    pieces: list[str] = []
    open_at: list[int] = []
    in_string = skip = False
    for at, sign in enumerate(text):
        if skip:
            skip = False
        elif in_string:
            skip = sign == "\\"
            in_string = sign != '"'
        elif sign == '"':
            in_string = bool(open_at)
        elif sign == "{":
            open_at.append(at)
        elif sign == "}" and open_at:
            start = open_at.pop()
            if not open_at:
                pieces.append(text[start : at + 1])
    return pieces


def _read(piece: str) -> _Found:
    """Raises Unreadable, for what is no JSON at all as `json.JSONDecodeError`."""
    try:
        return _Found(piece, _strict(piece))
    except json.JSONDecodeError:
        tidied = _STRING_OR_LAST_COMMA.sub(lambda found: found[1] or "", piece)
        return _Found(tidied, _strict(tidied))


def _strict(piece: str) -> str:
    try:
        return json.dumps(json.loads(piece, object_pairs_hook=_once, parse_constant=_number, parse_float=_number))
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as beyond:
        raise Unreadable("is nested too deeply, or holds a number without end") from beyond


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise Unreadable("names a property twice")
    inner: list[Any] = [*named, *named.values()]
    while inner:
        value = inner.pop()
        if isinstance(value, list):
            inner += value
        elif isinstance(value, str) and _NO_TEXT.search(value):
            raise Unreadable("holds a character that is none")
    return named


def _number(written: str) -> float:
    number = float(written)
    if number - number != 0:
        raise Unreadable("holds a number that is none")
    return number
