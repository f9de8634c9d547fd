"""The trace that MedGemma 1.5 may write before its answer, asked or not, and may never close."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

OPEN: Final = "<unused94>"
CLOSE: Final = "<unused95>"
#: So much of a trace is kept when it has to be closed for the model.
KEPT_WORDS: Final = 256
#: Opens every trace. The marker in front of it is lost where tokens that are flagged special are not decoded.
_HEADER: Final = re.compile(r"\s*thought[ \t]*(?:\n|$)")


class Reading(NamedTuple):
    """What was generated, told apart."""

    thoughts: str | None
    """The trace without its markers; None where there was none."""
    answer: str | None
    """What follows the last trace; None where that was never closed."""


def read(raw: str) -> Reading:
    """Tell trace and answer apart in ``raw``, markers included, end of turn taken off.

    What follows the last closing marker is the answer, unless it opens another trace. Without a closing marker
    all of it is the answer, unless it opens a trace. A line ``thought`` at the start opens one even without a marker.
    """
    start = _open_trace(raw)
    closed, mark, rest = raw.rpartition(CLOSE)
    traces = [_between(closed)] if mark else []
    if start is not None:
        traces.append(_plain(raw[start:]))
    thoughts = "\n".join(trace for trace in traces if trace) or None
    return Reading(thoughts, rest.strip() if start is None else None)


def kept(ids: Sequence[int], decode: Callable[[Sequence[int]], str], words: int = KEPT_WORDS) -> tuple[int, int]:
    """How much of generated tokens to keep so that their open trace has at most so many words, all whole.

    Returns:
        The number of tokens, and of words of the trace in them.
    """
    raw = decode(ids)
    start = _open_trace(raw)
    if start is None:
        raise ValueError("no trace is open")
    # The letter tells whether the trace's first word would be glued to what stands before it.
    before = len(f"{raw[:start]}x".split()) - 1
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high + 1) // 2
        if len(decode(ids[:middle]).split()) <= before + words:
            low = middle
        else:
            high = middle - 1
    return low, max(0, len(decode(ids[:low]).split()) - before)


def _open_trace(raw: str) -> int | None:
    """Where the words of a trace begin that is not closed."""
    rest = raw.rfind(CLOSE) + len(CLOSE) if CLOSE in raw else 0
    start = raw.find(OPEN, rest)
    if start < 0:
        header = _HEADER.match(raw, rest)
        return header.end() if header else None
    start += len(OPEN)
    header = _HEADER.match(raw, start)
    return header.end() if header else start


def _between(closed: str) -> str:
    """The trace before a closing marker: from its opening marker, or all of it."""
    _, mark, trace = closed.partition(OPEN)
    return _plain(trace if mark else closed)


def _plain(trace: str) -> str:
    pieces = [piece[_header(piece) :].strip() for piece in re.split(f"{OPEN}|{CLOSE}", trace)]
    return "\n".join(filter(None, pieces))


def _header(text: str) -> int:
    """Length of the header that ``text`` begins with, if it does."""
    found = _HEADER.match(text)
    return found.end() if found else 0
