"""Which language was heard. The voices that are not English are espeak-ng's: no recording of a person lies here."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from assistant.cli.transcript import print_transcript
from pipelines.records import Transcript
from pipelines.speech.audio import RATE, inspect_recording, read_speech, survey_recording
from pipelines.speech.decode import Samples, open_sound
from pipelines.speech.language import CLEAR, ENGLISH_SECONDS, OTHER_SECONDS, Languages
from pipelines.speech.level import correct_level
from pipelines.speech.live import LiveSpeech
from pipelines.speech.recognizer import Heard
from pipelines.speech.transcribe import transcribe
from pipelines.speech.whisper import WhisperRecognizer
from tests.support import noises

RECORDINGS = Path(__file__).parents[2] / "samples" / "recordings"
ITALIAN = (
    "Il paziente lamenta da tre giorni un forte dolore al petto che si estende al braccio sinistro. "
    "Prende ogni giorno aspirina e metformina. I polmoni sono liberi."
)
#: Spoken by espeak-ng's German voice, Whisper cannot tell it from Yiddish or Latin.
GERMAN = (
    "Der Patient klagt seit drei Tagen über starke Schmerzen in der Brust, die in den linken Arm ausstrahlen. "
    "Er nimmt täglich Aspirin und Metformin. Die Lunge ist frei. Kein Erguss und keine Infiltrate."
)

codes = st.sampled_from(["en", "de", "es", "hi", "ha", "la"])
# Fractions that add up exactly in any order.
pieces = st.lists(st.tuples(codes, st.integers(0, 64).map(lambda n: n / 64), st.integers(1, 100).map(lambda n: n / 4)))
Piece = tuple[str, float, float]


def told(heard: list[Piece]) -> Languages:
    """Of pieces, each with its likeliest language, how likely that is, and its seconds of voice."""
    languages = Languages()
    for code, probability, seconds in heard:
        languages.hear({code: probability, "xx": 0.0}, seconds)
    return languages


@given(pieces, st.randoms())
def test_the_order_of_the_pieces_makes_no_difference(heard: list[Piece], random: Random) -> None:
    other = list(heard)
    random.shuffle(other)
    assert told(other).language == told(heard).language
    assert told(other).warnings() == told(heard).warnings()


@given(pieces)
def test_a_language_is_that_of_nearly_all_the_voice(heard: list[Piece]) -> None:
    whole = sum(seconds for _, _, seconds in heard)
    language = told(heard).language
    clear = {
        code: sum(s for it, p, s in heard if it == code and p >= CLEAR and s >= (1 if code == "en" else 4))
        for code in ("en", "de", "es", "hi", "ha")
    }
    nearly = [code for code, seconds in clear.items() if seconds and seconds >= 0.8 * whole]
    assert ([language] if language else []) == nearly


@given(pieces)
def test_there_is_a_warning_exactly_where_some_is_clearly_not_english(heard: list[Piece]) -> None:
    languages = told(heard)
    others = [it for it in heard if it[0] not in ("en", "la") and it[1] >= 0.8 and it[2] >= 4]
    assert len(languages.warnings()) == bool(others)
    if languages.language not in (None, "en"):
        (line,) = languages.warnings()
        assert line.startswith("the speech sounds like ")


def test_the_warning_names_the_language_and_how_sure_that_is() -> None:
    assert told([("de", 0.96, 10.0), ("de", 0.99, 20.0)]).warnings() == (
        "the speech sounds like German (98 %): it was written down as if it were English",
    )
    assert told([("en", 0.99, 60.0), ("es", 0.93, 12.0)]).warnings() == (
        "12 s of the speech sound like Spanish (93 %): it was written down as if it were English",
    )
    assert told([("ha", 1.0, 10.0)]).warnings() == (
        "the speech sounds like another language, ha (99 %): it was written down as if it were English",
    )


def test_little_voice_or_an_unclear_one_tells_nothing() -> None:
    for heard in (
        [],
        [("en", 0.99, ENGLISH_SECONDS - 0.1)],
        [("de", 0.99, OTHER_SECONDS - 0.1)],
        [("de", CLEAR - 0.01, 20.0)],
        [("la", 0.99, 20.0)],
    ):
        assert told(heard).language is None
        assert told(heard).warnings() == ()


@pytest.fixture(scope="module")
def whisper() -> WhisperRecognizer:
    return WhisperRecognizer(threads=2)


def about_language(heard: Heard | Transcript) -> list[str]:
    return [line for line in heard.warnings if "as if it were English" in line]


@pytest.mark.long
@pytest.mark.parametrize("name", ["question-calcium", "question-scan", "chest-film-report"])
@pytest.mark.parametrize("noise_db", [None, -35])
def test_english_is_told_and_not_warned_of(whisper: WhisperRecognizer, name: str, noise_db: float | None) -> None:
    samples = read_speech(RECORDINGS / f"{name}.flac", name).samples
    if noise_db is not None:
        samples = samples + noises.at_level(noises.noise(len(samples) / RATE + 1, 3), noise_db)[: len(samples)]
    heard = whisper.recognise(correct_level(samples)[0])
    assert heard.language == "en"
    assert about_language(heard) == []


@pytest.mark.long
@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(6 * RATE, np.float32),
        noises.at_level(noises.noise(6, 0), -30),
        noises.at_level(noises.music(12), -20),
    ],
    ids=["silence", "noise", "music"],
)
def test_where_nobody_speaks_no_language_is_told(whisper: WhisperRecognizer, sound: Samples) -> None:
    heard = whisper.recognise(sound)
    assert heard.language is None
    assert about_language(heard) == []


@pytest.mark.long
def test_a_transcript_tells_it_however_the_sound_came(whisper: WhisperRecognizer, tmp_path: Path) -> None:
    path = spoken(tmp_path / "italian.wav", "it", ITALIAN)
    recording = inspect_recording(path, path.name, "0" * 64, "file")
    by_file, _ = transcribe(recording, path, whisper)
    survey = survey_recording(path, path.name)
    speech = LiveSpeech(whisper, survey.rate, survey.weights)
    with open_sound(path, path.name) as sound:
        for block in sound.blocks():
            for start in range(0, len(block), 3_001):
                speech.hear(block[start : start + 3_001])
                if start % 7 == 0:
                    speech.so_far()
    live, _ = speech.finish(recording, survey.warnings)
    assert live == by_file
    assert live.language == "it"
    (line,) = about_language(live)
    assert line.startswith("the speech sounds like Italian (")
    shown = io.StringIO()
    print_transcript(live, Console(file=shown, width=200))
    assert shown.getvalue().count(line) == 1


@pytest.mark.long
def test_an_unclear_language_is_not_guessed(whisper: WhisperRecognizer, tmp_path: Path) -> None:
    path = spoken(tmp_path / "german.wav", "de", GERMAN)
    heard = whisper.recognise(correct_level(read_speech(path, path.name).samples)[0])
    assert heard.raw
    assert heard.language is None
    assert about_language(heard) == []


def spoken(path: Path, voice: str, text: str) -> Path:
    """A text in the voice of espeak-ng. Skips where that is not installed; in CI that is a failure."""
    if shutil.which("espeak-ng") is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("espeak-ng is not installed (scripts/debian-packages installs it)")
    subprocess.run(["espeak-ng", "-v", voice, "-s", "145", "-w", str(path), text], check=True)
    return path
