"""Posteriors as a CTC model would give them for texts that nobody spoke, with what it nearly heard instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.ctc import Alphabet
from pipelines.speech.language_model import lm_word
from tests.support.arpa import write_arpa

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
#: What a clinic's speech is made of, small enough to read.
PIECES = (
    *("▁", *LETTERS, *(f"▁{letter}" for letter in LETTERS)),
    *("▁the", "▁of", "▁in", "▁is", "▁no", "▁and", "▁with", "▁was", "ing", "ed", "er", "al", "ol", "in", "ine"),
    *("▁left", "▁right", "▁lung", "▁heart", "▁clear", "▁normal", "▁pain", "▁daily", "▁twice", "▁start", "▁stop"),
    *("▁met", "▁pro", "pro", "lol", "to", "▁for", "form", "min", "▁ser", "tra", "▁hy", "▁hydr", "oxy", "ala", "zine"),
    *("▁{", "per", "iod", "}", ",", "[", "]"),
)
ALPHABET = Alphabet((None, None, None, "<unk>", *PIECES), blank=0)


SENTENCES = (
    "the left lung is clear",
    "the right lung is clear",
    "the heart is normal",
    "no pain in the left heart",
    "start metformin twice daily",
    "stop metoprolol and start hydroxyzine daily",
)


def write_toy(path: Path) -> Path:
    """A 3-gram of the sentences that knows all pieces. ``tests/data/toy-trie.kenlm`` and ``toy-probing.kenlm`` are what
    KenLM's ``build_binary trie`` and ``build_binary probing`` make of it: to be made anew when it changes."""
    sentences = [[lm_word(ALPHABET.pieces[id_] or "") for id_ in ids_of(sentence)] for sentence in SENTENCES]
    return write_arpa(path, sentences, [lm_word(piece) for piece in ALPHABET.pieces if piece])


def ids_of(text: str, alphabet: Alphabet = ALPHABET) -> tuple[int, ...]:
    """Ids that write ``text``, the longest piece first."""
    at = {piece: id_ for id_, piece in enumerate(alphabet.pieces) if piece}
    rest, found = "".join(f"▁{word}" for word in text.split()), []
    while rest:
        piece = next(rest[:n] for n in range(len(rest), 0, -1) if rest[:n] in at)
        found.append(at[piece])
        rest = rest[len(piece) :]
    return tuple(found)


def peaky(
    ids: Sequence[int],
    width: int,
    rng: np.random.Generator,
    *,
    instead: Mapping[int, Mapping[int, float]] | None = None,
    sure: float = 8.0,
) -> NDArray[np.float32]:
    """Log probabilities, [rows, width]: each token peaks in one or two rows, blanks between, small noise.

    Args:
        instead: by index of a token: ids that are nearly as likely there, and by how much less (natural logarithm).
        sure: how much likelier a peak is than the noise about it.
    """
    rows: list[NDArray[np.float64]] = []

    def row(peak: int, others: Mapping[int, float] | None = None) -> None:
        scores = rng.normal(0, 0.7, width)
        scores[peak] = sure
        for id_, less in (others or {}).items():
            scores[id_] = sure - less
        rows.append(scores)

    for _ in range(int(rng.integers(1, 4))):
        row(0)
    for index, id_ in enumerate(ids):
        others = (instead or {}).get(index, {})
        for time in range(int(rng.integers(1, 3))):
            row(id_, others if time == 0 else {0: 1.0, **others})
        for _ in range(int(rng.integers(1, 5))):
            row(0)
    return log_softmax(np.array(rows))


def flat(rows: int, width: int, rng: np.random.Generator, spread: float = 2.0) -> NDArray[np.float32]:
    """Log probabilities of a model that knows nothing."""
    return log_softmax(rng.normal(0, spread, (rows, width)))


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))).astype(np.float32)
