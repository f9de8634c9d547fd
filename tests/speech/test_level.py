from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.speech.decode import Samples
from pipelines.speech.level import MAX_GAIN_DB, correct_level


def speechlike(seconds: float, rms: float, floor: float = 1e-4, seed: int = 0) -> Samples:
    """Bursts of 0.3 s with pauses of 0.2 s over a noise floor, [n]."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 16_000)
    bursts = (np.arange(n) % 8_000) < 4_800
    return (rng.standard_normal(n) * np.where(bursts, rms, floor)).astype(np.float32)


def rms_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


@settings(max_examples=60, deadline=None)
@given(
    cut=st.integers(0, 16_000),
    loudness=st.floats(1e-5, 2.0),
    change=st.floats(-1, 1),
    seed=st.integers(0, 1_000),
)
def test_output_up_to_a_moment_depends_on_nothing_after_it(cut: int, loudness: float, change: float, seed: int) -> None:
    one = speechlike(1.0, loudness, seed=seed)
    other = one.copy()
    other[cut:] = change
    assert np.array_equal(correct_level(one)[0][:cut], correct_level(other)[0][:cut])
    assert np.array_equal(correct_level(one)[0][:cut], correct_level(one[:cut])[0])


@settings(max_examples=60, deadline=None)
@given(loudness=st.floats(0, 1e6), floor=st.floats(0, 1), seed=st.integers(0, 1_000))
def test_nothing_clips_and_the_gain_stays_bounded(loudness: float, floor: float, seed: int) -> None:
    out, (least, greatest) = correct_level(speechlike(0.5, loudness, floor, seed))
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 1.0
    assert least <= 0.0 <= greatest <= MAX_GAIN_DB


def test_normal_speech_is_left_as_it_is() -> None:
    speech = speechlike(3, 0.08)
    out, gain_db = correct_level(speech)
    assert gain_db == (0.0, 0.0)
    assert np.array_equal(out, speech)


@pytest.mark.parametrize("rms", [0.001, 0.003])
def test_quiet_speech_comes_up(rms: float) -> None:
    speech = speechlike(6, rms, floor=1e-5)
    out, (_, greatest) = correct_level(speech)
    assert rms_db(out[-32_000:]) - rms_db(speech[-32_000:]) > 15
    assert 15 < greatest <= MAX_GAIN_DB


def test_loud_speech_comes_down() -> None:
    out, (least, greatest) = correct_level(speechlike(3, 0.9, floor=0.01))
    assert least < -5
    assert greatest == 0.0
    assert rms_db(out[-16_000:]) < -10


@pytest.mark.parametrize("level", [1e-4, 1e-3, 1e-2])
def test_steady_noise_is_not_brought_up(level: float) -> None:
    noise = (np.random.default_rng(0).standard_normal(80_000) * level).astype(np.float32)
    out, _ = correct_level(noise)
    assert rms_db(out) - rms_db(noise) < 1


def test_pauses_between_quiet_words_stay_quiet() -> None:
    speech = speechlike(6, 0.004, floor=0.0008)
    out, _ = correct_level(speech)
    pause = np.arange(len(speech)) % 8_000 > 5_500
    assert rms_db(out[-32_000:][pause[-32_000:]]) < -48


@pytest.mark.parametrize("length", [0, 1, 159, 160, 161])
def test_length_is_kept(length: int) -> None:
    assert len(correct_level(np.zeros(length, np.float32))[0]) == length
