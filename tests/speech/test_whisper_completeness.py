from __future__ import annotations

import pytest

from pipelines.speech.completeness import Timed, total, unaccounted


def _words(*times: tuple[float, float], text: str = "normal") -> list[Timed]:
    return [Timed(text, start, end) for start, end in times]


def _evenly(start: float, end: float, step: float = 0.4) -> list[Timed]:
    count = round((end - start) / step)
    return _words(*((start + i * step, start + (i + 1) * step) for i in range(count)))


def test_speech_under_words_is_accounted_for() -> None:
    assert unaccounted([(0.1, 4.0), (5.0, 9.0)], _evenly(0, 4) + _evenly(5, 9)) == ()


def test_speech_after_the_last_word_is_missing() -> None:
    ((start, end),) = unaccounted([(0.0, 10.0)], _evenly(0, 6))
    assert start == pytest.approx(6.0, abs=0.3)
    assert end == 10.0


def test_speech_before_and_between_words_is_missing() -> None:
    found = unaccounted([(0.0, 20.0)], _evenly(3, 8) + _evenly(12, 20))
    assert [round(start) for start, _ in found] == [0, 8]


def test_a_word_stretched_over_speech_accounts_for_no_more_than_itself() -> None:
    ((start, end),) = unaccounted([(0.0, 10.0)], [*_evenly(0, 5), Timed("no", 5.0, 10.0)])
    assert start < 6.5
    assert end == 10.0


def test_a_word_stretched_over_a_pause_hides_nothing() -> None:
    assert unaccounted([(0.0, 5.2), (8.0, 10.0)], [*_evenly(0, 4.8), Timed("no", 4.8, 8.0), *_evenly(8, 10)]) == ()


def test_digits_take_as_long_as_their_words() -> None:
    assert unaccounted([(0.0, 3.4)], [Timed("148/86,", 0.0, 3.2)]) == ()


def test_a_breath_is_not_missing_speech() -> None:
    assert unaccounted([(0.0, 4.9)], _evenly(0, 4)) == ()


def test_speech_without_any_word_is_all_missing() -> None:
    found = unaccounted([(1.0, 4.0), (6.0, 6.4), (7.0, 9.0)], [])
    assert found == ((1.0, 4.0), (7.0, 9.0))
    assert total(found) == 5.0
