"""What a recording gives does not depend on how it came: as a file or as it was spoken, watched or not, from which
moment on."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest

from pipelines.records import ModelCall, Recording, Transcript
from pipelines.speech.audio import RATE, inspect_recording, read_speech, survey_recording
from pipelines.speech.decode import open_sound
from pipelines.speech.level import correct_level
from pipelines.speech.live import LiveSpeech, Writing
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.recognizer import Recognizer, SoFar
from pipelines.speech.transcribe import transcribe
from pipelines.text.lexicon import Lexicon
from pipelines.text.lexicon_builtin import builtin
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.medasr_parity import FIRST_CONVOLUTION
from tests.support.tiny_medasr import Hearing, Spoken, build_steady

WRITING = Writing(Lexicon(builtin()))

pytestmark = [pytest.mark.filterwarnings(FIRST_CONVOLUTION), pytest.mark.long]


@pytest.fixture(scope="module")
def steady(hearing: Hearing, tmp_path_factory: pytest.TempPathFactory) -> tuple[MedASRRecognizer, Spoken]:
    """A checkpoint that hears the report from wherever it begins."""
    folder = tmp_path_factory.mktemp("steady") / "medasr"
    spoken = build_steady(folder, hearing)
    return MedASRRecognizer(ModelFolder(folder, MEDASR)), spoken


def played(
    recording: Recording, path: Path, recognizer: Recognizer, block: int, watch: float
) -> tuple[Transcript, ModelCall, list[SoFar]]:
    """The recording in blocks of so many samples, looked at every ``watch`` seconds."""
    survey = survey_recording(path, recording.name)
    speech = LiveSpeech(recognizer, survey.rate, survey.weights, WRITING)
    seen: list[SoFar] = []
    at = looked = 0
    with open_sound(path, recording.name) as sound:
        samples = np.concatenate(list(sound.blocks()))
    while at < len(samples):
        speech.hear(samples[at : at + block])
        at += block
        if at - looked >= watch * survey.rate:
            looked = at
            seen.append(speech.so_far())
    return *speech.finish(recording, survey.warnings), seen


@pytest.mark.parametrize(("block", "watch"), [(441, 1.0), (8_000, 3.0), (100_000, 1e9)])
def test_live_text_ends_as_the_file_path_has_it(
    steady: tuple[MedASRRecognizer, Spoken], block: int, watch: float
) -> None:
    ear, spoken = steady
    recording = inspect_recording(spoken.flac, spoken.flac.name, "0" * 64, "file")
    by_file, file_call = transcribe(recording, spoken.flac, ear, writing=WRITING)
    live, live_call, seen = played(recording, spoken.flac, ear, block, watch)
    assert live == by_file
    assert live.raw == spoken.raw
    assert live_call.parameters == file_call.parameters
    if watch > 10:
        return
    assert len(seen) >= recording.seconds / watch - 2
    settled = ""
    for look in seen:
        assert look.settled.startswith(settled)
        settled = look.settled
        assert live.segments[: len(look.segments)] == look.segments
    # A second or so before the end nearly all of it is on the screen.
    shown = (seen[-1].settled + seen[-1].open).split()
    words = live.raw.split()
    right = sum(block.size for block in SequenceMatcher(None, shown, words).get_matching_blocks())
    assert right >= len(words) - 15


def test_the_text_is_the_same_at_twenty_shifts_of_the_sound(steady: tuple[MedASRRecognizer, Spoken]) -> None:
    """Seams fall on twenty other places; none of the shifts was met in training."""
    ear, spoken = steady
    samples = read_speech(spoken.flac, spoken.flac.name).samples
    heard = []
    for number in range(20):
        lead = np.zeros(round((0.017 + 0.83 * number) * RATE), np.float32)
        heard.append(ear.recognise(correct_level(np.concatenate((lead, samples)))[0]).raw)
    assert heard == [spoken.raw] * 20
