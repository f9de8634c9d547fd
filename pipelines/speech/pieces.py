"""Where a recording is cut for a recogniser that hears at most half a minute at once: in its pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

from pipelines.speech.audio import RATE
from pipelines.speech.voice import LONGEST_SECONDS, Spans

#: Longest piece: below Whisper's window of 30 s by more than the margins.
PIECE_SECONDS: Final = LONGEST_SECONDS
#: A pause this long ends a piece: inside one it tempts the decoder to stop, or to fill it with words.
LONG_PAUSE_SECONDS: Final = 2.0
#: Kept of the pause before and after a piece, so that soft beginnings and endings are not cut off.
MARGIN_SECONDS: Final = 0.3
_MARGIN: Final = int(MARGIN_SECONDS * RATE)


@dataclass(frozen=True)
class Piece:
    """Samples [first, last) that are recognised in one go, and where in them somebody speaks."""

    first: int
    last: int
    speech: Spans


class Voice(Protocol):
    """What is known of where somebody speaks while the sound comes in; a `VoiceStream` is one."""

    @property
    def spans(self) -> Spans: ...

    @property
    def settled_to(self) -> int: ...

    @property
    def speaking(self) -> bool: ...


class Pieces:
    """Gathers speech into as few pieces as long pauses and the length of a piece allow, as it comes in.

    Every span is wholly inside one piece; pieces do not overlap.
    """

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._seen = 0
        self._group: list[tuple[int, int]] = []
        self._low = 0
        """Where the present piece may begin: in the middle of the pause before it."""

    @property
    def needed_from(self) -> int:
        """Samples before this one are in no piece to come."""
        begins = self._group[0][0] if self._group else self._voice.settled_to
        return max(self._low, begins - _MARGIN)

    def over(self) -> Iterator[Piece]:
        """Every piece that has ended by what the voice detector has heard so far."""
        spans = self._voice.spans
        for span in spans[self._seen :]:
            self._seen += 1
            if self._group and not self._fits(span):
                yield self._end(span[0])
            self._group.append(span)
        # Nothing begins before `settled_to`: the pause is long already, whatever comes.
        if self._group and self._voice.settled_to - self._group[-1][1] >= LONG_PAUSE_SECONDS * RATE:
            yield self._end(self._voice.settled_to)

    def last(self, end: int) -> Iterator[Piece]:
        """The pieces that end with the recording, after ``end`` samples. The voice detector must have finished."""
        yield from self.over()
        if self._group:
            yield self._end(2 * end - self._group[-1][1], end)

    def open(self, end: int) -> tuple[Piece, ...]:
        """What was spoken since the last piece ended, as far as ``end``: one piece as it stands, or two."""
        now = ((self._voice.settled_to, end),) if self._voice.speaking and self._voice.settled_to < end else ()
        if not self._group or (now and not self._fits(now[0])):
            groups = [group for group in (tuple(self._group), now) if group]
        else:
            groups = [(*self._group, *now)]
        return _with_margins(groups, self._low, end)

    def _fits(self, span: tuple[int, int]) -> bool:
        return (
            span[1] - self._group[0][0] <= PIECE_SECONDS * RATE
            and span[0] - self._group[-1][1] < LONG_PAUSE_SECONDS * RATE
        )

    def _end(self, following: int, most: int | None = None) -> Piece:
        """End the present piece; speech goes on at ``following`` or later."""
        group, self._group = tuple(self._group), []
        middle = (group[-1][1] + following) // 2
        last = min(middle, group[-1][1] + _MARGIN, *(() if most is None else (most,)))
        piece = Piece(max(self._low, group[0][0] - _MARGIN), last, group)
        self._low = middle
        return piece


def split(piece: Piece, at: float) -> tuple[Piece, ...]:
    """Cut a piece in two, in the pause that begins nearest to the sample ``at``, or there if it has no pause."""
    if len(piece.speech) < 2:
        cut = min(max(int(at), piece.first + RATE // 2), piece.last - RATE // 2)
        if not piece.first < cut < piece.last:
            return (piece,)
        sides = ((piece.first, cut), (cut, piece.last))
        return tuple(
            Piece(a, b, tuple((max(a, s), min(b, e)) for s, e in piece.speech if s < b and e > a)) for a, b in sides
        )
    after = min(range(1, len(piece.speech)), key=lambda i: abs(piece.speech[i - 1][1] - at))
    return _with_margins([piece.speech[:after], piece.speech[after:]], piece.first, piece.last)


def _with_margins(groups: Sequence[Sequence[tuple[int, int]]], first: int, last: int) -> tuple[Piece, ...]:
    if not groups:
        return ()
    edges = [
        first,
        *((a[-1][1] + b[0][0]) // 2 for a, b in pairwise(groups)),
        last,
    ]
    return tuple(
        Piece(max(low, group[0][0] - _MARGIN), min(high, group[-1][1] + _MARGIN), tuple(group))
        for group, low, high in zip(groups, edges[:-1], edges[1:], strict=True)
    )
