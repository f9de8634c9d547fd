from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech.audio import RATE
from pipelines.speech.pieces import LONG_PAUSE_SECONDS, PIECE_SECONDS, Piece, Pieces, split
from pipelines.speech.voice import Spans


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


class Told:
    """A voice detector that was told where somebody speaks, and has heard as far as ``at``."""

    def __init__(self, spans: Spans) -> None:
        self._all = spans
        self.at = 0
        self.over = False

    @property
    def _told(self) -> int:
        return self.at if self.over else self.at - RATE // 10

    @property
    def spans(self) -> Spans:
        return tuple(span for span in self._all if span[1] <= self._told)

    @property
    def settled_to(self) -> int:
        return next((start for start, end in self._all if start < self.at and end > self._told), self.at)

    @property
    def speaking(self) -> bool:
        return self.settled_to < self.at


def _heard(spans: Spans, length: int, steps: Sequence[int]) -> tuple[Piece, ...]:
    """The pieces of a recording that came in steps of so many samples."""
    voice = Told(spans)
    pieces = Pieces(voice)
    found: list[Piece] = []
    for step in steps:
        voice.at = min(length, voice.at + step)
        found += pieces.over()
        assert pieces.needed_from <= min((span[0] for span in spans if span[1] > voice.at), default=length)
        assert all(piece.first >= (found[-1].last if found else 0) for piece in pieces.open(voice.at))
    voice.at, voice.over = length, True
    return (*found, *pieces.last(length))


@given(_speech(), st.integers(RATE // 2, 60 * RATE))
def test_all_speech_is_in_a_piece_and_no_piece_is_too_long(speech: tuple[Spans, int], step: int) -> None:
    spans, length = speech
    cut = _heard(spans, length, [step] * (length // step))
    assert tuple(span for piece in cut for span in piece.speech) == spans
    assert all(0 <= piece.first <= piece.speech[0][0] < piece.speech[-1][1] <= piece.last <= length for piece in cut)
    assert all(before.last <= after.first for before, after in pairwise(cut))
    assert all((piece.last - piece.first) / RATE < 28 for piece in cut)


@given(_speech(), st.lists(st.integers(1, 20 * RATE), max_size=40))
def test_pieces_do_not_depend_on_how_the_sound_came(speech: tuple[Spans, int], steps: list[int]) -> None:
    spans, length = speech
    assert _heard(spans, length, steps) == _heard(spans, length, [])


def test_only_long_pauses_and_length_end_a_piece() -> None:
    def cut(spans: Spans, seconds: int) -> int:
        return len(_heard(spans, seconds * RATE, []))

    long = LONG_PAUSE_SECONDS + 0.5
    assert cut(_spans((0, 5), (6, 9)), 10) == 1
    assert cut(_spans((0, 5), (5 + long, 9 + long)), 20) == 2
    assert cut(_spans((0, 15), (16, 30)), 31) == 2


def test_a_piece_ends_as_soon_as_the_pause_is_long() -> None:
    voice = Told(_spans((1, 4), (9, 12)))
    pieces = Pieces(voice)
    voice.at = 5 * RATE
    assert list(pieces.over()) == []
    voice.at = 7 * RATE
    assert [piece.speech for piece in pieces.over()] == [_spans((1, 4))]
    assert pieces.needed_from > 6 * RATE


def test_what_is_open_is_all_that_was_not_in_a_piece() -> None:
    voice = Told(_spans((1, 20), (21, 40)))
    pieces = Pieces(voice)
    voice.at = 22 * RATE
    assert list(pieces.over()) == []
    (open_,) = pieces.open(voice.at)
    assert open_.speech == _spans((1, 20), (21, 22))
    voice.at = 30 * RATE
    assert [piece.speech for piece in pieces.open(voice.at)] == [_spans((1, 20)), _spans((21, 30))]


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
