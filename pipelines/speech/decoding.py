"""From posteriors to tokens: the best path, or a beam search with what is known about the language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from pipelines.speech import ctc
from pipelines.speech.ctc import Alphabet, Token
from pipelines.speech.posteriors import Posteriors
from pipelines.text.lexicon import Lexicon

#: Smallest probability that a logarithm is taken of.
_LEAST: Final = 1e-10
#: More hot words would cost time for every frame.
_HOT_WORDS: Final = 2_000


@dataclass(frozen=True)
class Decoding:
    """How tokens are found.

    Args:
        language_model: a KenLM file over the model's own pieces; without one, and without hot words, the best path.
        width: of the beam.
        alpha: weight of the language model.
        beta: what each piece is worth by itself, against the model's liking for short texts.
        hot_words: whether terms of the lexicon are favoured. Off unless asked for: it can write words that nobody
            spoke.
        hot_word_weight: how much.
    """

    language_model: Path | None = None
    width: int = 8
    alpha: float = 0.5
    beta: float = 1.5
    hot_words: bool = False
    hot_word_weight: float = 0.5

    @property
    def greedy(self) -> bool:
        return self.language_model is None and not self.hot_words


class Decoder(Protocol):
    def tokens(self, posteriors: Posteriors) -> tuple[Token, ...]:
        """The tokens of one utterance, rows counted from its first, from posteriors, [rows, ids]."""
        ...

    def parameters(self) -> dict[str, Any]:
        """What decides the output, for the log."""
        ...


class BestPath:
    """The likeliest id of every row."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet

    def tokens(self, posteriors: Posteriors) -> tuple[Token, ...]:
        return ctc.collapse(*ctc.best_path(posteriors), self._alphabet) if len(posteriors) else ()

    def parameters(self) -> dict[str, Any]:
        return {"decoder": "greedy"}


class Beam:
    """`BeamDecoder` over posteriors."""

    def __init__(self, alphabet: Alphabet, decoding: Decoding, lexicon: Lexicon | None) -> None:
        from pipelines.speech.beam import BeamDecoder
        from pipelines.speech.language_model import LanguageModel
        from pipelines.text.lexicon import hot_words

        model = LanguageModel(decoding.language_model, alphabet) if decoding.language_model else None
        self._decoder = BeamDecoder(
            alphabet,
            width=decoding.width,
            language_model=model,
            alpha=decoding.alpha,
            beta=decoding.beta,
            hot_words=hot_words(lexicon, limit=_HOT_WORDS) if decoding.hot_words and lexicon else (),
            hot_word_weight=decoding.hot_word_weight,
        )

    def tokens(self, posteriors: Posteriors) -> tuple[Token, ...]:
        return self._decoder.decode(np.log(np.maximum(posteriors, _LEAST))) if len(posteriors) else ()

    def parameters(self) -> dict[str, Any]:
        return {"decoder": "beam", **self._decoder.parameters()}


def decoder_of(alphabet: Alphabet, decoding: Decoding, lexicon: Lexicon | None) -> Decoder:
    return BestPath(alphabet) if decoding.greedy else Beam(alphabet, decoding, lexicon)
