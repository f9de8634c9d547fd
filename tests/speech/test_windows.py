from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech.windows import FIELD, ROW, WINDOW, Window, row_span, rows, windows

lengths = st.one_of(
    st.integers(FIELD, 3 * WINDOW),
    st.integers(FIELD, 6 * 3600 * 16_000),
    # The seams: a window is just full, or just one sample more.
    st.builds(lambda n, off: 256_000 * n + 64_000 + off, st.integers(1, 40), st.integers(-ROW - 400, ROW + 400)),
)


@dataclass
class _Extractor:
    """Remembers how many samples it was given last."""

    sampling_rate: int = 16_000
    heard: int = 0

    def __call__(self, chunk: Any, **_: Any) -> dict[str, Any]:
        self.heard = len(chunk)
        return {}


@given(lengths)
def test_kept_rows_are_those_of_the_whole_recording(samples: int) -> None:
    at = 0
    for window in windows(samples):
        assert window.first_row == at
        assert window.keep_from < window.keep_to <= rows(window.last - window.first)
        at += window.keep_to - window.keep_from
    assert at == rows(samples)


@given(lengths)
def test_what_a_kept_row_hears_lies_within_its_window(samples: int) -> None:
    for window in windows(samples):
        assert 0 <= window.first < window.last <= samples
        assert window.last - window.first <= WINDOW
        assert window.first % ROW == 0
        assert window.first_row * ROW >= window.first
        last_row = window.first_row + window.keep_to - window.keep_from - 1
        assert last_row * ROW + FIELD <= window.last


@pytest.fixture(scope="module")
def theirs() -> ModuleType:
    from transformers.pipelines import automatic_speech_recognition

    return automatic_speech_recognition


@given(samples=lengths)
def test_windows_are_those_of_the_transformers_pipeline(theirs: ModuleType, samples: int) -> None:
    extractor = _Extractor()
    cut = []
    for index, chunk in enumerate(theirs.chunk_iter(np.broadcast_to(0, samples), extractor, 320_000, 32_000, 32_000)):
        total, left, right = theirs.rescale_stride([chunk["stride"]], 1 / 640)[0]
        first = 256_000 * index
        kept = range(rows(extractor.heard))[left : total - right]
        cut.append(Window(first, first + extractor.heard, kept.start, kept.stop))
    assert list(windows(samples)) == cut


def test_one_row_is_heard_in_the_shortest_recording() -> None:
    assert rows(FIELD - 1) == 0
    assert rows(FIELD) == 1
    assert [rows(seconds * 16_000) for seconds in (5, 20, 60)] == [122, 497, 1497]


def test_rows_stand_for_forty_milliseconds_about_the_middle_of_what_they_hear() -> None:
    assert row_span(0) == (840, 1480)
    assert sum(row_span(0)) / 2 == FIELD / 2
    assert all(row_span(row)[1] == row_span(row + 1)[0] for row in range(5))
