"""Rewrites made in a text that knows where it came from: every stretch keeps its place in the raw text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.records import Change, Span
from pipelines.text.rewrite import Rewrite, require_order


@dataclass(frozen=True)
class Traced:
    """A text, where each stretch of it came from, and what was written otherwise on the way.

    ``spans`` are in order and do not overlap in ``text``; nor do ``changes``.
    """

    text: str
    spans: tuple[Span, ...]
    changes: tuple[Change, ...] = ()


def rewrite(traced: Traced, rewrites: Sequence[Rewrite]) -> Traced:
    """``traced`` with all of ``rewrites`` made, each as a change.

    A rewritten stretch came, as a whole, from all that any part of it came from. An earlier change that touches it is
    taken up in it.

    Raises:
        ValueError: they overlap, are out of order, or lie outside of the text.
    """
    require_order(traced.text, rewrites)
    parts: list[str] = []
    spans: list[Span] = []
    changes: list[Change] = []
    done = length = 0
    for one in (*rewrites, None):
        end = one.start if one else len(traced.text)
        parts.append(traced.text[done:end])
        spans += _moved(traced.spans, done, end, length - done)
        changes += _kept(traced.changes, done, end, length - done)
        length += end - done
        if one is None:
            break
        raw = _origin(traced.spans, one.start, one.end)
        if raw is not None:
            if one.text:
                spans.append(Span(start=length, end=length + len(one.text), raw_start=raw[0], raw_end=raw[1]))
            changes.append(
                Change(
                    kind=one.kind,
                    start=length,
                    end=length + len(one.text),
                    raw_start=raw[0],
                    raw_end=raw[1],
                    before=_before(traced, one),
                    after=one.text,
                )
            )
        parts.append(one.text)
        length += len(one.text)
        done = one.end
    return Traced("".join(parts), tuple(spans), tuple(changes))


def composed(inner: Traced, outer: Traced) -> Traced:
    """``outer`` was made from the text of ``inner``: the same with its places in the raw text of ``inner``.

    What ``inner`` changed is told at the place that it came to in ``outer``.
    """
    spans = []
    for span in outer.spans:
        raw = _origin(inner.spans, span.raw_start, span.raw_end)
        if raw is not None:
            spans.append(Span(start=span.start, end=span.end, raw_start=raw[0], raw_end=raw[1]))
    changes = []
    for change in inner.changes:
        place = _landing(outer.spans, change.start, change.end)
        after = outer.text[place[0] : place[1]]
        changes.append(change.model_copy(update={"start": place[0], "end": place[1], "after": after}))
    return Traced(outer.text, tuple(spans), tuple(changes))


def _moved(spans: Sequence[Span], start: int, end: int, by: int) -> list[Span]:
    """The parts of ``spans`` between ``start`` and ``end`` of their text, moved."""
    found = []
    for span in spans:
        first, last = max(span.start, start), min(span.end, end)
        if first >= last:
            continue
        raw_start, raw_end = span.raw_start, span.raw_end
        if span.end - span.start == raw_end - raw_start:
            # Written as it was said, letter by letter.
            raw_start, raw_end = raw_start + first - span.start, raw_end - (span.end - last)
        found.append(Span(start=first + by, end=last + by, raw_start=raw_start, raw_end=raw_end))
    return found


def _kept(changes: Sequence[Change], start: int, end: int, by: int) -> list[Change]:
    return [
        change.model_copy(update={"start": change.start + by, "end": change.end + by})
        for change in changes
        if start <= change.start and change.end <= end
    ]


def _origin(spans: Sequence[Span], start: int, end: int) -> tuple[int, int] | None:
    parts = _moved(spans, start, end, 0)
    return (min(part.raw_start for part in parts), max(part.raw_end for part in parts)) if parts else None


def _before(traced: Traced, one: Rewrite) -> str:
    """What stood there before anything was changed."""
    touched = [change for change in traced.changes if change.start < one.end and change.end > one.start]
    if not touched:
        return traced.text[one.start : one.end]
    words, at = [], one.start
    for change in touched:
        words += [traced.text[at : max(at, change.start)], change.before]
        at = change.end
    return "".join((*words, traced.text[at : one.end]))


def _landing(spans: Sequence[Span], start: int, end: int) -> tuple[int, int]:
    """Where a stretch of the raw text came to; an empty place where it left nothing."""
    inside = [span for span in spans if span.raw_start < max(end, start + 1) and span.raw_end > start]
    if inside and end > start:
        return inside[0].start, inside[-1].end
    after = [span.start for span in spans if span.raw_start >= start]
    place = min(after, default=spans[-1].end if spans else 0)
    return place, place
