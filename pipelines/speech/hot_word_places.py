"""Whether a hot word belongs in the place of words that a search found: by its sound, if the language model lets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.speech.align import align
from pipelines.speech.beam_search import LogProbs, Search
from pipelines.speech.ctc import Alphabet
from pipelines.speech.hot_words import HotWords, Spotted

#: Pieces on both sides that a language model of the highest order KenLM is built for still sees.
_CONTEXT: Final = 6


@dataclass(frozen=True)
class Place:
    """A hot word in the place of tokens ``first`` to ``last`` (that one not), better by ``gain`` with its weight."""

    first: int
    last: int
    spelling: tuple[int, ...]
    gain: float


@dataclass(frozen=True)
class Placing:
    """Judges hot words against the tokens that the search found.

    Args:
        hot: the hot words.
        weight: natural logarithm of how much less likely than what stands there a hot word may be.
        search: with the language model.
        has_model: whether there is one.
        alphabet: of the columns.
        narrow: the utterance, [rows, columns].
        columns: the tokens found.
        rows: first and last row of each.
    """

    hot: HotWords
    weight: float
    search: Search
    has_model: bool
    alphabet: Alphabet
    narrow: LogProbs
    columns: tuple[int, ...]
    rows: Sequence[tuple[int, int]]

    def place(self, spotted: Spotted) -> Place | None:
        """Where a spotted word would go; None where it may not, stands already, or is not worth its weight."""
        heard = [
            index for index, (first, last) in enumerate(self.rows) if first <= spotted.last and last >= spotted.first
        ]
        if not heard:
            return None
        first, last = self._whole_words(heard[0], heard[-1] + 1)
        before = self.columns[first:last]
        if before == spotted.spelling or self._written(before) == self._written(spotted.spelling):
            return None
        weight = self.weight * (1 - self._hot_among(before))
        sound = self._sound(first, last, spotted.spelling)
        if sound is None or sound + weight <= 0:
            return None
        # A language model may speak against a hot word. It has had its say for all words in the search.
        gain = sound + weight + min(0.0, self._language(first, last, spotted.spelling))
        return Place(first, last, spotted.spelling, gain) if gain > 0 else None

    def _whole_words(self, first: int, last: int) -> tuple[int, int]:
        while first > 0 and not self._begins_word(first):
            first -= 1
        while last < len(self.columns) and not self._ends_word(last):
            last += 1
        return first, last

    def _begins_word(self, index: int) -> bool:
        return (self.alphabet.pieces[self.columns[index]] or "").startswith("▁")

    def _ends_word(self, index: int) -> bool:
        """Whether a word can end before this token: at a space, or before punctuation."""
        piece = self.alphabet.pieces[self.columns[index]] or ""
        return not piece[:1].isalnum()

    def _written(self, columns: Sequence[int]) -> str:
        return "".join(self.alphabet.pieces[column] or "" for column in columns).replace("▁", " ").strip()

    def _hot_among(self, columns: Sequence[int]) -> int:
        """How many hot words would be lost."""
        text = f" {self._written(columns)} "
        return sum(f" {word} " in text for word in self.hot.words) if text.strip() else 0

    def _sound(self, first: int, last: int, spelling: Sequence[int]) -> float | None:
        """How much likelier the sound is with ``spelling`` there, as a natural logarithm; None where it does not fit.
        The tokens next to it may move too."""
        low, high = max(0, first - 1), min(len(self.columns), last + 1)
        start = self.rows[low][0] if low < first else 0
        end = self.rows[high - 1][1] + 1 if high > last else len(self.narrow)
        part = self.narrow[start:end]
        left, right = self.columns[low:first], self.columns[last:high]
        was = align(part, (*left, *self.columns[first:last], *right), 0)
        would_be = align(part, (*left, *spelling, *right), 0)
        return None if was is None or would_be is None else would_be.score - was.score

    def _language(self, first: int, last: int, spelling: Sequence[int]) -> float:
        """How much likelier the language model holds ``spelling`` there, weighted."""
        if not self.has_model:
            return 0.0
        low, high = max(0, first - _CONTEXT), last + _CONTEXT
        left, right = self.columns[low:first], self.columns[last:high]
        was = self.search.language((*left, *self.columns[first:last], *right))
        return self.search.language((*left, *spelling, *right)) - was
