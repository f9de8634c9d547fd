"""Our NumPy front end against transformers' LasrFeatureExtractor, one thread each, on the same speech."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.line import print_line
from pipelines.speech.audio import RATE
from pipelines.speech.mel import FrontEnd
from tests.support.medasr_parity import spoken_seconds

ROUNDS = 31
SECONDS = (5, 20)
GOAL = 2.7


def spent(extract: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    start = time.process_time()
    extract()
    return (time.process_time() - start) * 1000


def main() -> None:
    import torch
    from transformers import LasrFeatureExtractor

    torch.set_num_threads(1)
    reference, own = LasrFeatureExtractor(), FrontEnd()
    figures: dict[str, float | bool] = {}
    equal = True
    for seconds in SECONDS:
        speech = spoken_seconds(seconds)

        def theirs(samples: object = speech) -> object:
            return reference(samples, sampling_rate=RATE, return_tensors="np", return_attention_mask=True)

        def ours(samples: object = speech) -> object:
            return own.features(samples)  # type: ignore[arg-type]

        equal = equal and np.array_equal(own.features(speech), theirs()["input_features"][0])  # type: ignore[index]
        times = [(spent(ours), spent(theirs)) for _ in range(ROUNDS)]
        figures[f"{seconds}_s_ms"] = statistics.median(mine for mine, _ in times)
        figures[f"{seconds}_s_ms_reference"] = statistics.median(other for _, other in times)
        figures[f"{seconds}_s_ratio"] = figures[f"{seconds}_s_ms_reference"] / figures[f"{seconds}_s_ms"]
    ratio = float(figures[f"{SECONDS[-1]}_s_ratio"])
    print_line(
        "front_end",
        {**figures, "equal": equal},
        ratio,
        f"bit-identical, and at least {GOAL} times as fast on a window of 20 s",
        met=equal and ratio >= GOAL,
    )


if __name__ == "__main__":
    main()
