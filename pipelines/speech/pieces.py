"""Where a recording is cut for a recogniser that hears at most half a minute at once: in its pauses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from pipelines.quiet import silence_telemetry
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples

#: Gentler than Silero's 0.5, so that quiet or hoarse speech is kept; silence and noise still give nothing.
VOICE_THRESHOLD: Final = 0.35
#: Shorter gaps belong to the flow of a sentence.
PAUSE_MS: Final = 300
#: Longest piece: below Whisper's window of 30 s by more than the margins.
PIECE_SECONDS: Final = 25.0
#: A pause this long ends a piece: inside one it tempts the decoder to stop, or to fill it with words.
LONG_PAUSE_SECONDS: Final = 2.0
#: Kept of the pause before and after a piece, so that soft beginnings and endings are not cut off.
MARGIN_SECONDS: Final = 0.3
#: Long recordings go through in stretches, cut in their quietest moment, so that memory does not grow with them.
STRETCH_SECONDS: Final = 300
_CUT_SEARCH_SECONDS: Final = 20

Spans = tuple[tuple[int, int], ...]
"""Samples [first, last), in order, none overlapping."""


@dataclass(frozen=True)
class Piece:
    """Samples [first, last) that are recognised in one go, and where in them somebody speaks."""

    first: int
    last: int
    speech: Spans


def stretches(samples: Samples) -> Iterator[tuple[int, int]]:
    """Cut a recording into stretches [first, last) of at most five minutes, each cut in the quietest tenth of a second
    of the last twenty."""
    first, hop = 0, RATE // 10
    while len(samples) - first > STRETCH_SECONDS * RATE:
        end = first + STRETCH_SECONDS * RATE
        search = samples[end - _CUT_SEARCH_SECONDS * RATE : end].reshape(-1, hop)
        quietest = int(np.argmin(np.einsum("ij,ij->i", search, search)))
        cut = end - _CUT_SEARCH_SECONDS * RATE + quietest * hop + hop // 2
        yield first, cut
        first = cut
    yield first, len(samples)


def speech_spans(samples: Samples, offset: int = 0) -> Spans:
    """Where somebody speaks, by Silero's voice detector; ``offset`` is added to every position. None is longer than a
    piece may be."""
    silence_telemetry()
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=VOICE_THRESHOLD,
        min_silence_duration_ms=PAUSE_MS,
        speech_pad_ms=0,
        max_speech_duration_s=PIECE_SECONDS,
    )
    found = get_speech_timestamps(samples, options)
    return tuple((offset + span["start"], offset + min(span["end"], len(samples))) for span in found)


def pieces(speech: Spans, first: int, last: int) -> tuple[Piece, ...]:
    """Gather speech within [first, last) into as few pieces as long pauses and the length of a piece allow.

    Every span is wholly inside one piece; pieces do not overlap.
    """
    groups: list[list[tuple[int, int]]] = []
    for span in speech:
        if (
            groups
            and span[1] - groups[-1][0][0] <= PIECE_SECONDS * RATE
            and span[0] - groups[-1][-1][1] < LONG_PAUSE_SECONDS * RATE
        ):
            groups[-1].append(span)
        else:
            groups.append([span])
    return _with_margins(groups, first, last)


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
    margin = int(MARGIN_SECONDS * RATE)
    if not groups:
        return ()
    edges = [
        first,
        *((a[-1][1] + b[0][0]) // 2 for a, b in pairwise(groups)),
        last,
    ]
    return tuple(
        Piece(max(low, group[0][0] - margin), min(high, group[-1][1] + margin), tuple(group))
        for group, low, high in zip(groups, edges[:-1], edges[1:], strict=True)
    )
