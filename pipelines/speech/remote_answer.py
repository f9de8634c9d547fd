"""What a transcription server answers, made sense of: text, words and segments with times where it gives them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipelines.speech.language import NAMES

#: Languages by the names under which Whisper's own server and OpenAI's report them; others report the codes.
_LANGUAGES: Final = {name.lower(): code for code, name in NAMES.items()}


class NotAnAnswer(Exception):
    """Not what such a server answers. Says why in words of ours."""


@dataclass(frozen=True)
class SaidWord:
    """A word as the server wrote it among its words; seconds from the start of the piece."""

    text: str
    start: float
    end: float
    probability: float | None


@dataclass(frozen=True)
class Said:
    """One answer."""

    text: str
    words: tuple[SaidWord, ...] = ()
    segments: tuple[SaidWord, ...] = ()
    language: str | None = None


def _a_number(value: Any) -> Any:
    """Seconds may come as null or as no number at all; such a time is not known."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


Number = Annotated[float | None, BeforeValidator(_a_number)]


class _Word(BaseModel):
    model_config = ConfigDict(extra="ignore")

    word: str = ""
    text: str = ""
    start: Number = None
    end: Number = None
    probability: Number = None
    score: Number = None
    avg_logprob: Number = None
    words: list[_Word] | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str
    language: str | None = None
    words: list[_Word] | None = None
    segments: list[_Word] | None = Field(default=None)


def read_answer(body: bytes) -> Said:
    """What a server answered with 200.

    Raises:
        NotAnAnswer: no JSON, or not of this form.
    """
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as invalid:
        kind = invalid.errors()[0]["type"]
        raise NotAnAnswer("no JSON" if kind == "json_invalid" else "its JSON has another form") from None
    segments = answer.segments or []
    words = answer.words or [word for segment in segments for word in segment.words or []]
    return Said(
        text=_plain(answer.text),
        words=_timed(words),
        segments=_timed(segments),
        language=_language(answer.language),
    )


def _timed(given: list[_Word]) -> tuple[SaidWord, ...]:
    """Those with text and times; none where some have no times, as what stands between them would be lost."""
    found = []
    for one in given:
        text = _plain(one.word or one.text)
        if not text:
            continue
        if one.start is None or one.end is None:
            return ()
        found.append(SaidWord(text, one.start, one.end, _probability(one)))
    return tuple(found)


def _probability(word: _Word) -> float | None:
    stated = word.probability if word.probability is not None else word.score
    if stated is None and word.avg_logprob is not None:
        stated = math.exp(min(0.0, word.avg_logprob))
    return stated if stated is None else min(1.0, max(0.0, stated))


def _plain(text: str) -> str:
    """Words with one space between them; what controls a terminal is left out."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _language(stated: str | None) -> str | None:
    name = (stated or "").strip().lower()
    if name in _LANGUAGES:
        return _LANGUAGES[name]
    code = name.partition("-")[0]
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None
