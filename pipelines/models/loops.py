"""Tells when what is being written has begun to say the same over and over, while it is being written.

Models that decode greedily fall into loops: a sentence again and again, or white space without end where JSON was asked
for. Only exact repetition counts: lines that differ in a number are no loop, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=Hashable)

#: 85 slices with the same short value each, as JSON, are still no loop; nor is a wide rule of a table.
_TOKENS: Final = 256
_CHARACTERS: Final = 1_000
_TIMES: Final = 4
_BLANK_TOKENS: Final = 64
_BLANK_CHARACTERS: Final = 256
#: Stands for what came before the first item, and equals none.
_NOTHING: Final = -1


class LoopWatch(Generic[T]):
    """Given one item after another, knows whether they go round.

    They do once the last ``shortest`` of them, and at least four times over, repeat a piece of at most ``longest``
    items; or once more than ``blanks`` blank ones follow each other. So a piece of n items is found when
    ``max(shortest, 4 * n)`` items of it are there. An item takes some microseconds, whatever came before it.

    Args:
        longest: greatest length of the piece that repeats.
        shortest: so much has to be repetition, pieces of one item included.
        blanks: so many blank items may follow each other.
        blank: whether an item is nothing but white space; asked once for equal items.
    """

    def __init__(self, longest: int, shortest: int, blanks: int, blank: Callable[[T], bool]) -> None:
        self._longest = longest
        self._blanks = blanks
        self._blank = blank
        self._numbers: dict[T, tuple[int, bool]] = {}
        self._blank_run = 0
        self._looping = False
        periods = np.arange(1, longest + 1)
        #: By period less one: of the last items, so many are the same as the one that far before them …
        self._same: NDArray[np.int64] = np.zeros(longest, dtype=np.int64)
        #: … and so many make a loop.
        self._enough: NDArray[np.int64] = np.maximum(shortest, _TIMES * periods) - periods
        #: The last items, newest first from `_newest` on; filled towards its start.
        self._items: NDArray[np.int64] = np.full(8 * longest, _NOTHING, dtype=np.int64)
        self._newest = len(self._items) - longest

    @classmethod
    def of_tokens(cls, blank: Callable[[int], bool] = lambda _: False) -> LoopWatch[int]:
        """For token ids. ``blank`` tells those that are nothing but white space."""
        return LoopWatch(_TOKENS, _TOKENS, _BLANK_TOKENS, blank)

    @classmethod
    def of_text(cls) -> LoopWatch[str]:
        """For single characters."""
        return LoopWatch(_CHARACTERS, _CHARACTERS, _BLANK_CHARACTERS, str.isspace)

    @property
    def looping(self) -> bool:
        """Whether a loop was found. It stays so."""
        return self._looping

    def add(self, item: T) -> bool:
        """Take the next item; `looping` thereafter."""
        known = self._numbers.get(item)
        if known is None:
            known = self._numbers[item] = (len(self._numbers), self._blank(item))
        number, blank = known
        self._blank_run = self._blank_run + 1 if blank else 0
        before = self._items[self._newest : self._newest + self._longest]
        self._same += 1
        self._same *= before == number
        self._push(number)
        self._looping = self._looping or self._blank_run > self._blanks or bool((self._same >= self._enough).any())
        return self._looping

    def add_all(self, items: Iterable[T]) -> bool:
        """Take items until they loop; `looping` thereafter."""
        return self._looping or any(map(self.add, items))

    def _push(self, number: int) -> None:
        if not self._newest:
            self._newest = len(self._items) - self._longest
            self._items[self._newest :] = self._items[: self._longest]
        self._newest -= 1
        self._items[self._newest] = number
