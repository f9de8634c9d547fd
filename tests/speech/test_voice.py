from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import ModelNeeded
from pipelines.speech import voice
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.voice import (
    EVIDENCE,
    LONGEST_SECONDS,
    PAUSE_MS,
    RELEASE,
    THRESHOLD,
    WINDOW,
    VoiceDetector,
    VoiceStream,
    voiced_rows,
)
from tests.support import noises

RECORDINGS = sorted(Path("samples/recordings").glob("*.flac"))


@pytest.fixture(scope="module")
def detector() -> VoiceDetector:
    return VoiceDetector()


@pytest.fixture(scope="module")
def clinic() -> Samples:
    return _samples(Path("samples/recordings/cardiology-clinic.flac"))


def _samples(path: Path) -> Samples:
    samples, rate = sf.read(path, dtype="float32")
    assert rate == RATE
    return samples


def _listened(detector: VoiceDetector, samples: Samples, block: int) -> VoiceStream:
    stream = detector.listen()
    for start in range(0, len(samples), block):
        stream.hear(samples[start : start + block])
    stream.finish()
    return stream


def _by_library(samples: Samples) -> list[tuple[int, int]]:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=THRESHOLD, min_silence_duration_ms=PAUSE_MS, speech_pad_ms=0, max_speech_duration_s=LONGEST_SECONDS
    )
    return [(it["start"], min(it["end"], len(samples))) for it in get_speech_timestamps(samples, options)]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_the_stream_finds_what_the_library_finds_in_the_whole(detector: VoiceDetector, path: Path) -> None:
    samples = _samples(path)
    found = _listened(detector, samples, RATE).spans
    expected = _by_library(samples)
    assert len(found) == len(expected) > 0
    assert np.abs(np.subtract(found, expected)).max() <= WINDOW


