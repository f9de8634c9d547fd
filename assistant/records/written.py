"""FHIR JSON read and written again in one form, every number as it stands: 6.10 stays 6.10."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

Json = Any
#: Whole numbers of fewer digits are the same in every JSON library.
_SURE_DIGITS: Final = 18


class NotJson(Exception):
    """It is cut off, or no JSON."""


class NotWritable(Exception):
    """It is JSON of a kind that cannot be kept: nested too deeply, or with broken Unicode."""


def read(data: bytes) -> Json:
    """What ``data`` says; numbers only to be written again.

    Raises:
        NotJson: it says nothing.
    """
    try:
        return json.loads(data, parse_float=_as_it_stands, parse_int=_whole, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotJson from None


def write(value: Json) -> bytes:
    """The same bytes for the same content: names sorted, no white space.

    Raises:
        NotWritable: there is no such form of it.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        raise NotWritable from None


def dicts(node: Json) -> list[Json]:
    """The objects in a list; odd shapes read as absent."""
    return [each for each in node if isinstance(each, dict)] if isinstance(node, list) else []


def _as_it_stands(number: str) -> orjson.Fragment:
    return orjson.Fragment(number.encode())


def _whole(number: str) -> int | orjson.Fragment:
    return int(number) if len(number) <= _SURE_DIGITS else _as_it_stands(number)


def _refuse(constant: str) -> Json:
    raise ValueError(constant)
