"""Where nobody speaks there are no words, with either engine; and quiet speech, or speech in noise, is still heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.voice import Spans, VoiceDetector
from pipelines.speech.whisper import WhisperRecognizer
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support import noises
from tests.support.medasr_parity import FIRST_CONVOLUTION
from tests.support.tiny_medasr import build_random

RECORDINGS = sorted(Path("samples/recordings").glob("*.flac"))

pytestmark = pytest.mark.filterwarnings(FIRST_CONVOLUTION)


@dataclass(frozen=True)
class Still:
    """A sound in which nobody speaks: its first half quiet, its second loud."""

    make: Callable[[float], noises.Sound]
    levels: tuple[float, float]
    """RMS of the halves in dBFS."""

    def samples(self, seconds: float) -> Samples:
        """As a recogniser is given it, level corrected, [n]."""
        halves = np.split(self.make(seconds), 2)
        sound = [noises.at_level(half, level) for half, level in zip(halves, self.levels, strict=True)]
        return correct_level(np.concatenate(sound))[0]


STILL = {
    "white noise": Still(partial(noises.noise, slope_db=0), (-45, -10)),
    "pink noise": Still(partial(noises.noise, slope_db=3), (-45, -20)),
    "brown noise": Still(partial(noises.noise, slope_db=6), (-45, -20)),
    "hum at 50 Hz": Still(partial(noises.hum, mains=50), (-45, -15)),
    "hum at 60 Hz": Still(partial(noises.hum, mains=60), (-45, -15)),
    "band": Still(noises.music, (-35, -15)),
    "arpeggio": Still(noises.arpeggio, (-35, -15)),
    "chords": Still(noises.chords, (-35, -15)),
    "drums": Still(noises.drums, (-35, -15)),
}


@pytest.fixture(scope="module")
def gibberish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MedASR with random weights: it writes something wherever it is let."""
    return build_random(tmp_path_factory.mktemp("gibberish") / "medasr")


@pytest.fixture(scope="module")
def detector() -> VoiceDetector:
    return VoiceDetector()


def _words(samples: Samples, folder: Path) -> list[str]:
    """What either engine writes."""
    medasr = MedASRRecognizer(ModelFolder(folder, MEDASR), threads=1)
    return [engine.recognise(samples).raw for engine in (WhisperRecognizer(threads=1), medasr)]


@pytest.mark.long
@pytest.mark.parametrize("sound", STILL)
def test_ten_minutes_without_a_voice_give_no_words(sound: str, gibberish: Path) -> None:
    assert _words(STILL[sound].samples(600), gibberish) == ["", ""]


@pytest.mark.long
def test_ten_minutes_of_silence_give_no_words(gibberish: Path) -> None:
    assert _words(np.zeros(600 * RATE, np.float32), gibberish) == ["", ""]


@pytest.mark.parametrize("sound", ["white noise", "hum at 50 Hz", "band"])
def test_without_the_gate_there_would_be_words(sound: str, gibberish: Path) -> None:
    samples = STILL[sound].samples(12)
    ungated = MedASRRecognizer(ModelFolder(gibberish, MEDASR), threads=1, voice_gate=False)
    assert ungated.recognise(samples).raw != ""
    assert _words(samples, gibberish) == ["", ""]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_quiet_speech_and_speech_in_noise_are_voice(path: Path, detector: VoiceDetector) -> None:
    speech, rate = sf.read(path, dtype="float32")
    assert rate == RATE
    loud = _spans(detector, speech)
    assert loud
    spoken = np.concatenate([speech[first:last] for first, last in loud])
    level = 10 * np.log10(np.mean(np.square(spoken, dtype=np.float64)))
    seconds = len(speech) / RATE
    quiet = speech * np.float32(10 ** ((-45 - level) / 20))
    noisy = [
        speech + noises.at_level(noises.noise(seconds, slope), level - 10)[: len(speech)] for slope in (0.0, 3.0, 6.0)
    ]
    for heard in (quiet, *noisy):
        assert _covered(loud, _spans(detector, heard)) > 0.95


def _spans(detector: VoiceDetector, samples: Samples) -> Spans:
    stream = detector.listen()
    stream.hear(samples)
    stream.finish()
    return stream.spans


def _covered(wanted: Spans, found: Spans) -> float:
    """Share of the samples in ``wanted`` that are in ``found``."""
    both = sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in wanted for b in found)
    return both / sum(last - first for first, last in wanted)
