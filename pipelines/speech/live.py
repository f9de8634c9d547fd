"""Speech on its way to its transcript: mixed, resampled, levelled, recognised, written. From a file or as it is spoken:
what comes out is the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Final

import numpy as np

from pipelines.records import ModelCall, Recording, Transcript
from pipelines.speech.audio import Mixer, require_sound
from pipelines.speech.decode import Samples
from pipelines.speech.doubts import Doubts
from pipelines.speech.level import LevelCorrector
from pipelines.speech.quality import QualityMeter, quality_warnings
from pipelines.speech.recognizer import Heard, Recognizer, SoFar, require_length
from pipelines.speech.written import write
from pipelines.text.conversation import is_conversation_like
from pipelines.text.lexicon import Lexicon

#: Read and level a recording before any engine sees it, so their versions decide the output as well.
_READING_LIBRARIES: Final = ("numpy", "soxr", "soundfile", "av")


@dataclass(frozen=True)
class Writing:
    """How what was heard is written.

    Args:
        lexicon: terms to expect, to look for among what was misheard, and the user's own replacements.
        forms: whether numbers, doses, dates and the like are written as clinicians write them.
    """

    lexicon: Lexicon = field(default_factory=Lexicon)
    forms: bool = True


def _about_words(raw: str) -> tuple[str, ...]:
    if not raw:
        return ("no words were recognised",)
    if is_conversation_like(raw):
        return ("conversation-like: dictation engines make many errors in talk between people, read every word",)
    return ()


def even(channels: int) -> Samples:
    """Weights of an even mix, [channels]."""
    return np.full(channels, 1 / channels, np.float32)


class LiveSpeech:
    """A recording that is being made, on its way to its transcript.

    Args:
        recognizer: who listens.
        rate: of the recording.
        weights: of its channels in what is heard, [channels]; `even` where it is not known yet what they carry.
        writing: how it is written.
    """

    def __init__(self, recognizer: Recognizer, rate: int, weights: Samples, writing: Writing | None = None) -> None:
        self._recognizer = recognizer
        self._writing = writing or Writing()
        self._doubts = Doubts(self._writing.lexicon)
        self._mixer = Mixer(rate, weights)
        self._level = LevelCorrector()
        self._quality = QualityMeter(rate)
        self._listening = recognizer.listen(self._writing.lexicon)
        self._heard = 0
        self._peak = 0.0

    def hear(self, block: Samples) -> None:
        """Take in the next samples as they are recorded, [n, channels] float32.

        Raises:
            ModelNeeded: the recogniser has no usable weights.
        """
        self._peak = max(self._peak, float(np.abs(block).max(initial=0.0, where=np.isfinite(block))))
        mono = self._mixer.mix(block)
        self._quality.hear(mono)
        self._take(self._mixer.resample(mono))

    def so_far(self) -> SoFar:
        """The raw text up to now: what is settled, and what may still change."""
        found = self._listening.so_far()
        self._doubts.look_ahead(found.segments)
        return found

    def finish(self, recording: Recording, warnings: tuple[str, ...] = ()) -> tuple[Transcript, ModelCall]:
        """The transcript of the whole recording.

        Args:
            recording: what it turned out to be.
            warnings: that reading it gave.

        Raises:
            BadInput: too short for this recogniser, or silent.
        """
        self._take(self._mixer.finish())
        rest = self._level.finish()
        require_sound(self._peak, recording.name)
        require_length(self._heard, self._recognizer.minimum_seconds, recording.name)
        self._listening.hear(rest)
        return self._written(recording, self._listening.finish(), warnings)

    def _take(self, samples: Samples) -> None:
        self._heard += len(samples)
        levelled = self._level.hear(samples)
        if len(levelled):
            self._listening.hear(levelled)

    def _written(self, recording: Recording, heard: Heard, warnings: tuple[str, ...]) -> tuple[Transcript, ModelCall]:
        writing = self._writing
        words = [word for segment in heard.segments for word in segment.words]
        written = write(
            heard.raw,
            words=words,
            spoken_words=not self._recognizer.writes_braces,
            forms=writing.forms,
            lexicon=writing.lexicon,
        )
        quality = self._quality.finish(heard.speech or [(word.start, word.end) for word in words])
        transcript = Transcript(
            recording=recording.sha256,
            raw=heard.raw,
            text=written.text,
            engine=self._recognizer.engine(),
            segments=heard.segments,
            spans=written.spans,
            flags=written.flags,
            warnings=(*warnings, *quality_warnings(quality), *heard.warnings, *_about_words(heard.raw)),
            gain_db=self._level.gain_db,
            changes=written.changes,
            suggestions=self._doubts.of(written, heard.segments),
            quality=quality,
            language=heard.language,
        )
        call = ModelCall(
            node="transcribe",
            engine=transcript.engine,
            inputs=(recording.sha256,),
            output=transcript.digest(),
            finish_reason=heard.finish_reason,
            seconds=heard.seconds,
            parameters={
                **heard.parameters,
                "written_forms": writing.forms,
                "lexicon": writing.lexicon.digest if writing.lexicon.entries else None,
            },
            libraries={**_reading_libraries(), **self._recognizer.libraries()},
            output_tokens=heard.tokens,
        )
        return transcript, call


@cache
def _reading_libraries() -> dict[str, str]:
    """Their versions; looking one up reads a file of metadata."""
    return {name: version(name) for name in _READING_LIBRARIES}
