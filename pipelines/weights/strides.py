"""How much of a prompt a language model reads at a time: on it hangs what a call takes of memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Strides:
    """A matter of memory, not of what comes out but for its last digits."""

    tokens: int = 2048
    pictures: int = 4


#: The usual ones, and those for a second try where memory ran out.
USUAL: Final = Strides()
SMALL: Final = Strides(tokens=512, pictures=1)
