"""How long one routing decision takes, against the goal; the weights are loaded once."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.line import print_line
from pipelines.evaluation.data import read_cases
from pipelines.records import Kind
from pipelines.routing import Router

ROUNDS = 5
GOAL_SECONDS = 0.005


def main() -> None:
    requests = [
        (case["text"], [Kind(kind) for kind in case["attachments"]])
        for case in read_cases(Path(__file__).parents[1] / "tests" / "data" / "routing.jsonl")
    ]
    start = time.perf_counter()
    router = Router.load()
    load = time.perf_counter() - start
    times = []
    for _ in range(ROUNDS):
        for text, kinds in requests:
            start = time.perf_counter()
            router.decide(text, kinds)
            times.append(time.perf_counter() - start)
    median = statistics.median(times)
    print_line(
        "routing_time",
        {
            "median_ms": median * 1000,
            "p99_ms": statistics.quantiles(times, n=100)[98] * 1000,
            "load_ms": load * 1000,
        },
        median / GOAL_SECONDS,
        f"a decision under {GOAL_SECONDS * 1000:.0f} ms at the median (the ratio is to this goal)",
        met=median < GOAL_SECONDS,
    )


if __name__ == "__main__":
    main()
