"""A recording becomes a transcript: read, level, recognise, format."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path

from pipelines.records import ModelCall, Recording, Transcript
from pipelines.speech.audio import read_speech
from pipelines.speech.commands import format_commands
from pipelines.speech.level import correct_level
from pipelines.speech.recognizer import Progress, Recognizer, require_length

#: Read and level a recording before any engine sees it, so their versions decide the output as well.
_READING_LIBRARIES = ("numpy", "soxr", "soundfile", "av")


def transcribe(
    recording: Recording, path: Path, recognizer: Recognizer, progress: Progress | None = None
) -> tuple[Transcript, ModelCall]:
    """Transcribe a recording whose bytes lie at ``path``.

    A recording in which no word is recognised gives an empty transcript with a warning.

    Raises:
        BadInput: unreadable, too short for this recogniser, or silent.
        ModelNeeded: the recogniser has no usable weights.
    """
    speech = read_speech(path, recording.name)
    require_length(speech.samples, recognizer.minimum_seconds, recording.name)
    samples, gain_db = correct_level(speech.samples)
    heard = recognizer.recognise(samples, progress)
    written = format_commands(heard.raw)
    transcript = Transcript(
        recording=recording.sha256,
        raw=heard.raw,
        text=written.text,
        engine=recognizer.engine(),
        segments=heard.segments,
        spans=written.spans,
        flags=written.flags,
        warnings=(*speech.warnings, *heard.warnings, *(() if heard.raw else ("no words were recognised",))),
        gain_db=gain_db,
    )
    call = ModelCall(
        node="transcribe",
        engine=transcript.engine,
        inputs=(recording.sha256,),
        output=transcript.digest(),
        finish_reason=heard.finish_reason,
        seconds=heard.seconds,
        parameters=heard.parameters,
        libraries={**_reading_libraries(), **recognizer.libraries()},
        output_tokens=heard.tokens,
    )
    return transcript, call


@cache
def _reading_libraries() -> dict[str, str]:
    """Their versions; looking one up reads a file of metadata."""
    return {name: version(name) for name in _READING_LIBRARIES}
