"""Reads damaged files, one after the other, until its time is over or a reader does what none may: see ``fuzzing``."""

from __future__ import annotations

import random
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path

from pipelines.errors import BadInput
from tests.fuzz.readers import READERS
from tests.support.peak_memory import peak_bytes

MOST_MEMORY = 2 << 30
WRONG = 3
"""Exit code: a reader raised what it may not, or took too much."""


def main(name: str, seed: int, first: int, seconds: float, folder: Path, most: int = MOST_MEMORY) -> int:
    """Writes the number of each case before it is read; its file lies in ``folder``.

    Args:
        most: bytes that this process may ever have taken.
    """
    # No warning may reach a user.
    warnings.simplefilter("error")
    reader = READERS[name]()
    end = time.monotonic() + seconds
    number = first
    while time.monotonic() < end:
        own = folder / str(number)
        own.mkdir()
        case = reader.case(random.Random(f"{name} {seed} {number}"), own)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        try:
            reader.read(case)
        except BadInput as refused:
            if "\n" in str(refused):
                sys.stderr.write(f"more than one line: {refused}\n")
                return WRONG
        except BaseException:
            traceback.print_exc()
            return WRONG
        if peak_bytes() > most:
            sys.stderr.write(f"took {peak_bytes() >> 20} MB\n")
            return WRONG
        shutil.rmtree(own)
        number += 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), Path(sys.argv[5])))
