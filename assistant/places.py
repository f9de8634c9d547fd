"""Where two values made of mappings, lists and texts first are not equal."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

_EXCERPT: Final = 120
_BEFORE: Final = 30
_MISSING: Final = object()
"""In place of a value whose key one of the two does not have."""


class Place(NamedTuple):
    """``name`` is the way to it (``statements 2.text``); both values as texts, long ones cut around what differs."""

    name: str
    then: str
    now: str


def first_place(name: str, then: Any, now: Any) -> Place | None:
    """The first place below ``name`` where ``now`` is not what ``then`` is. Keys of mappings in their order."""
    if then == now:
        return None
    if isinstance(then, dict) and isinstance(now, dict):
        keys = dict.fromkeys((*then, *now))
        pairs = ((f"{name}.{key}", then.get(key, _MISSING), now.get(key, _MISSING)) for key in keys)
        return next(filter(None, (first_place(*pair) for pair in pairs)), None)
    if isinstance(then, list | tuple) and isinstance(now, list | tuple):
        beside = enumerate(zip(then, now, strict=False), 1)
        within = next(filter(None, (first_place(f"{name} {n}", one, other) for n, (one, other) in beside)), None)
        return within or Place(f"number of {name}", str(len(then)), str(len(now)))
    if isinstance(then, str) and isinstance(now, str):
        return Place(name, *_excerpts(then, now))
    return Place(name, shown(then), shown(now))


def shown(value: Any) -> str:
    """A value in at most a line."""
    if value is _MISSING:
        return "nothing"
    return _cut("none" if value is None else str(value), 0)


def _excerpts(then: str, now: str) -> tuple[str, str]:
    """Both texts from a few words before the first character that is not the same."""
    shorter = min(len(then), len(now))
    at = next((n for n in range(shorter) if then[n] != now[n]), shorter)
    start = then.rfind(" ", 0, max(0, at - _BEFORE)) + 1
    return _cut(then, start), _cut(now, start)


def _cut(text: str, start: int) -> str:
    end = start + _EXCERPT
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
