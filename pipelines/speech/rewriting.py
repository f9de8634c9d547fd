"""Rewrites made in a text that knows where it came from: every stretch keeps its place in the raw text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
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

    A rewritten stretch came, as a whole, from all that any part of it came from. An earlier change that it touches
    is taken up in it, so that ``before`` always holds what was recognised.

    Raises:
        ValueError: they overlap, are out of order, or lie outside of the text.
    """
    require_order(traced.text, rewrites)
    origins = _Origins(traced)
    parts: list[str] = []
    spans: list[Span] = []
    changes: list[Change] = []
    done = length = 0
    for one in _whole(traced, rewrites):
        kept = traced.text[done : one.start]
        spans += origins.spans(done, one.start, length - done)
        changes += origins.changes(done, one.start, length - done)
        length += len(kept)
        parts += (kept, one.text)
        raw = origins.raw(one.start, one.end)
        if one.text and raw[0] < raw[1]:
            spans.append(Span(start=length, end=length + len(one.text), raw_start=raw[0], raw_end=raw[1]))
        changes.append(
            Change(
                kind=one.kind,
                start=length,
                end=length + len(one.text),
                raw_start=raw[0],
                raw_end=raw[1],
                before=origins.before(one.start, one.end),
                after=one.text,
            )
        )
        length += len(one.text)
        done = one.end
    spans += origins.spans(done, len(traced.text), length - done)
    changes += origins.changes(done, len(traced.text), length - done)
    parts.append(traced.text[done:])
    return Traced("".join(parts), tuple(spans), tuple(changes))


def composed(inner: Traced, outer: Traced) -> Traced:
    """``outer`` was made from the text of ``inner``: the same with its places in the raw text of ``inner``.

    What ``inner`` changed is told at the place that it came to in ``outer``; ``outer`` has no changes of its own.
    """
    origins = _Origins(inner)
    spans = []
    for span in outer.spans:
        raw_start, raw_end = origins.raw(span.raw_start, span.raw_end)
        spans.append(Span(start=span.start, end=span.end, raw_start=raw_start, raw_end=raw_end))
    changes: list[Change] = []
    # Spans lie in the order of what they came from.
    ends = [span.raw_end for span in outer.spans]
    at = done = earlier_end = 0
    for change in inner.changes:
        at = bisect_right(ends, change.start, lo=at)
        last = at
        while last < len(outer.spans) and outer.spans[last].raw_start < change.end:
            last += 1
        if changes and last > at and outer.spans[last - 1].end <= done and change.kind == changes[-1].kind:
            # Two commands came to one mark, as one that took both to say.
            between = inner.text[earlier_end : change.start]
            changes[-1] = changes[-1].model_copy(
                update={"raw_end": change.raw_end, "before": changes[-1].before + between + change.before}
            )
            earlier_end = change.end
            continue
        place = max(done, outer.spans[at].start if at < len(outer.spans) else len(outer.text))
        end = max(place, outer.spans[last - 1].end) if last > at else place
        if last == at and at:
            # It left nothing: it is told behind what went before it.
            place = end = max(done, outer.spans[at - 1].end)
        changes.append(change.model_copy(update={"start": place, "end": end, "after": outer.text[place:end]}))
        earlier_end = change.end
        done = end
    return Traced(outer.text, tuple(spans), tuple(changes))


def _whole(traced: Traced, rewrites: Sequence[Rewrite]) -> list[Rewrite]:
    """``rewrites``, each widened to the earlier changes that it cuts."""
    wide: list[Rewrite] = []
    ends = [change.end for change in traced.changes]
    for one in rewrites:
        start, end = one.start, one.end
        for at in range(bisect_right(ends, start), len(ends)):
            change = traced.changes[at]
            if change.start >= end:
                break
            if change.start < change.end:
                start, end = min(start, change.start), max(end, change.end)
        text = traced.text[start : one.start] + one.text + traced.text[one.end : end]
        if wide and start < wide[-1].end:
            # Two in one earlier change: what lies between them was written already, in the tail of the first.
            first = wide.pop()
            kept = first.text[: len(first.text) - (first.end - one.start)]
            start, text = first.start, kept + one.text + traced.text[one.end : max(end, first.end)]
            end = max(end, first.end)
        wide.append(one._replace(start=start, end=end, text=text))
    return wide


class _Origins:
    """Where stretches of a text came from. Finding one takes logarithmic time."""

    def __init__(self, traced: Traced) -> None:
        self._traced = traced
        self._span_ends = [span.end for span in traced.spans]
        self._change_ends = [change.end for change in traced.changes]

    def spans(self, start: int, end: int, by: int) -> list[Span]:
        """The parts of the spans between ``start`` and ``end``, moved ``by`` characters."""
        return [
            Span(start=first + by, end=last + by, raw_start=raw_start, raw_end=raw_end)
            for first, last, raw_start, raw_end in self._parts(start, end)
        ]

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Start and end, in the text and in the raw text, of each part of a span between ``start`` and ``end``."""
        for at in range(bisect_right(self._span_ends, start), len(self._span_ends)):
            span = self._traced.spans[at]
            first, last = max(span.start, start), min(span.end, end)
            if first >= last:
                break
            raw_start, raw_end = span.raw_start, span.raw_end
            if span.end - span.start == raw_end - raw_start:
                # Written as it was said, letter by letter.
                raw_start, raw_end = raw_start + first - span.start, raw_end - (span.end - last)
            yield first, last, raw_start, raw_end

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """All that ``start`` to ``end`` came from; an empty place between its neighbours where that is nothing."""
        parts = list(self._parts(start, end))
        if parts:
            return min(part[2] for part in parts), max(part[3] for part in parts)
        before = bisect_right(self._span_ends, start) - 1
        place = self._traced.spans[before].raw_end if before >= 0 else 0
        return place, place

    def changes(self, start: int, end: int, by: int) -> list[Change]:
        """The changes between ``start`` and ``end``, moved."""
        found = []
        for at in range(bisect_left(self._change_ends, start), len(self._change_ends)):
            change = self._traced.changes[at]
            if change.start > end:
                break
            if start <= change.start and change.end <= end:
                found.append(change.model_copy(update={"start": change.start + by, "end": change.end + by}))
        return found

    def before(self, start: int, end: int) -> str:
        """What stood between ``start`` and ``end`` before anything was changed."""
        words, done = [], start
        for at in range(bisect_left(self._change_ends, start), len(self._change_ends)):
            change = self._traced.changes[at]
            if change.start >= end:
                break
            empty = change.start == change.end
            if change.end <= start and not (empty and change.start > start):
                continue
            words += [self._traced.text[done : max(done, change.start)], change.before]
            done = max(done, change.end)
        return "".join((*words, self._traced.text[done:end]))
