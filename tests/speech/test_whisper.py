from __future__ import annotations

import difflib
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.speech.audio import RATE, inspect_recording, read_speech
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.recognizer import Heard, Recognizer, SoFar
from pipelines.speech.registry import recognizers
from pipelines.speech.transcribe import transcribe
from pipelines.speech.whisper import WhisperRecognizer
from pipelines.speech.whisper_model import Reading, Sound, TimedWord
from pipelines.speech.writer import Writer
from pipelines.text.lexicon import Lexicon
from tests.speech.recognizer_conformance import RecognizerConformance

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def whisper() -> WhisperRecognizer:
    """On the user's cache, as in use: joining is tested elsewhere."""
    return WhisperRecognizer(threads=2)


@pytest.fixture(scope="module")
def clip() -> Path:
    """The shortest of the project's own recordings."""
    return min(SAMPLES.rglob("*.flac"), key=lambda path: path.stat().st_size)


@pytest.mark.long
class TestWhisperConformance(RecognizerConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def recognizer(cls, whisper: WhisperRecognizer) -> Recognizer:
        return whisper

    @pytest.fixture(scope="class")
    @classmethod
    def speech(cls, clip: Path) -> Samples:
        return correct_level(read_speech(clip, clip.name).samples)[0]


@pytest.mark.long
def test_quiet_speech_is_heard_like_loud(whisper: WhisperRecognizer, clip: Path) -> None:
    loud = read_speech(clip, clip.name).samples
    quiet = loud * np.float32(10 ** (-40 / 20))
    words = [len(whisper.recognise(correct_level(samples)[0]).raw.split()) for samples in (loud, quiet)]
    assert words[1] >= 0.8 * words[0] > 0


@pytest.mark.long
@pytest.mark.parametrize("level", [1e-3, 0.03, 0.18])
def test_noise_gives_no_words(whisper: WhisperRecognizer, level: float) -> None:
    noise = np.random.default_rng(4).standard_normal(6 * RATE).astype(np.float32) * np.float32(level)
    assert whisper.recognise(correct_level(noise)[0]).raw == ""


@pytest.mark.long
def test_transcript_and_call_hold_what_it_takes_to_repeat_it(whisper: WhisperRecognizer, clip: Path) -> None:
    recording = inspect_recording(clip, clip.name, "0" * 64, "file")
    transcript, call = transcribe(recording, clip, whisper)
    assert transcript.recording == recording.sha256
    assert transcript.text
    assert "not MedASR" in (transcript.engine.note or "")
    assert transcript.gain_db is not None
    assert transcript.gain_db[0] <= transcript.gain_db[1]
    assert transcript.audio_time(0, len(transcript.text)) is not None
    assert call.inputs == (recording.sha256,)
    assert call.output == transcript.digest()
    assert call.engine.weights_sha256
    assert {"beam_size", "temperature", "language", "voice_threshold", "heard_again", "compute_type"} <= set(
        call.parameters
    )
    assert {"faster-whisper", "ctranslate2", "numpy", "soxr"} <= set(call.libraries)
    assert call.finish_reason == "stop"
    assert call.seconds > 0
    assert call.output_tokens


def _reading(
    text: str, start: float, end: float, words: list[str], tokens: int = 5, compression_ratio: float = 1.0
) -> Reading:
    step = (end - start) / max(1, len(words))
    return Reading(
        text=text,
        tokens=tuple(range(tokens)),
        start=start,
        end=end,
        words=tuple(TimedWord(word, start + i * step, start + (i + 1) * step, 1.2) for i, word in enumerate(words)),
        compression_ratio=compression_ratio,
    )


def test_writer_places_repeated_and_unspaced_words() -> None:
    writer = Writer()
    writer.add(_reading(" No no, x-ray.", 0, 2, [" No", " no,", " x", "-ray."]), 0.0, 4.0)
    writer.add(_reading(" No.", 1.9, 9, [" No."]), 0.0, 4.0)
    heard = writer.heard(1.0, {}, ())
    assert heard.raw == "No no, x-ray. No."
    words = [word for segment in heard.segments for word in segment.words]
    assert [heard.raw[word.raw_start : word.raw_end] for word in words] == ["No", "no,", "x", "-ray.", "No."]
    assert words[-1].start == 2.0
    assert words[-1].end == 4.0
    assert {word.confidence for word in words} == {1.0}


def test_writer_keeps_text_whose_words_have_no_times() -> None:
    writer = Writer()
    writer.add(_reading(" Heard but not aligned.", 0, 2, []), 0.0, 4.0)
    assert writer.heard(1.0, {}, ()).raw == "Heard but not aligned."


def test_repetition_is_kept_and_warned_of() -> None:
    writer = Writer()
    writer.add(_reading(" a a a a", 1, 29, [" a"] * 4, tokens=224, compression_ratio=9.0), 0.0, 30.0)
    heard = writer.heard(1.0, {}, ())
    assert heard.raw == "a a a a"
    assert heard.finish_reason == "length"
    assert any("repeats itself between 1.0 s and 29.0 s" in warning for warning in heard.warnings)


def _listened(
    whisper: WhisperRecognizer, samples: Samples, block: int, watch: int | None, lexicon: Lexicon | None = None
) -> tuple[Heard, list[SoFar]]:
    """Heard in blocks of so many samples, looked at after every ``watch`` blocks."""
    listening = whisper.listen(lexicon)
    seen: list[SoFar] = []
    for number, start in enumerate(range(0, len(samples), block), 1):
        listening.hear(samples[start : start + block])
        if watch and number % watch == 0:
            seen.append(listening.so_far())
    return listening.finish(), seen


@pytest.mark.long
def test_what_is_heard_does_not_depend_on_how_the_sound_came_or_was_watched(whisper: WhisperRecognizer) -> None:
    path = SAMPLES / "recordings" / "surgery-discharge.flac"
    samples = correct_level(read_speech(path, path.name).samples)[0]
    whole = whisper.recognise(samples)
    pieces, seen = _listened(whisper, samples, 4_801, 14)
    once, _ = _listened(whisper, samples, len(samples), None)
    for heard in (pieces, once):
        assert (heard.raw, heard.segments, heard.parameters, heard.warnings, heard.speech) == (
            (whole.raw, whole.segments, whole.parameters, whole.warnings, whole.speech)
        )
    assert all(after.settled.startswith(before.settled) for before, after in pairwise(seen))
    assert whole.raw.startswith(seen[-1].settled)
    assert whole.segments[: len(seen[-1].segments)] == seen[-1].segments != ()
    assert len(seen[-1].settled.split()) > 20
    assert difflib.SequenceMatcher(None, (seen[-1].settled + seen[-1].open).split(), whole.raw.split()).ratio() > 0.8


@pytest.mark.long
def test_text_appears_before_a_piece_is_over(whisper: WhisperRecognizer, clip: Path) -> None:
    samples = correct_level(read_speech(clip, clip.name).samples)[0]
    listening = whisper.listen()
    assert listening.so_far() == SoFar("", "")
    listening.hear(samples[: 2 * RATE])
    early = listening.so_far()
    assert early.settled == ""
    assert len(early.open.split()) >= 2


@pytest.mark.long
def test_an_hour_is_not_kept(whisper: WhisperRecognizer) -> None:
    listening = whisper.listen()
    noise = np.random.default_rng(2).standard_normal(60 * RATE).astype(np.float32) * np.float32(1e-3)
    tracemalloc.start()
    try:
        for _ in range(60):
            listening.hear(noise)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The samples of the hour would be 230 MB.
    assert most < 30e6
    heard = listening.finish()
    assert heard.raw == ""
    assert heard.speech == ()


@pytest.mark.long
def test_the_last_sentences_are_not_dropped(whisper: WhisperRecognizer) -> None:
    """Short like sentences in a row are where the decoder stopped early, depending on the level."""
    path = SAMPLES / "recordings" / "chest-film-report.flac"
    samples = read_speech(path, path.name).samples
    for gain in (1.0, 0.6):
        heard = whisper.recognise(correct_level(samples * np.float32(gain))[0])
        assert "right lower lobe pneumonia" in heard.raw.lower()[-60:]
        assert not heard.warnings


@pytest.mark.long
def test_speech_that_the_decoder_leaves_out_is_heard_again(
    whisper: WhisperRecognizer, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = correct_level(read_speech(clip, clip.name).samples)[0]
    whole = whisper.recognise(samples)
    model = whisper._loaded()
    decode = model.decode

    def deaf_in_beams(sound: Sound, beam: int, *more: Any) -> tuple[int, ...]:
        tokens = decode(sound, beam, *more)
        return tokens[: len(tokens) // 3] if beam > 1 else tokens

    monkeypatch.setattr(model, "decode", deaf_in_beams)
    heard = whisper.recognise(samples)
    assert len(heard.raw.split()) >= 0.7 * len(whole.raw.split())
    assert [again["kept"] for again in heard.parameters["heard_again"]] == ["greedy"]
    assert not heard.warnings


@pytest.mark.long
def test_speech_that_stays_unheard_is_warned_of(
    whisper: WhisperRecognizer, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = correct_level(read_speech(clip, clip.name).samples)[0]
    monkeypatch.setattr(whisper._loaded(), "decode", lambda *_: ())
    heard = whisper.recognise(samples)
    assert heard.raw == ""
    assert heard.warnings
    assert all("gave few words: listen again" in warning for warning in heard.warnings)


def test_engines_are_known_by_name(tmp_path: Path) -> None:
    known = recognizers(cache_dir=tmp_path)
    assert {name: make().name for name, make in known.items()} == {"whisper": "whisper"}
