from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech.windows import FIELD, ROW, STEP, WINDOW, Window, Windows, row_span, rows
from tests.support.windows import windows

lengths = st.one_of(
    st.integers(FIELD, 3 * WINDOW),
    # The seams: a window is just full, or just one sample more.
    st.builds(lambda n, off: STEP * n + 64_000 + off, st.integers(1, 12), st.integers(-ROW - 400, ROW + 400)),
)


@given(lengths, st.integers(0, 2**32 - 1))
def test_cut_as_it_comes_in_as_if_all_were_known(samples: int, seed: int) -> None:
    sound = np.arange(samples, dtype=np.float32)
    random = np.random.default_rng(seed)
    cutter, found = Windows(), list[tuple[Window, np.ndarray]]()
    at = 0
    while at < samples:
        size = int(random.integers(0, random.choice([2_000, 100_000, 1_000_000])))
        found += cutter.hear(sound[at : at + size])
        at += size
        assert len(cutter.held()) < WINDOW
    last = cutter.finish()
    found += [last] if last else []
    assert [window for window, _ in found] == list(windows(samples))
    for window, heard in found:
        assert np.array_equal(heard, sound[window.first : window.last])


@given(st.one_of(lengths, st.integers(FIELD, 6 * 3600 * 16_000)))
def test_every_row_of_the_recording_is_heard_and_neighbours_share_four_seconds(samples: int) -> None:
    end = 0
    for window in windows(samples):
        assert window.first % ROW == 0
        assert window.last - window.first <= WINDOW
        if window.first:
            assert end - window.first_row == rows(WINDOW) - STEP // ROW == 97
        end = window.first_row + rows(window.last - window.first)
    assert end == rows(samples)


@dataclass
class _Extractor:
    """Remembers how many samples it was given last."""

    sampling_rate: int = 16_000
    heard: int = 0

    def __call__(self, chunk: Any, **_: Any) -> dict[str, Any]:
        self.heard = len(chunk)
        return {}


@pytest.fixture(scope="module")
def theirs() -> ModuleType:
    from transformers.pipelines import automatic_speech_recognition

    return automatic_speech_recognition


@given(samples=lengths)
def test_windows_are_those_of_the_transformers_pipeline(theirs: ModuleType, samples: int) -> None:
    extractor = _Extractor()
    cut = []
    for index, _ in enumerate(theirs.chunk_iter(np.broadcast_to(0, samples), extractor, 320_000, 32_000, 32_000)):
        first = 256_000 * index
        cut.append(Window(first, first + extractor.heard))
    assert list(windows(samples)) == cut


def test_one_row_is_heard_in_the_shortest_recording() -> None:
    assert rows(FIELD - 1) == 0
    assert rows(FIELD) == 1
    assert [rows(seconds * 16_000) for seconds in (5, 20, 60)] == [122, 497, 1497]


def test_rows_stand_for_forty_milliseconds_about_the_middle_of_what_they_hear() -> None:
    assert row_span(0) == (840, 1480)
    assert sum(row_span(0)) / 2 == FIELD / 2
    assert all(row_span(row)[1] == row_span(row + 1)[0] for row in range(5))
