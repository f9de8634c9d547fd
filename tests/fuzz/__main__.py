"""``python -m tests.fuzz --reader dicom --seconds 600 --seed 7``; without ``--reader`` all of them, two at a time."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.fuzzing import Outcome, fuzz
from tests.fuzz.readers import READERS


def main() -> int:
    """0 where every reader stood firm."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="readers against damaged files")
    parser.add_argument("--reader", choices=sorted(READERS), action="append", help="default: all")
    parser.add_argument("--seconds", type=float, default=600.0, help="for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to repeat one")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for files that fail")
    given = parser.parse_args()

    def run(reader: str) -> Outcome:
        return fuzz(reader, given.seconds, given.seed, given.keep, given.first)

    names = given.reader or sorted(READERS)
    failed = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, outcome in zip(names, pool.map(run, names), strict=True):
            sys.stdout.write(f"{name}: {outcome.cases} cases, {len(outcome.failures)} failures\n")
            for failure in outcome.failures:
                failed = True
                sys.stdout.write(f"  {failure}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
