"""What words are near in meaning: a small static table of word pieces, so that a drug never seen is still a drug.

The table is made from all-MiniLM-L6-v2 (Apache-2.0) as docs/routing.md says: each piece of its vocabulary that is
written in plain letters or digits, alone through the network, mean-pooled, reduced to its principal components,
weighted by rarity and rounded to eight bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput

WIDTH: Final = 64
_FILE: Final = "vectors.npz"
_LONGEST_WORD: Final = 40


@dataclass(frozen=True)
class Vectors:
    """``table[pieces[piece]]`` is what a word piece means; pieces inside a word begin with ``##``."""

    pieces: dict[str, int]
    table: NDArray[np.int8]
    """(pieces, WIDTH)."""

    def mean(self, words: Sequence[str]) -> NDArray[np.float32]:
        """(WIDTH,): the direction of the words together, of length one; zero where no piece is known."""
        places = [place for word in words for place in self._places(word)]
        if not places:
            return np.zeros(WIDTH, np.float32)
        total = self.table[places].sum(axis=0, dtype=np.float32)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-6), dtype=np.float32)

    def _places(self, word: str) -> Iterator[int]:
        """Greedy longest pieces, as in WordPiece; what cannot be covered is left out."""
        start, word = 0, word[:_LONGEST_WORD]
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                place = self.pieces.get(prefix + word[start:end])
                if place is not None:
                    yield place
                    start = end
                    break
            else:
                return

    @classmethod
    def read(cls) -> Vectors:
        """The table of the package.

        Raises:
            BadInput: it is missing or damaged.
        """
        try:
            data = files(__package__).joinpath(_FILE).read_bytes()
            with np.load(BytesIO(data), allow_pickle=False) as arrays:
                pieces = arrays["pieces"].tobytes().decode("ascii").split("\n")
                table = arrays["table"]
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise BadInput(_FILE, "holds no word table", "install clinical-assistant again") from error
        return cls({piece: place for place, piece in enumerate(pieces)}, table)
