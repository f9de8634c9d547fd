"""What a reader is to the fuzzer: it makes damaged files, and reads them as the product does."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.fuzz.mutations import mutated


class Reader(Protocol):
    """One reader of the product, with sound files to damage."""

    def case(self, rng: random.Random, folder: Path) -> Path:
        """Put a damaged file (or folder) into ``folder``; the same for the same random numbers."""
        ...

    def read(self, path: Path) -> None:
        """Read it as the product does. May return, or raise BadInput; nothing else."""
        ...


@dataclass(frozen=True)
class Seed:
    """A sound file."""

    name: str
    data: bytes
    finish: Callable[[bytes], bytes] = bytes
    """What is done to it once it is damaged: checksums made right, which would end the reading at once; packing."""


@dataclass(frozen=True)
class Files:
    """Reader of single files."""

    seeds: Sequence[Seed]
    look: Callable[[Path], object]

    def case(self, rng: random.Random, folder: Path) -> Path:
        seed = rng.choice(self.seeds)
        case = folder / seed.name
        case.write_bytes(seed.finish(mutated(seed.data, rng, [other.data for other in self.seeds])))
        return case

    def read(self, path: Path) -> None:
        self.look(path)
