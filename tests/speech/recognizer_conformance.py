"""What every `Recognizer` must do, as a base class of tests.

Subclass it, override the fixtures ``recognizer`` and ``speech``, and pytest runs all of it on the engine.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.recognizer import Heard, Recognizer
from tests.support.readiness import require_ready


class RecognizerConformance:
    @pytest.fixture(scope="class")
    @classmethod
    def recognizer(cls) -> Recognizer:
        raise NotImplementedError("override with the engine under test")

    @pytest.fixture(scope="class")
    @classmethod
    def speech(cls) -> Samples:
        """A few seconds of speech, mono at 16 kHz, in which the engine recognises several words."""
        raise NotImplementedError("override with a short clip")

    @pytest.fixture(scope="class")
    @classmethod
    def heard(cls, recognizer: Recognizer, speech: Samples) -> Heard:
        return recognizer.recognise(speech)

    def test_is_available_with_a_line_about_it(self, recognizer: Recognizer) -> None:
        require_ready(recognizer)

    def test_names_itself_fully(self, recognizer: Recognizer) -> None:
        engine = recognizer.engine()
        assert engine.name == recognizer.name
        assert engine.version
        assert engine.model
        assert engine.revision
        assert engine.weights_sha256
        assert len(engine.weights_sha256) == 64
        assert engine.note
        assert recognizer.libraries()

    def test_hears_words(self, heard: Heard) -> None:
        assert len([word for segment in heard.segments for word in segment.words]) > 2
        assert heard.finish_reason == "stop"
        assert heard.seconds > 0
        assert heard.parameters

    def test_words_are_slices_of_the_raw_text_in_order(self, heard: Heard) -> None:
        end = 0
        for segment in heard.segments:
            for word in segment.words:
                assert heard.raw[word.raw_start : word.raw_end] == word.text
                assert word.text == word.text.strip() != ""
                assert word.raw_start >= end
                end = word.raw_end

    def test_raw_text_is_nothing_but_its_words(self, heard: Heard) -> None:
        words = [word.text for segment in heard.segments for word in segment.words]
        assert "".join(words) == "".join(heard.raw.split())

    def test_times_never_fall_and_stay_within_the_sound(self, heard: Heard, speech: Samples) -> None:
        moment = 0.0
        for segment in heard.segments:
            assert segment.start <= segment.end
            for word in segment.words:
                assert moment <= word.start <= word.end
                assert segment.start <= word.start
                assert word.end <= segment.end
                moment = word.end
        assert moment <= len(speech) / RATE

    def test_confidences_are_probabilities(self, heard: Heard) -> None:
        assert all(0 <= word.confidence <= 1 for segment in heard.segments for word in segment.words)

    def test_equal_samples_give_equal_words(self, recognizer: Recognizer, speech: Samples, heard: Heard) -> None:
        again = recognizer.recognise(speech.copy())
        assert (again.raw, again.segments, again.parameters) == (heard.raw, heard.segments, heard.parameters)

    def test_does_not_change_its_input(self, recognizer: Recognizer, speech: Samples) -> None:
        before = speech.copy()
        recognizer.recognise(speech)
        assert np.array_equal(before, speech)

    def test_progress_rises_to_the_end(self, recognizer: Recognizer, speech: Samples) -> None:
        told: list[float] = []
        recognizer.recognise(speech, told.append)
        assert told == sorted(told)
        assert told[-1] == 1.0
        assert told[0] >= 0.0

    @pytest.mark.parametrize("seconds", [0.0, 0.05])
    def test_refuses_what_is_too_short(self, recognizer: Recognizer, seconds: float) -> None:
        with pytest.raises(BadInput, match="too short"):
            recognizer.recognise(np.full(int(seconds * RATE), 0.1, np.float32))

    def test_hears_nothing_in_silence(self, recognizer: Recognizer) -> None:
        heard = recognizer.recognise(np.zeros(3 * RATE, np.float32))
        assert heard.raw == ""
        assert heard.segments == ()
