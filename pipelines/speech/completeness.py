"""Is all that was spoken accounted for by words? Asked of the sound and the words' times, not of the decoder.

A decoder that stops early leaves speech behind: after its last word, between words, or under words whose times it
stretched over what it left out. So a word accounts for no more time than it takes to say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

#: Longest plausible time of a word: what a hesitant speaker needs for it, per letter and per digit (each a word).
_WORD_SECONDS: Final = 0.4
_LETTER_SECONDS: Final = 0.1
_DIGIT_SECONDS: Final = 0.45
#: Word times are good to about this much.
_SLACK_SECONDS: Final = 0.25
#: Speech without words for this long is missing words; shorter is a breath, a hesitation, an echo.
MISSING_SECONDS: Final = 0.8

Stretch = tuple[float, float]
"""Start and end in seconds."""


class Timed(NamedTuple):
    """A recognised word and when it was spoken, in seconds."""

    text: str
    start: float
    end: float


def unaccounted(speech: Iterable[Stretch], words: Sequence[Timed]) -> tuple[Stretch, ...]:
    """Stretches of ``speech`` of at least `MISSING_SECONDS` to which no word belongs.

    ``speech`` is in order, as a voice detector found it.
    """
    claims = sorted(_claim(word) for word in words)
    missing: list[Stretch] = []
    passed = 0
    for start, end in speech:
        at = start
        while passed < len(claims) and claims[passed][1] <= start:
            passed += 1
        for index in range(passed, len(claims)):
            first, last = claims[index]
            if first >= end:
                break
            if last <= at:
                continue
            if first - at >= MISSING_SECONDS:
                missing.append((at, first))
            at = max(at, last)
        if end - at >= MISSING_SECONDS:
            missing.append((at, end))
    return tuple(missing)


def total(stretches: Iterable[Stretch]) -> float:
    """Their length together, in seconds."""
    return sum(end - start for start, end in stretches)


def missing_warnings(speech: Iterable[Stretch]) -> tuple[str, ...]:
    """One line for each stretch of speech that no word accounts for."""
    return tuple(f"speech between {start:.1f} s and {end:.1f} s gave few words: listen again" for start, end in speech)


def _claim(word: Timed) -> Stretch:
    digits = sum(character.isdigit() for character in word.text)
    letters = sum(character.isalpha() for character in word.text)
    plausible = _WORD_SECONDS + _LETTER_SECONDS * letters + _DIGIT_SECONDS * digits
    return word.start - _SLACK_SECONDS, min(word.end, word.start + plausible) + _SLACK_SECONDS
