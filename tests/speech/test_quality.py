from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Quality
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.quality import QualityMeter, quality_warnings
from pipelines.speech.voice import VoiceDetector
from tests.speech.sounds import tone
from tests.support import noises

CLINIC = Path("samples/recordings/cardiology-clinic.flac")


@pytest.fixture(scope="module")
def clinic() -> Samples:
    samples, rate = sf.read(CLINIC, dtype="float32")
    assert rate == RATE
    return samples


@pytest.fixture(scope="module")
def spoken(clinic: Samples) -> list[tuple[float, float]]:
    stream = VoiceDetector().listen()
    stream.hear(clinic)
    stream.finish()
    return [(first / RATE, last / RATE) for first, last in stream.spans]


def measured(samples: Samples, speech: list[tuple[float, float]], rate: int = RATE, block: int = 10**9) -> Quality:
    meter = QualityMeter(rate)
    for start in range(0, len(samples), block):
        meter.hear(samples[start : start + block])
    return meter.finish(speech)


def at_level(samples: Samples, speech: list[tuple[float, float]], level_db: float) -> Samples:
    """Brought to this level where somebody speaks."""
    now = measured(samples, speech).speech_db
    assert now is not None
    return samples * np.float32(10 ** ((level_db - now) / 20))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_levels_are_what_they_are(rate: int) -> None:
    sound = np.concatenate((np.zeros(2 * rate, np.float32), tone(rate, seconds=2, peak=0.5)[:, 0]))
    quality = measured(sound, [(2, 4)], rate)
    assert quality.peak_db == pytest.approx(-6.0, abs=0.1)
    assert quality.speech_db == pytest.approx(-9.0, abs=0.1)
    assert quality.noise_db == -120
    assert quality.speech_seconds == 2
    assert quality.clipped == 0


def test_noise_is_the_level_between_the_words(clinic: Samples, spoken: list[tuple[float, float]]) -> None:
    hiss = noises.at_level(noises.noise(len(clinic) / RATE, 0), -52)
    assert measured(clinic + hiss, spoken).noise_db == pytest.approx(-52, abs=1)


@pytest.mark.parametrize("block", [1, 333, 512, 16_000, 100_000])
def test_how_the_sound_is_cut_makes_no_difference(clinic: Samples, block: int) -> None:
    sound = np.clip(clinic[: (1 if block == 1 else 5) * RATE + 99] * 6, -1, 1)
    speech = [(0.5, 0.9), (1.2, 4.0)]
    assert measured(sound, speech, block=block) == measured(sound, speech)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, -1.0]), max_size=60), st.integers(1, 7))
def test_samples_cut_off_are_those_in_runs_at_full_scale(wave: list[float], block: int) -> None:
    runs = "".join("x" if abs(it) == 1 else "." for it in wave).split(".")
    expected = sum(len(run) for run in runs if len(run) >= 3)
    quality = measured(np.asarray(wave, np.float32), [], block=block)
    assert quality.clipped == pytest.approx(expected / len(wave) if wave else 0)


def test_nothing_heard_is_measured_as_nothing() -> None:
    quality = measured(np.empty(0, np.float32), [])
    assert (quality.speech_db, quality.noise_db, quality.band_hz, quality.clipped) == (None, None, None, 0)
    assert measured(np.zeros(50, np.float32), [(0, 1)]).band_hz is None


def _telephone(samples: Samples) -> Samples:
    return soxr.resample(soxr.resample(samples, RATE, 8_000), 8_000, 48_000).astype(np.float32)


def test_the_band_is_where_the_sound_ends(clinic: Samples, spoken: list[tuple[float, float]]) -> None:
    wide = measured(clinic, spoken).band_hz
    narrow = measured(_telephone(clinic), spoken, 48_000).band_hz
    assert wide is not None
    assert narrow is not None
    assert wide > 7_000
    assert 3_400 <= narrow <= 4_250


def test_hiss_above_the_telephone_band_is_no_speech(clinic: Samples, spoken: list[tuple[float, float]]) -> None:
    call = _telephone(clinic)
    hiss = np.random.default_rng(0).normal(0, 1e-3, len(call)).astype(np.float32)
    band = measured(call + hiss, spoken, 48_000).band_hz
    assert band is not None
    assert band <= 4_250


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize("path", sorted(Path("samples/recordings").glob("question-*.flac")), ids=lambda path: path.stem)
def test_a_good_recording_gives_no_warning(path: Path, rate: int) -> None:
    samples, _ = sf.read(path, dtype="float32")
    stream = VoiceDetector().listen()
    stream.hear(samples)
    stream.finish()
    speech = [(first / RATE, last / RATE) for first, last in stream.spans]
    resampled = soxr.resample(samples, RATE, rate).astype(np.float32)
    assert quality_warnings(measured(resampled, speech, rate)) == ()


def test_each_fault_is_told_with_its_remedy(clinic: Samples, spoken: list[tuple[float, float]]) -> None:
    hiss = noises.at_level(noises.noise(len(clinic) / RATE, 3), -35)
    faults = {
        "too quiet": measured(at_level(clinic, spoken, -64), spoken),
        "clipped": measured(np.clip(clinic * 10, -1, 1), spoken),
        "noisy": measured(clinic + hiss, spoken),
        "telephone": measured(_telephone(clinic), spoken, 48_000),
    }
    for fault, quality in faults.items():
        (line,) = quality_warnings(quality)
        assert line.startswith(fault)
        assert "; " in line
        assert "\n" not in line


def test_noise_hides_where_the_band_ends(clinic: Samples, spoken: list[tuple[float, float]]) -> None:
    hiss = noises.at_level(noises.noise(len(clinic) / RATE, 0), -32)
    quality = measured(clinic + hiss, spoken)
    assert quality.band_hz is not None
    (line,) = quality_warnings(quality.model_copy(update={"band_hz": 3_750.0}))
    assert line.startswith("noisy")
