"""What of a transcript a reader should look at twice: words that may be misheard, drugs that are easily confused."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from pipelines.records import Segment, Span, Suggestion, Word
from pipelines.speech.written import Finished
from pipelines.text.lexicon import Lexicon
from pipelines.text.look_alikes import find_look_alikes
from pipelines.text.near_misses import HeardWord, NearMiss, suggest
from pipelines.text.nearest import closeness_of_texts

_Said = tuple[HeardWord, ...]
"""A segment's words with their places counted from the first of them."""


class Doubts:
    """Looks at one recording. Nothing is changed by what is found, and without a lexicon nothing is looked for."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._looked_at: dict[_Said, tuple[NearMiss, ...]] = {}
        self._ahead = 0

    def look_ahead(self, segments: Sequence[Segment]) -> None:
        """Look at the first segments of the recording, as far as they are settled, so that its end need not wait."""
        if self._lexicon.entries:
            for segment in segments[self._ahead :]:
                self._near_misses(segment)
            self._ahead = max(self._ahead, len(segments))

    def of(self, written: Finished, segments: Sequence[Segment]) -> tuple[Suggestion, ...]:
        """Near misses of the lexicon's terms, and every mention of a drug that looks or sounds like another, in order.

        Args:
            written: what is shown; suggestions name places in it.
            segments: as they were recognised, with the confidences of their words. A term does not go over the pause
                between two of them.
        """
        if not self._lexicon.entries:
            return ()
        words = [word for segment in segments for word in segment.words]
        misses = [miss for segment in segments for miss in self._near_misses(segment)]
        found = [*_placed(written, misses), *_look_alikes(written, words)]
        return tuple(sorted(found, key=lambda one: (one.start, one.kind)))

    def _near_misses(self, segment: Segment) -> list[NearMiss]:
        """With their places in the raw text; those that are remembered count from the segment's first word."""
        if not segment.words:
            return []
        said, first = _said(segment), segment.words[0].raw_start
        if said not in self._looked_at:
            self._looked_at[said] = suggest(said, self._lexicon)
        return [miss._replace(start=miss.start + first, end=miss.end + first) for miss in self._looked_at[said]]


def _said(segment: Segment) -> _Said:
    first = segment.words[0].raw_start
    return tuple(
        HeardWord(word.text, word.raw_start - first, word.raw_end - first, word.confidence) for word in segment.words
    )


def _placed(written: Finished, misses: Sequence[NearMiss]) -> list[Suggestion]:
    ends = [span.raw_end for span in written.spans]
    starts = [span.raw_start for span in written.spans]
    found = []
    for miss in misses:
        # Spans lie in the order of what they came from.
        inside = written.spans[bisect_right(ends, miss.start) : bisect_left(starts, miss.end)]
        place = _place(inside, miss.start, miss.end)
        if place is None:
            continue
        found.append(
            Suggestion(
                kind="near-miss",
                start=place[0],
                end=place[1],
                raw_start=miss.start,
                raw_end=miss.end,
                heard=written.text[place[0] : place[1]],
                term=miss.term,
                category=miss.category,
                heard_confidence=miss.confidence,
                term_confidence=miss.closeness,
            )
        )
    return found


def _look_alikes(written: Finished, words: Sequence[Word]) -> list[Suggestion]:
    span_starts, span_ends = [span.start for span in written.spans], [span.end for span in written.spans]
    word_starts, word_ends = [word.raw_start for word in words], [word.raw_end for word in words]
    found = []
    for mention in find_look_alikes(written.text):
        spans = written.spans[bisect_right(span_ends, mention.start) : bisect_left(span_starts, mention.end)]
        if not spans:
            continue
        raw = spans[0].raw_start, spans[-1].raw_end
        sure = [word.confidence for word in words[bisect_right(word_ends, raw[0]) : bisect_left(word_starts, raw[1])]]
        found.append(
            Suggestion(
                kind="look-alike",
                start=mention.start,
                end=mention.end,
                raw_start=raw[0],
                raw_end=raw[1],
                heard=mention.drug,
                term=mention.other,
                category="drug",
                heard_confidence=min(sure, default=None),
                term_confidence=closeness_of_texts(mention.drug, mention.other),
            )
        )
    return found


def _place(inside: Sequence[Span], raw_start: int, raw_end: int) -> tuple[int, int] | None:
    """Where a stretch of the raw text stands in what was written, given the spans that came from any of it; cut to it
    where a span is written as it was said."""
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    start, end = first.start, last.end
    if first.end - first.start == first.raw_end - first.raw_start:
        start = max(start, first.start + raw_start - first.raw_start)
    if last.end - last.start == last.raw_end - last.raw_start:
        end = min(end, last.start + raw_end - last.raw_start)
    return (start, end) if start < end else None
