"""Beam search over a CTC model's posteriors with a KenLM n-gram and hot words, in MedASR's own form.

The search is ctc-beam-decoder's, a C++ twin of pyctcdecode's. Every piece is one word to it, as MedASR's language model
is made. Its own hot words are such words too, so that of a hot word of several pieces it would favour each piece
anywhere. They are not used: a hot word is put in the place of whole words of what the search found where its sound is
nearly as likely, and the language model has nothing against it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from pipelines.speech.align import align
from pipelines.speech.beam_search import PRUNE_LOGP, TOKEN_LOGP, UNKNOWN, LogProbs, columns_of, open_search
from pipelines.speech.ctc import Alphabet, Token, best_path, collapse
from pipelines.speech.hot_word_places import Place, Placing
from pipelines.speech.hot_words import HotWords, ready_hot_words
from pipelines.speech.language_model import LanguageModel

#: pyctcdecode's own, with which MedASR's published figures were made.
ALPHA: Final = 0.5
BETA: Final = 1.5
#: How much less likely than without it a hot word may be, as a natural logarithm, and still be written. Above this,
#: words that nobody spoke come up in tests/support/decoys.py where the network is two thirds sure of what was said.
HOT_WORD_WEIGHT: Final = 0.5
#: Places that are tried in one utterance, the likeliest first.
_MOST_PLACES: Final = 20


class BeamDecoder:
    """From posteriors to tokens. May be used by several threads at once.

    Args:
        alphabet: of the network.
        width: beams that go on from row to row.
        language_model: made for this alphabet; None searches without.
        alpha: its weight.
        beta: what each piece is worth by itself where there is a language model, which likes short texts.
        hot_words: words and phrases that are favoured, written as the network writes. They may put words into the text
            that nobody spoke; none by default.
        hot_word_weight: natural logarithm of how much less likely than what is heard without it a hot word may be.
            0 writes none that is not the likeliest.

    Raises:
        ModelNeeded: KenLM cannot use the language model's file.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        *,
        width: int = 8,
        language_model: LanguageModel | None = None,
        alpha: float = ALPHA,
        beta: float = BETA,
        hot_words: tuple[str, ...] = (),
        hot_word_weight: float = HOT_WORD_WEIGHT,
    ) -> None:
        self._alphabet = alphabet
        self._width = width
        self._model = language_model
        self._alpha = alpha
        self._beta = beta
        self._hot_words = hot_words
        self._hot_word_weight = hot_word_weight
        self._columns = columns_of(alphabet)
        self._search = open_search(self._columns, language_model, alpha, beta)

    def decode(self, log_probs: LogProbs) -> tuple[Token, ...]:
        """The tokens of one utterance, [rows, ids], as `ctc.collapse` gives them for the best path."""
        if not len(log_probs):
            return ()
        narrow = self._columns.narrow(log_probs)
        columns = self._search.best(narrow, self._width)
        if self._hot_words:
            columns = self._with_hot_words(narrow, columns)
        return self._tokens(log_probs, narrow, columns)

    def parameters(self) -> dict[str, Any]:
        """All that decides the tokens besides the posteriors, for the log."""
        found: dict[str, Any] = {
            "beam_width": self._width,
            "beam_prune_logp": PRUNE_LOGP,
            "token_min_logp": TOKEN_LOGP,
            "language_model": None,
        }
        if self._model is not None:
            found |= {
                "language_model": self._model.sha256,
                "alpha": self._alpha,
                "beta": self._beta,
                "unknown_log10": UNKNOWN,
            }
        if self._hot_words:
            found |= {
                "hot_words": len(self._hot_words),
                "hot_words_unspellable": self._ready.unspellable,
                "hot_words_sha256": hashlib.sha256("\n".join(self._hot_words).encode()).hexdigest(),
                "hot_word_weight": self._hot_word_weight,
            }
        return found

    @property
    def _ready(self) -> HotWords:
        return ready_hot_words(self._columns.alphabet, self._hot_words)

    def _with_hot_words(self, narrow: LogProbs, columns: tuple[int, ...]) -> tuple[int, ...]:
        """The tokens with those hot words in the place of others that are worth it, the most worth first."""
        found = align(narrow, columns, 0)
        if found is None or not columns:
            # A hot word takes the place of something that was heard; silence stays silent.
            return columns
        placing = Placing(
            hot=self._ready,
            weight=self._hot_word_weight,
            search=self._search,
            has_model=self._model is not None,
            alphabet=self._columns.alphabet,
            narrow=narrow,
            columns=columns,
            rows=found.rows,
        )
        spotted = self._ready.spot(narrow, 0, self._hot_word_weight)[:_MOST_PLACES]
        places = [place for one in spotted if (place := placing.place(one)) is not None]
        taken: list[Place] = []
        for place in sorted(places, key=lambda place: (-place.gain, place.first)):
            if all(place.last <= other.first or place.first >= other.last for other in taken):
                taken.append(place)
        changed = list(columns)
        for place in sorted(taken, key=lambda place: -place.first):
            changed[place.first : place.last] = place.spelling
        return tuple(changed)

    def _tokens(self, log_probs: LogProbs, narrow: LogProbs, columns: tuple[int, ...]) -> tuple[Token, ...]:
        ids, probabilities = best_path(narrow)
        greedy = collapse(ids, probabilities, self._columns.alphabet)
        if tuple(token.id for token in greedy) == columns:
            # The best path is the likeliest of all, so of those with this text too.
            rows: Sequence[tuple[int, int]] = [(token.first, token.last) for token in greedy]
        else:
            found = align(narrow, columns, 0)
            assert found is not None, "the search found a text that has no path"
            rows = found.rows
        return tuple(
            self._columns.token(column, first, last, log_probs)
            for column, (first, last) in zip(columns, rows, strict=True)
        )