def test_a_span_that_grows_too_long_is_cut_where_the_library_cuts_it(detector: VoiceDetector, clinic: Samples) -> None:
    speech = _listened(detector, clinic, RATE).spans
    # Pauses shortened to a tenth of a second, so that none ends a span: more than a minute in one breath.
    breathless = np.concatenate([np.append(clinic[a:b], np.zeros(RATE // 10, np.float32)) for a, b in speech] * 3)
    found = _listened(detector, breathless, RATE).spans
    assert len(found) > 2
    assert max(last - first for first, last in found) <= LONGEST_SECONDS * RATE
    assert np.abs(np.subtract(found, _by_library(breathless))).max() <= WINDOW


@pytest.mark.parametrize("block", [1, 37, 160, 512, 513, 4096, 20_000, 10**9])
def test_how_the_sound_is_cut_makes_no_difference(detector: VoiceDetector, clinic: Samples, block: int) -> None:
    samples = clinic[: RATE if block == 1 else 6 * RATE + 7]
    whole, cut = _listened(detector, samples, RATE), _listened(detector, samples, block)
    assert np.array_equal(whole.probabilities, cut.probabilities)
    assert whole.spans == cut.spans
    assert len(whole.probabilities) == -(-len(samples) // WINDOW)


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.integers(RATE // 20, 3 * RATE), max_size=20))
def test_what_is_settled_stays(detector: VoiceDetector, clinic: Samples, steps: list[int]) -> None:
    samples = clinic[: 8 * RATE]
    end = _listened(detector, samples, RATE).spans
    stream, at, states = detector.listen(), 0, []
    for step in (*steps, len(samples)):
        stream.hear(samples[at : at + step])
        at += step
        states.append((stream.spans, stream.settled_to))
        assert stream.settled_to <= min(at, len(samples))
        assert stream.settled_to < len(stream.probabilities) * WINDOW or not stream.speaking
    stream.finish()
    assert stream.spans == end
    assert stream.settled_to == len(samples)
    assert not stream.speaking
    for spans, settled in states:
        assert spans == tuple(span for span in end if span[0] < settled)
        assert all(last <= settled for _, last in spans)
    assert all(a[1] <= b[1] for a, b in pairwise(states))


def test_speech_is_known_while_it_lasts(detector: VoiceDetector, clinic: Samples) -> None:
    first = _listened(detector, clinic, RATE).spans[0]
    stream = detector.listen()
    stream.hear(clinic[: first[0]])
    assert not stream.speaking
    stream.hear(clinic[first[0] : first[0] + RATE // 10])
    assert stream.speaking
    assert stream.spans == ()


def test_what_was_handed_out_does_not_change(detector: VoiceDetector, clinic: Samples) -> None:
    stream = detector.listen()
    stream.hear(clinic[: 2 * RATE])
    early = stream.probabilities
    copy = early.copy()
    stream.hear(np.tile(clinic[2 * RATE :], 3))
    assert np.array_equal(early, copy)
    with pytest.raises(ValueError, match="read-only"):
        early[0] = 1


def test_nothing_heard_is_nothing_found(detector: VoiceDetector) -> None:
    stream = detector.listen()
    stream.hear(np.empty(0, np.float32))
    stream.finish()
    assert (stream.spans, len(stream.probabilities), stream.settled_to, stream.speaking) == ((), 0, 0, False)


def test_two_recordings_do_not_hear_each_other(detector: VoiceDetector, clinic: Samples) -> None:
    alone = _listened(detector, clinic[: 3 * RATE], RATE).probabilities
    one, other = detector.listen(), detector.listen()
    for start in range(0, 3 * RATE, RATE // 2):
        one.hear(clinic[start : start + RATE // 2])
        other.hear(np.random.default_rng(start).normal(0, 0.1, RATE).astype(np.float32))
    one.finish()
    assert np.array_equal(one.probabilities, alone)


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.4, 1.0]), max_size=60),
    st.integers(0, 60),
    st.floats(0, 1),
    st.sampled_from([320, 640, 1000]),
)
def test_a_row_is_voiced_when_its_margin_holds_enough_voice(
    windows: list[float], rows: int, margin: float, row_samples: int
) -> None:
    found = voiced_rows(np.asarray(windows, np.float32), rows, row_samples=row_samples, margin_seconds=margin)
    reach = round(margin * RATE)
    near = [
        [
            max(0.0, probability - RELEASE)
            for i, probability in enumerate(windows)
            if i * WINDOW < (row + 1) * row_samples + reach and (i + 1) * WINDOW > row * row_samples - reach
        ]
        for row in range(rows)
    ]
    # Sums that lie on the bound may fall on either side of it.
    assert all(
        bool(it) == (sum(p) >= EVIDENCE) for it, p in zip(found, near, strict=True) if abs(sum(p) - EVIDENCE) > 1e-6
    )


def test_the_rows_of_all_speech_are_voiced_and_those_of_long_pauses_are_not(
    detector: VoiceDetector, clinic: Samples
) -> None:
    spoken = np.concatenate([np.zeros(3 * RATE, np.float32), clinic, np.zeros(3 * RATE, np.float32)])
    stream = _listened(detector, spoken, RATE)
    rows = voiced_rows(stream.probabilities, len(spoken) // 640, margin_seconds=0.3)
    for first, last in stream.spans:
        assert rows[first // 640 : last // 640].all()
    assert not rows[: 2 * RATE // 640].any()
    assert not rows[-2 * RATE // 640 :].any()


def test_a_moment_of_doubt_is_no_voice(detector: VoiceDetector) -> None:
    beat = noises.at_level(noises.drums(30), -35)
    assert _by_library(beat), "the sound that this is about"
    stream = detector.listen()
    for start in range(0, len(beat), WINDOW):
        stream.hear(beat[start : start + WINDOW])
        assert not stream.speaking
    stream.finish()
    assert not stream.spans


def test_a_missing_model_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(voice, "_model_file", lambda: tmp_path / "silero_vad_v6.onnx")
    stream = VoiceDetector().listen()
    with pytest.raises(ModelNeeded, match="cannot be loaded; install faster-whisper"):
        stream.hear(np.zeros(RATE, np.float32))


def test_neither_torch_nor_faster_whisper_is_loaded() -> None:
    code = (
        "import sys, numpy as np; from pipelines.speech.voice import VoiceDetector;"
        "s = VoiceDetector().listen(); s.hear(np.zeros(16000, np.float32)); s.finish();"
        "print([name for name in ('torch', 'faster_whisper', 'ctranslate2', 'librosa') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
