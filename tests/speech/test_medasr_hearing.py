"""MedASR on a checkpoint that hears: from FLAC to written text, with times and confidences that mean something."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.speech.audio import RATE, inspect_recording, read_speech
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.recognizer import Recognizer
from pipelines.speech.transcribe import transcribe
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.speech.recognizer_conformance import RecognizerConformance
from tests.support.medasr_parity import FIRST_CONVOLUTION, Direct, assert_parity, spoken_seconds
from tests.support.tiny_medasr import Hearing, Spoken
from tests.support.tiny_medasr_training import LEADS

pytestmark = pytest.mark.filterwarnings(FIRST_CONVOLUTION)


@pytest.fixture(scope="module")
def ear(hearing: Hearing) -> MedASRRecognizer:
    return MedASRRecognizer(ModelFolder(hearing.folder, MEDASR))


@pytest.mark.long
class TestMedASRConformance(RecognizerConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def recognizer(cls, ear: MedASRRecognizer) -> Recognizer:
        return ear

    @pytest.fixture(scope="class")
    @classmethod
    def speech(cls, hearing: Hearing) -> Samples:
        return levelled(hearing.questions[0])


def levelled(spoken: Spoken, lead: float = 0.0) -> Samples:
    samples = read_speech(spoken.flac, spoken.flac.name).samples
    return correct_level(np.concatenate((np.zeros(round(lead * RATE), np.float32), samples)))[0]


WRITTEN = {
    "question-calcium.flac": "What was the most recent calcium level?",
    "question-medications.flac": "Which medications is she taking at the moment?",
    "unclear.flac": "Could you take a look at this one for me, and let me know?",
    "dictation.flac": "FINDINGS:\nThe heart is normal in size. There is a patchy opacity in the right lower lobe. "
    "There is no pleural effusion. There is no pneumothorax.",
    "chest-film-report.flac": "INDICATION:\nThis is a 40-year-old woman. She has had a cough and a fever for 3 "
    "days.\n\nTECHNIQUE:\nFrontal and lateral views of the chest were obtained.\n\nCOMPARISON:\nNo prior studies are "
    "available.\n\nFINDINGS:\nThe heart is normal in size. There is a patchy opacity in the right lower lobe. There is "
    "no pleural effusion. There is no pneumothorax.\n\nIMPRESSION:\nThere is a right lower lobe pneumonia.",
}


@pytest.mark.long
def test_recordings_become_written_text(hearing: Hearing, ear: MedASRRecognizer) -> None:
    """The whole way from FLAC, the report across the seam of two windows."""
    for spoken in hearing.recordings:
        recording = inspect_recording(spoken.flac, spoken.flac.name, "0" * 64, "file")
        transcript, call = transcribe(recording, spoken.flac, ear)
        assert transcript.raw == spoken.raw
        assert transcript.text == WRITTEN[spoken.flac.name]
        assert transcript.flags == ()
        assert transcript.warnings == ()
        assert transcript.audio_time(0, len(transcript.text)) is not None
        assert call.output == transcript.digest()
        assert call.engine.weights_sha256
        assert call.finish_reason == "stop"
        assert call.output_tokens
        assert {"window_seconds", "overlap_seconds", "dtype", "device", "attention"} <= set(call.parameters)
        assert {"transformers", "torch", "tokenizers", "numpy", "soxr"} <= set(call.libraries)


@pytest.mark.long
def test_hearing_is_that_of_transformers_too(hearing: Hearing) -> None:
    direct = Direct(hearing.folder)
    speech = spoken_seconds(90)
    for seconds in (5, 19.9, 20, 36, 45, 90):
        assert_parity(hearing.folder, speech[: round(seconds * RATE)], direct)
    for spoken in hearing.recordings:
        assert_parity(hearing.folder, levelled(spoken), direct)


@pytest.mark.long
def test_words_are_where_they_are_said(hearing: Hearing, ear: MedASRRecognizer) -> None:
    for spoken in hearing.recordings:
        words = [word for segment in ear.recognise(levelled(spoken)).segments for word in segment.words]
        for word, (first, last) in zip(words, hearing.alignments[spoken.flac.name], strict=True):
            assert word.start - 0.1 < first < word.start + 0.1
            assert word.end - 0.1 < last < word.end + 0.1


@pytest.mark.long
def test_silence_before_speech_shifts_the_words_by_as_much(hearing: Hearing, ear: MedASRRecognizer) -> None:
    lead = LEADS[-1]
    for spoken in hearing.questions:
        plain, late = ear.recognise(levelled(spoken)), ear.recognise(levelled(spoken, lead))
        assert plain.raw == late.raw == spoken.raw
        for before, after in zip(plain.segments[0].words, late.segments[0].words, strict=True):
            # To the nearest row: 40 ms.
            assert after.start - before.start == pytest.approx(lead, abs=0.0401)
            assert after.end - before.end == pytest.approx(lead, abs=0.0401)


@pytest.mark.long
def test_words_in_noise_are_less_sure(hearing: Hearing, ear: MedASRRecognizer) -> None:
    clear = levelled(hearing.report)
    noise = np.random.default_rng(2).standard_normal(len(clear)).astype(np.float32) * np.float32(0.05)

    def confidence(samples: Samples) -> float:
        found = [word.confidence for segment in ear.recognise(samples).segments for word in segment.words]
        return float(np.mean(found))

    assert confidence(clear) > 0.9
    assert confidence(clear + noise) < confidence(clear) - 0.1
