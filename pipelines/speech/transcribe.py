"""A recording becomes a transcript."""

from __future__ import annotations

from pathlib import Path

from pipelines.records import ModelCall, Recording, Transcript
from pipelines.speech.audio import RATE, survey_recording
from pipelines.speech.decode import open_sound
from pipelines.speech.live import LiveSpeech, Writing
from pipelines.speech.recognizer import Progress, Recognizer, require_length


def transcribe(
    recording: Recording,
    path: Path,
    recognizer: Recognizer,
    progress: Progress | None = None,
    writing: Writing | None = None,
) -> tuple[Transcript, ModelCall]:
    """Transcribe a recording whose bytes lie at ``path``.

    A recording in which no word is recognised gives an empty transcript with a warning.

    Raises:
        BadInput: unreadable, too short for this recogniser, or silent.
        ModelNeeded: the recogniser has no usable weights.
    """
    survey = survey_recording(path, recording.name)
    require_length(survey.frames * RATE // survey.rate, recognizer.minimum_seconds, recording.name)
    speech = LiveSpeech(recognizer, survey.rate, survey.weights, writing)
    done = 0
    with open_sound(path, recording.name) as sound:
        for block in sound.blocks():
            speech.hear(block)
            done += len(block)
            if progress:
                progress(min(1.0, done / survey.frames))
    return speech.finish(recording, survey.warnings)
