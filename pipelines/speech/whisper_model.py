"""Whisper base in hand: a piece of sound is encoded once, then read, scored and aligned as often as needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from pipelines.quiet import silence_telemetry
from pipelines.speech.decode import Samples

#: Text that compresses better than this repeats itself (the value is Whisper's own).
REPETITION_RATIO: Final = 2.4
#: Tokens at which the decoder gives up: half of its context of 448.
MOST_TOKENS: Final = 224
#: Tokens of a prompt: the other half, less the mark before it.
PROMPT_TOKENS: Final = 223
#: Silence after a piece that is not filled up to the window, in frames: without it the decoder does not find its end.
_AFTER: Final = 300
#: The language is told from the first 15 s of a piece and the last 4 s of its window. The step costs what it is shown,
#: and without the silence of the window short pieces are taken for Finnish.
_FRAMES_PER_STATE: Final = 2
_LANGUAGE_STATES: Final = 750
_SILENT_STATES: Final = 200
#: A reading at once this unlikely (mean log probability of a token) and this likely to be no speech is none.
_UNLIKELY: Final = -1.0
_NO_SPEECH: Final = 0.6


class TimedWord(NamedTuple):
    """As faster-whisper gives it: ``word`` with the space before it, seconds from the start of the piece."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Sound:
    """A piece of sound as the encoder sees it."""

    encoded: Any
    frames: int
    """Of 10 ms, without the filling up to the window."""


@dataclass(frozen=True)
class Reading:
    """What one decoding made of a piece."""

    text: str = ""
    tokens: tuple[int, ...] = ()
    start: float = 0.0
    """Of the first word, in seconds from the start of the piece."""
    end: float = 0.0
    words: tuple[TimedWord, ...] = ()
    compression_ratio: float = 0.0

    @property
    def repeats(self) -> bool:
        return self.compression_ratio > REPETITION_RATIO

    @property
    def cut(self) -> bool:
        """Whether the decoder gave up before its text ended."""
        return len(self.tokens) >= MOST_TOKENS - 8


class WhisperModel:
    """Loads on construction.

    Args:
        folder: of the CTranslate2 weights.
        threads: as `WhisperRecognizer`.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        silence_telemetry()
        from faster_whisper import WhisperModel as Library
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        # A folder that exists: the library would look a bare name up on the hub.
        self._library: Any = Library(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        self._tokenizer: Any = Tokenizer(self._library.hf_tokenizer, True, task="transcribe", language="en")
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])

    def encode(self, samples: Samples, *, short: bool = False) -> Sound:
        """Encode at most 30 s.

        Args:
            samples: [n], mono at 16 kHz.
            short: not filled up to the window of 30 s: several times cheaper, not quite as good.
        """
        features = self._library.feature_extractor(samples)[:, :-1]
        frames = features.shape[-1]
        most = self._library.feature_extractor.nb_max_frames
        window = min(most, frames + frames % 2 + _AFTER) if short else most
        filled = np.zeros((features.shape[0], window), features.dtype)
        filled[:, : min(frames, window)] = features[:, :window]
        return Sound(self._library.encode(filled), min(frames, window))

    def tokens(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text))

    def text(self, tokens: tuple[int, ...]) -> str:
        return str(self._tokenizer.decode(list(tokens)))

    def words(self, tokens: tuple[int, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """``tokens`` cut into words, each with the space before it and the tokens that spell it."""
        texts, parts = self._tokenizer.split_to_word_tokens([*tokens, self._tokenizer.eot])
        return tuple((text, tuple(part)) for text, part in zip(texts[:-1], parts[:-1], strict=True))

    def decode(self, sound: Sound, beam: int, prompt: tuple[int, ...] = (), most: int = MOST_TOKENS) -> tuple[int, ...]:
        """The tokens of the best reading, none where there seems to be no speech.

        Args:
            beam: width of the search; 1 is greedy.
            prompt: tokens that are taken to come before what is said, at most `PROMPT_TOKENS`.
            most: tokens at which it gives up.
        """
        before = (self._tokenizer.sot_prev, *prompt) if prompt else ()
        result = self._library.model.generate(
            sound.encoded,
            # With time tokens the decoder now and then ends its text in mid-sentence.
            [[*before, *self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]],
            beam_size=beam,
            max_length=2 * most,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )[0]
        tokens = tuple(result.sequences_ids[0])
        mean = result.scores[0] * len(tokens) / (len(tokens) + 1)
        silent = result.no_speech_prob > _NO_SPEECH and mean <= _UNLIKELY
        return () if silent else tokens

    def read(self, sound: Sound, tokens: tuple[int, ...]) -> Reading:
        """A reading with its words in time, as the unprompted model places them."""
        text = self.text(tokens)
        if not text.strip():
            return Reading()
        segment: dict[str, Any] = {"seek": 0, "start": 0.0, "end": sound.frames / 100, "tokens": list(tokens)}
        self._library.add_word_timestamps(
            [[segment]], self._tokenizer, sound.encoded, sound.frames, _OPENING, _CLOSING, last_speech_timestamp=0.0
        )
        return Reading(
            text=text,
            tokens=tokens,
            start=float(segment["start"]),
            end=float(segment["end"]),
            words=tuple(TimedWord(**word) for word in segment["words"]),
            compression_ratio=_compression_ratio(text.strip()),
        )

    def log_probabilities(
        self, sound: Sound, tokens: tuple[int, ...], prompt: tuple[int, ...] = ()
    ) -> tuple[float, ...]:
        """Of each token after those before it, given the sound (and a prompt): the model's own judgement of a text."""
        if not tokens:
            return ()
        before = (self._tokenizer.sot_prev, *prompt) if prompt else ()
        result = self._library.model.align(
            sound.encoded, [*before, *self._tokenizer.sot_sequence], [list(tokens)], sound.frames
        )[0]
        return tuple(math.log(max(probability, 1e-30)) for probability in result.text_token_probs[: len(tokens)])

    def languages(self, sound: Sound) -> dict[str, float]:
        """Probability of each language (ISO 639-1) that it knows, by one step of the decoder."""
        encoded = np.asarray(sound.encoded)
        heard = min(sound.frames // _FRAMES_PER_STATE, _LANGUAGE_STATES)
        after = max(heard, encoded.shape[1] - _SILENT_STATES)
        looked_at = np.concatenate((encoded[:, :heard], encoded[:, after:]), axis=1)
        found = self._library.model.detect_language(type(sound.encoded).from_array(looked_at))[0]
        return {token[2:-2]: probability for token, probability in found}


#: Punctuation that belongs to the word after it, and to the word before it (the library's own lists).
_OPENING: Final = "\"'“¿([{-"
_CLOSING: Final = "\"'.。,，!！?？:：”)]}、"


def _compression_ratio(text: str) -> float:
    from faster_whisper.transcribe import get_compression_ratio

    return float(get_compression_ratio(text))
