from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech.audio import RATE
from pipelines.speech.pieces import (
    LONG_PAUSE_SECONDS,
    PIECE_SECONDS,
    STRETCH_SECONDS,
    Piece,
    Spans,
    pieces,
    speech_spans,
    split,
    stretches,
)


def _spans(*seconds: tuple[float, float]) -> Spans:
    return tuple((int(start * RATE), int(end * RATE)) for start, end in seconds)


@st.composite
def _speech(draw: st.DrawFn) -> tuple[Spans, int]:
    at, spans = 0, []
    for pause, length in draw(st.lists(st.tuples(st.floats(0.1, 8), st.floats(0.1, PIECE_SECONDS)), max_size=20)):
        start = at + int(pause * RATE)
        at = start + int(length * RATE)
        spans.append((start, at))
    return tuple(spans), at + int(draw(st.floats(0, 3)) * RATE)


@given(_speech())
def test_all_speech_is_in_a_piece_and_no_piece_is_too_long(speech: tuple[Spans, int]) -> None:
    spans, length = speech
    cut = pieces(spans, 0, length)
    assert tuple(span for piece in cut for span in piece.speech) == spans
    assert all(0 <= piece.first <= piece.speech[0][0] < piece.speech[-1][1] <= piece.last <= length for piece in cut)
    assert all(before.last <= after.first for before, after in pairwise(cut))
    assert all((piece.last - piece.first) / RATE < 28 for piece in cut)


def test_only_long_pauses_and_length_end_a_piece() -> None:
    long = LONG_PAUSE_SECONDS + 0.5
    assert len(pieces(_spans((0, 5), (6, 9)), 0, 10 * RATE)) == 1
    assert len(pieces(_spans((0, 5), (5 + long, 9 + long)), 0, 20 * RATE)) == 2
    assert len(pieces(_spans((0, 15), (16, 30)), 0, 30 * RATE)) == 2


def test_a_piece_is_split_in_the_pause_nearest_to_the_place() -> None:
    speech = _spans((0.5, 3), (4, 8), (9, 12))
    first, second = split(Piece(0, 13 * RATE, speech), 8.4 * RATE)
    assert first.speech == speech[:2]
    assert second.speech == speech[2:]
    assert first.last <= second.first


def test_a_piece_without_pause_is_split_at_the_place() -> None:
    first, second = split(Piece(0, 10 * RATE, _spans((0, 10))), 4 * RATE)
    assert (first.last, second.first) == (4 * RATE, 4 * RATE)
    assert first.speech + second.speech == _spans((0, 4), (4, 10))


def test_a_piece_too_short_to_split_stays() -> None:
    piece = Piece(0, RATE // 2, _spans((0, 0.5)))
    assert split(piece, RATE // 4) == (piece,)


def test_silence_holds_no_speech() -> None:
    assert speech_spans(np.zeros(3 * RATE, np.float32)) == ()


@pytest.mark.parametrize("seconds", [1, STRETCH_SECONDS, STRETCH_SECONDS + 1, 3 * STRETCH_SECONDS])
def test_stretches_cover_everything_once(seconds: int) -> None:
    samples = np.zeros(seconds * RATE, np.float32)
    cuts = list(stretches(samples))
    assert cuts[0][0] == 0
    assert cuts[-1][1] == len(samples)
    assert all(before[1] == after[0] for before, after in pairwise(cuts))
    assert all(0 < last - first <= STRETCH_SECONDS * RATE for first, last in cuts)


def test_stretches_are_cut_in_a_pause() -> None:
    samples = np.full((STRETCH_SECONDS + 60) * RATE, 0.1, np.float32)
    pause = (STRETCH_SECONDS - 7) * RATE
    samples[pause : pause + RATE] = 0
    assert pause <= next(stretches(samples))[1] <= pause + RATE
