"""The beam search itself: ctc-beam-decoder's, with the network's ids as it wants them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.ctc import Alphabet, Token
from pipelines.speech.language_model import LanguageModel, lm_word

#: Beams this much worse than the best are dropped, ids less likely than that in their row are not tried; natural logs.
PRUNE_LOGP: Final = -10.0
TOKEN_LOGP: Final = -5.0
#: Charged for a piece that the language model does not know, log10.
UNKNOWN: Final = -10.0
_IMPOSSIBLE: Final = -40.0

LogProbs = NDArray[np.float32]
"""Natural logarithms of probabilities, [rows, columns]."""


@dataclass(frozen=True)
class Columns:
    """The network's ids as the search knows them: column 0 is the blank and all that writes nothing, which is the same
    to a text; ids whose pieces are one word to a language model share a column."""

    alphabet: Alphabet
    """Of the columns."""
    labels: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]

    def narrow(self, log_probs: LogProbs) -> LogProbs:
        """[rows, ids] to [rows, columns]."""
        found: LogProbs = np.ascontiguousarray(log_probs[:, [ids[0] for ids in self.ids]], np.float32)
        for column, ids in enumerate(self.ids):
            if len(ids) > 1:
                found[:, column] = np.logaddexp.reduce(log_probs[:, list(ids)], axis=1)
        return found

    def token(self, column: int, first: int, last: int, log_probs: LogProbs) -> Token:
        said = log_probs[first : last + 1, list(self.ids[column])]
        best = int(said.max(axis=0).argmax())
        return Token(self.ids[column][best], first, last, min(1.0, float(np.exp(said[:, best].max()))))


def columns_of(alphabet: Alphabet) -> Columns:
    silent = tuple(id_ for id_ in range(len(alphabet.pieces)) if id_ != alphabet.blank and not alphabet.writes(id_))
    ids: list[list[int]] = [[alphabet.blank, *silent]]
    at: dict[str, int] = {}
    for id_, piece in enumerate(alphabet.pieces):
        if piece is None or not alphabet.writes(id_):
            continue
        # The search takes texts apart at white space.
        label = "".join(f"<U+{ord(char):04X}>" if char.isspace() else char for char in lm_word(piece))
        if label in at:
            ids[at[label]].append(id_)
        else:
            at[label] = len(ids)
            ids.append([id_])
    pieces = (None, *(alphabet.pieces[group[0]] for group in ids[1:]))
    return Columns(Alphabet(pieces, 0), ("", *at), tuple(map(tuple, ids)))


class _Native(Protocol):
    def decode_beams(self, log_probs: LogProbs, **how: Any) -> list[tuple[str, None, list[Any], float, float]]: ...


@dataclass(frozen=True)
class Search:
    """The C++ search with its language model, and the numbers of its labels."""

    native: _Native
    lock: threading.Lock
    numbers: dict[str, int]

    def best(self, narrow: LogProbs, width: int) -> tuple[int, ...]:
        return self._best(narrow, width)[0]

    def language(self, columns: Sequence[int]) -> float:
        """What the language model adds to the score of these tokens as a whole text: rows that allow nothing else are
        decoded, and what they are worth by themselves is taken off."""
        rows = np.full((max(1, 2 * len(columns)), len(self.numbers) + 1), _IMPOSSIBLE, np.float32)
        rows[1::2, 0] = 0.0
        if columns:
            rows[np.arange(0, len(rows), 2), list(columns)] = 0.0
        else:
            rows[0, 0] = 0.0
        return self._best(rows, 1)[1]

    def _best(self, narrow: LogProbs, width: int) -> tuple[tuple[int, ...], float]:
        with self.lock:
            beams = self.native.decode_beams(
                narrow, beam_width=width, beam_prune_logp=PRUNE_LOGP, token_min_logp=TOKEN_LOGP, prune_history=True
            )
        if not beams:
            return (), 0.0
        text, _, _, sound, together = beams[0]
        return tuple(self.numbers[word] for word in text.split()), together - sound


def open_search(columns: Columns, model: LanguageModel | None, alpha: float, beta: float) -> Search:
    if model is None:
        return _opened(columns.labels, None, 0, 0, (), 0.0, 0.0)
    stat = model.path.stat()
    with model.loading():
        return _opened(columns.labels, model.path.resolve(), stat.st_size, stat.st_mtime_ns, model.words, alpha, beta)


@lru_cache(maxsize=2)
def _opened(
    labels: tuple[str, ...],
    path: Path | None,
    size: int,  # noqa: ARG001 -- size and time are part of the key
    modified_ns: int,  # noqa: ARG001
    words: tuple[str, ...],
    alpha: float,
    beta: float,
) -> Search:
    """An ARPA file takes a while to read, and a recording is decoded with the language model of the one before."""
    from ctc_beam_decoder import BeamSearchDecoder

    native = BeamSearchDecoder(
        # The mark in front makes every piece a word of its own.
        ["", *(f"▁{label}" for label in labels[1:])],
        kenlm_model_path=path,
        unigrams=list(words) if path else None,
        alpha=alpha,
        beta=beta,
        unk_score_offset=UNKNOWN,
    )
    return Search(native, threading.Lock(), {label: number for number, label in enumerate(labels) if number})
