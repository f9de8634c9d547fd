"""How long ``assistant --help`` takes, against starting Python alone."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.line import print_line

RUNS = 15
GOAL_SECONDS = 0.3


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    assistant = str(Path(sys.executable).with_name("assistant"))
    ours, bare = [], []
    for _ in range(RUNS):
        ours.append(seconds([assistant, "--help"]))
        bare.append(seconds([sys.executable, "-c", "pass"]))
    median = statistics.median(ours)
    print_line(
        "help_time",
        {"help_s": median, "bare_python_s": statistics.median(bare)},
        median / statistics.median(bare),
        f"assistant --help under {GOAL_SECONDS} s at the median",
        met=median < GOAL_SECONDS,
    )


if __name__ == "__main__":
    main()
