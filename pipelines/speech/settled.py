"""What a recogniser's settled tokens write, for somebody who watches them grow in number."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.records import Segment
from pipelines.speech import ctc
from pipelines.speech.audio import RATE
from pipelines.speech.ctc import Alphabet, Token
from pipelines.speech.recognizer import SoFar
from pipelines.speech.windows import row_span


class Settled:
    """The text and the segments of tokens that only grow in number: what was written is not written again."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._text = ""
        """Of the tokens in ``_segments``."""
        self._segments: list[Segment] = []
        self._first = 0
        """The first token that is in none of them."""

    def with_open(self, tokens: Sequence[Token], found: Sequence[Token]) -> SoFar:
        """What is known of the settled ``tokens``, and what they and ``found`` after them write."""
        self._take(tokens)
        rest = tokens[self._first :]
        settled = self._joined(ctc.spell(rest, self._alphabet)[0])
        whole = self._joined(ctc.spell([*rest, *found], self._alphabet)[0])
        return SoFar(settled, whole[len(settled) :], tuple(self._segments))

    def _take(self, tokens: Sequence[Token]) -> None:
        """Segments before the last pause between words."""
        last = next((at for at in range(len(tokens) - 1, self._first, -1) if self._begins(tokens, at)), None)
        if last is None:
            return
        raw, words = ctc.words(tokens[self._first : last], self._alphabet, row_moments)
        by = len(self._text) + 1 if self._text else 0
        self._text = self._joined(raw)
        self._segments += ctc.segments(
            [word.model_copy(update={"raw_start": word.raw_start + by, "raw_end": word.raw_end + by}) for word in words]
        )
        self._first = last

    def _begins(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a segment begins with a token."""
        pause = row_moments(tokens[at].first)[0] - row_moments(tokens[at - 1].last)[1]
        return pause > ctc.PAUSE_SECONDS and self._alphabet.parts_words(tokens[at - 1].id, tokens[at].id)

    def _joined(self, more: str) -> str:
        return f"{self._text} {more}" if self._text and more else self._text or more


def row_moments(row: int) -> tuple[float, float]:
    """Start and end of a row in seconds."""
    start, end = row_span(row)
    return start / RATE, end / RATE
