"""Where windows meet and where utterances are cut, no token is lost or doubled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.speech import ctc
from pipelines.speech.ctc import Alphabet
from pipelines.speech.posteriors import Posteriors, Seams, softmax
from pipelines.speech.utterances import LEAST_ROWS, MOST_ROWS, Utterances
from pipelines.speech.windows import rows
from tests.support.windows import windows

IDS = 6
ALPHABET = Alphabet((None, "▁a", "▁b", "▁c", "▁d", "▁e"), blank=0)


def spoken(count: int, seed: int, repeats: float = 0.3) -> tuple[list[int], NDArray[np.int64]]:
    """Tokens of one to four rows each with blanks between them where they are equal, and the id of every row."""
    random = np.random.default_rng(seed)
    tokens: list[int] = []
    path: list[int] = []
    while len(path) < count:
        path += [0] * int(random.choice([0, 1, 2, 40], p=[0.3, 0.3, 0.3, 0.1]))
        token = tokens[-1] if tokens and random.random() < repeats else int(random.integers(1, IDS))
        if path and path[-1] == token:
            path.append(0)
        tokens.append(token)
        path += [token] * int(random.integers(1, 5))
    path += [0] * 3
    return tokens, np.array(path)


def logits_of(path: NDArray[np.int64], sureness: float) -> NDArray[np.float32]:
    logits = np.zeros((len(path), IDS), np.float32)
    logits[np.arange(len(path)), path] = sureness
    return logits


def samples_for(count: int) -> int:
    """The fewest samples that give so many rows."""
    return (count - 1) * 640 + 2_320


def joined(whole: NDArray[np.float32], noise: float, seed: int) -> list[Posteriors]:
    """The rows as windows give them, each window wrong in its own way near its edges."""
    random = np.random.default_rng(seed)
    seams, found = Seams(ALPHABET.blank), []
    for window in windows(samples_for(len(whole))):
        part = whole[window.first_row : window.first_row + rows(window.last - window.first)].copy()
        edge = np.minimum(np.arange(len(part)), np.arange(len(part))[::-1])
        inner = np.ones(len(part))
        inner[: 25 if window.first else 0] = 0
        inner[len(part) - 25 if window.last < samples_for(len(whole)) else len(part) :] = 0
        shake = random.standard_normal(part.shape) * noise * ((inner == 0) & (edge < 25))[:, None]
        found.append(seams.join(window, (part + shake).astype(np.float32)))
    last = seams.finish()
    return [*found, last] if last is not None else found


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 2_600), seed=st.integers(0, 2**32 - 1))
def test_windows_that_agree_give_the_whole_recording(count: int, seed: int) -> None:
    tokens, path = spoken(count, seed)
    posteriors = np.concatenate(joined(logits_of(path, 9.0), 0.0, seed))
    assert len(posteriors) == len(path)
    assert posteriors.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert [t.id for t in ctc.collapse(*ctc.best_path(posteriors), ALPHABET)] == tokens


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_window_that_is_wrong_at_its_edge_is_outvoted(seed: int) -> None:
    """Logits of 9 shaken by 4 in the last second of a window: alone one row in seven would say something else."""
    tokens, path = spoken(1_700, seed)
    posteriors = np.concatenate(joined(logits_of(path, 9.0), 4.0, seed))
    assert [t.id for t in ctc.collapse(*ctc.best_path(posteriors), ALPHABET)] == tokens


@pytest.mark.parametrize("shift", range(-3, 4))
@pytest.mark.parametrize("repeat", [1, 2])
def test_a_token_on_the_seam_is_written_once_and_a_repeated_one_twice(shift: int, repeat: int) -> None:
    for edge in (400, 497, 800, 897):
        path = np.zeros(1_400, np.int64)
        for n in range(repeat):
            at = edge + shift + 3 * n
            path[at : at + 2] = 3
        posteriors = np.concatenate(joined(logits_of(path, 9.0), 0.0, 0))
        assert [t.id for t in ctc.collapse(*ctc.best_path(posteriors), ALPHABET)] == [3] * repeat


@pytest.mark.parametrize("late", [-2, -1, 1, 2])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_windows_that_hear_a_token_at_another_row_neither_lose_nor_double_it(late: int, seed: int) -> None:
    """Every other window hears everything a row or two earlier or later; a plain average loses one token in two."""
    random = np.random.default_rng(seed)
    path = np.zeros(1_400, np.int64)
    places = np.cumsum(random.integers(6, 12, 200))
    places = places[places < 1_380]
    path[places] = random.integers(1, IDS, len(places))
    seams, found = Seams(ALPHABET.blank), []
    for number, window in enumerate(windows(samples_for(len(path)))):
        heard = np.roll(path, late if number % 2 else 0)[window.first_row :][: rows(window.last - window.first)]
        found.append(seams.join(window, logits_of(heard, 9.0)))
    last = seams.finish()
    assert last is not None
    posteriors = np.concatenate([*found, last])
    assert [t.id for t in ctc.collapse(*ctc.best_path(posteriors), ALPHABET)] == path[places].tolist()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), sizes=st.integers(0, 2**32 - 1), sureness=st.floats(0.5, 12))
def test_utterances_hold_every_row_once_however_they_come(seed: int, sizes: int, sureness: float) -> None:
    tokens, path = spoken(4_000, seed)
    posteriors = softmax(logits_of(path, sureness))
    cuts = [cut_in(posteriors, size) for size in (1, 7, 1 + sizes % 3_000, len(posteriors))]
    for cut in cuts:
        assert [u.first_row for u in cut] == [u.first_row for u in cuts[0]]
        assert np.array_equal(np.concatenate([u.posteriors for u in cut]), posteriors)
        assert all(len(u.posteriors) <= MOST_ROWS for u in cut)
    written = [t.id for u in cuts[0] for t in ctc.collapse(*ctc.best_path(u.posteriors), ALPHABET)]
    assert written == tokens


def test_utterances_end_in_pauses() -> None:
    path = np.zeros(3 * LEAST_ROWS, np.int64)
    path[10:20], path[LEAST_ROWS + 20 : LEAST_ROWS + 30] = 1, 2
    cut = cut_in(softmax(logits_of(path, 12.0)), 11)
    assert [len(ctc.collapse(*ctc.best_path(u.posteriors), ALPHABET)) for u in cut if u.posteriors.argmax(1).any()] == [
        1,
        1,
    ]


def cut_in(posteriors: Posteriors, size: int) -> list:
    utterances = Utterances(ALPHABET.blank)
    found = [u for at in range(0, len(posteriors), size) for u in utterances.add(posteriors[at : at + size])]
    return [*found, utterances.rest()]
