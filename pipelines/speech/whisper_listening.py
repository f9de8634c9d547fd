"""One recording on its way through Whisper: cut in its pauses, each piece heard until it accounts for all speech."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pipelines.speech.audio import RATE
from pipelines.speech.by_pieces import ByPieces
from pipelines.speech.completeness import Stretch, Timed, total, unaccounted
from pipelines.speech.language import CLEAR, ENGLISH_SECONDS, OTHER_SECONDS, Languages
from pipelines.speech.pieces import LONG_PAUSE_SECONDS, PIECE_SECONDS, Piece, split
from pipelines.speech.prompting import FORM, TERMS
from pipelines.speech.recognizer import Heard, SoFar
from pipelines.speech.second_hearing import LIKE, MISSPELT
from pipelines.speech.voice import PAUSE_MS, THRESHOLD, VoiceStream
from pipelines.speech.whisper_glance import Glances
from pipelines.speech.whisper_model import REPETITION_RATIO, Reading, Sound, WhisperModel
from pipelines.speech.whisper_second import LOSS, SURE, hear_again
from pipelines.speech.writer import Writer
from pipelines.text.lexicon import Lexicon


class WhisperListening(ByPieces):
    """See `Listening`.

    Args:
        load: gives the model; called when something is to be heard.
        voice: finds where somebody speaks.
        beam: width of the search.
        threads: for the log.
        lexicon: terms to listen for; None, or one without entries, to hear once only.
    """

    def __init__(
        self,
        load: Callable[[], WhisperModel],
        voice: VoiceStream,
        beam: int,
        threads: int,
        lexicon: Lexicon | None = None,
    ) -> None:
        super().__init__(voice)
        self._load = load
        self._beam = beam
        self._threads = threads
        self._lexicon = lexicon if lexicon and lexicon.entries else None
        self._writer = Writer()
        self._glances = Glances()
        self._languages = Languages()
        self._again: list[dict[str, Any]] = []
        self._second: list[dict[str, Any]] = []
        self._seconds = 0.0

    def so_far(self) -> SoFar:
        text = self._glances.text(self._load, self._pieces.open(self._sound.heard), self._sound.of)
        open_text = f" {text}" if self._writer.text and text else text
        return SoFar(self._writer.text, open_text, self._writer.segments)

    def finish(self) -> Heard:
        speech = self._hear_out()
        heard = self._writer.heard(
            seconds=self._seconds,
            parameters={
                "language": "en",
                "task": "transcribe",
                "beam_size": self._beam,
                "temperature": 0.0,
                "without_timestamps": True,
                "repetition_ratio": REPETITION_RATIO,
                "compute_type": "int8",
                "threads": self._threads,
                "voice_threshold": THRESHOLD,
                "pause_ms": PAUSE_MS,
                "long_pause_seconds": LONG_PAUSE_SECONDS,
                "piece_seconds": PIECE_SECONDS,
                "language_clear": CLEAR,
                "language_seconds": [ENGLISH_SECONDS, OTHER_SECONDS],
                "heard_again": self._again,
                **({} if self._lexicon is None else _second_parameters(self._lexicon, self._second)),
            },
            speech=speech,
        )
        warnings = (*self._languages.warnings(), *heard.warnings)
        return replace(heard, language=self._languages.language, warnings=warnings)

    def _take(self, piece: Piece) -> None:
        model = self._load()
        started = time.perf_counter()
        whole = model.encode(self._sound.of(piece))
        tried = self._attempts(model, piece, whole)
        kept = min(tried, key=lambda attempt: (attempt.loops, total(attempt.missing)))
        if self._lexicon is not None:
            kept = self._with_lexicon(model, piece, kept, self._lexicon)
        if kept.found:
            self._languages.hear(model.languages(whole), sum(last - first for first, last in piece.speech) / RATE)
        for found in kept.found:
            self._writer.add(found.reading, found.offset, self._sound.heard / RATE)
        self._writer.miss(kept.missing)
        if len(tried) > 1:
            self._again.append({"start": piece.first / RATE, "end": piece.last / RATE, "kept": kept.way})
        self._seconds += time.perf_counter() - started

    def _with_lexicon(self, model: WhisperModel, piece: Piece, kept: _Attempt, lexicon: Lexicon) -> _Attempt:
        """What was heard, with the terms of the lexicon that a second hearing found in it and the sound bears out."""
        found = []
        for one in kept.found:
            second = hear_again(model, one.sound, one.reading.tokens, self._beam, lexicon)
            if second.prompt is not None:
                self._second.append(
                    {"start": one.offset, "prompt": second.prompt, "proposed": second.proposed, "taken": second.taken}
                )
            changed = second.taken > 0
            found.append(replace(one, reading=model.read(one.sound, second.tokens)) if changed else one)
        missing = _unaccounted(piece, found)
        heard = replace(kept, found=tuple(found), missing=missing)
        # Speech that the first hearing accounts for is not given up for a term.
        return kept if heard.loops > kept.loops or total(missing) > total(kept.missing) else heard

    def _attempts(self, model: WhisperModel, piece: Piece, whole: Sound) -> list[_Attempt]:
        """Every attempt at a piece: one where it accounts for all speech, else more until one does."""
        tried = [_attempt("beam", piece, model, whole, self._beam)]
        if tried[0].complete:
            return tried
        tried.append(_attempt("greedy", piece, model, whole, 1))
        if tried[-1].complete:
            return tried
        cut = tried[0].missing[0][0] if tried[0].missing else (piece.first + piece.last) / 2 / RATE
        parts = split(piece, cut * RATE)
        heard = [_attempt("split", part, model, model.encode(self._sound.of(part)), self._beam) for part in parts]
        found = [it for part in heard for it in part.found]
        tried.append(_Attempt("split", tuple(found), _unaccounted(piece, found)))
        return tried


@dataclass(frozen=True)
class _Found:
    """A reading of some sound, and the seconds that its times count from."""

    reading: Reading
    sound: Sound
    offset: float


@dataclass(frozen=True)
class _Attempt:
    """One way of hearing a piece."""

    way: str
    found: tuple[_Found, ...]
    missing: tuple[Stretch, ...]

    @property
    def loops(self) -> bool:
        return any(found.reading.repeats for found in self.found)

    @property
    def complete(self) -> bool:
        return not self.missing and not self.loops


def _attempt(way: str, piece: Piece, model: WhisperModel, sound: Sound, beam: int) -> _Attempt:
    reading = model.read(sound, model.decode(sound, beam))
    found = (_Found(reading, sound, piece.first / RATE),) if reading.text.strip() else ()
    return _Attempt(way, found, _unaccounted(piece, found))


def _unaccounted(piece: Piece, found: Iterable[_Found]) -> tuple[Stretch, ...]:
    speech = [(start / RATE, end / RATE) for start, end in piece.speech]
    words = [
        Timed(word.word.strip(), it.offset + word.start, it.offset + word.end)
        for it in found
        for word in it.reading.words
    ]
    return unaccounted(speech, words)


def _second_parameters(lexicon: Lexicon, heard: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "lexicon": lexicon.digest,
        "prompt_terms": TERMS,
        "prompt_form": FORM,
        "loss": LOSS,
        "sure": SURE,
        "like": LIKE,
        "misspelt": MISSPELT,
        "second_hearing": heard,
    }
