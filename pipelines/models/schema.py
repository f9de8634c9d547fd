"""JSON schemas as engines take them: closed, without endless numbers, and without references where need be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pipelines.errors import UsageProblem

Schema = dict[str, Any]
#: No count and no measurement is as large, and it still is exact as a double.
_LARGEST: Final = 10**15
_ONE: Final = ("items", "additionalProperties", "not")
_MANY: Final = ("anyOf", "oneOf", "prefixItems")
_NAMED: Final = ("properties", "patternProperties", "$defs", "definitions")


def closed(schema: Mapping[str, Any]) -> Schema:
    """The schema with everything shut that was left open without a word.

    Objects take no other properties than those they name, unless they say ``additionalProperties``. Numbers are within
    ±10^15 where they have no bound of their own, so that none has digits without end or is too large for a double.
    ``uniqueItems`` is left out: no engine enforces it.
    """
    shut = _within(schema, closed)
    shut.pop("uniqueItems", None)
    if "properties" in shut:
        shut.setdefault("additionalProperties", False)
    kinds = shut.get("type", ())
    if {"number", "integer"} & {*([kinds] if isinstance(kinds, str) else kinds)} and not {"enum", "const"} & {*shut}:
        least: Any = shut.get("minimum", shut.get("exclusiveMinimum", 0))
        most: Any = shut.get("maximum", shut.get("exclusiveMaximum", 0))
        if least < _LARGEST and "exclusiveMaximum" not in shut:
            shut.setdefault("maximum", _LARGEST)
        if most > -_LARGEST and "exclusiveMinimum" not in shut:
            shut.setdefault("minimum", -_LARGEST)
    return shut


def inlined(schema: Mapping[str, Any]) -> Schema:
    """The schema with what its references name in their place, for engines that follow none.

    Raises:
        UsageProblem: a schema that contains itself, or names what is not there.
    """
    defined = {**schema.get("definitions", {}), **schema.get("$defs", {})}

    def inline(part: Mapping[str, Any], around: tuple[str, ...] = ()) -> Schema:
        part = {key: value for key, value in part.items() if key not in ("$defs", "definitions", "discriminator")}
        if "$ref" in part:
            name = str(part.pop("$ref")).rpartition("/")[2]
            if name in around or name not in defined:
                raise UsageProblem(
                    f"schema {name}",
                    "contains itself" if name in around else "is not defined",
                    "give one of fixed depth",
                )
            return inline({**defined[name], **part}, (*around, name))
        return _within(part, lambda inner: inline(inner, around))

    return inline(schema)


def told(schema: Mapping[str, Any]) -> str:
    """The schema as a model is told it in words: compact JSON, without the titles that only repeat names."""

    def plain(part: Mapping[str, Any]) -> Schema:
        return _within({key: value for key, value in part.items() if key != "title"}, plain)

    return json.dumps(plain(schema), ensure_ascii=False)


def require_first(schema: Mapping[str, Any], fields: Sequence[str]) -> None:
    """Hold an object's schema to its order: what is decided has to be written before what depends on it.

    Raises:
        UsageProblem: these are not its first properties in this order, or one of them may be left out.
    """
    names = list(schema.get("properties", ()))
    title = f"schema {schema.get('title', '')}".strip()
    if names[: len(fields)] != list(fields):
        raise UsageProblem(title, f"does not begin with {', '.join(fields)}", "put these fields first")
    if left := [name for name in fields if name not in schema.get("required", ())]:
        raise UsageProblem(title, f"lets {left[0]} be left out", "give it no default")


def _within(schema: Mapping[str, Any], change: Callable[[Mapping[str, Any]], Schema]) -> Schema:
    """A copy with every schema directly within it changed."""
    changed: Schema = dict(schema)
    for key in _ONE:
        if isinstance(changed.get(key), dict):
            changed[key] = change(changed[key])
    for key in _MANY:
        if isinstance(changed.get(key), list):
            changed[key] = [change(part) if isinstance(part, dict) else part for part in changed[key]]
    for key in _NAMED:
        if isinstance(changed.get(key), dict):
            changed[key] = {n: change(part) if isinstance(part, dict) else part for n, part in changed[key].items()}
    return changed
