"""MedASR from samples to text: prepared, in fp32 and int8, against transformers' pipeline as the model card calls it.

At the real architecture and size with random weights, which are built in a scratch folder: what is heard is gibberish,
what it costs is real. Both sides get the same number of threads. Ratios are of processor time with one thread, so that
other programs on the machine count little; wall time, and two threads, are told beside them. Ours also listens for
voices, which the pipeline does not.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.line import print_line
from pipelines.quiet import silence_telemetry
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.medasr_onnx import OnnxMedASR, load_prepared
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.medasr_parity import Direct, spoken_seconds
from tests.support.prepared_medasr import prepare_into
from tests.support.real_size_medasr import build

ROUNDS = 7
SECONDS = (5, 20)
GOAL_FP32 = 1.3
GOAL_INT8 = 2.7

Times = dict[tuple[int, str], list[tuple[float, float]]]
"""Wall and processor seconds by length and side."""


def timed(hear: Callable[[Samples], object], samples: Samples) -> tuple[float, float]:
    wall, spent = time.perf_counter(), time.process_time()
    hear(samples)
    return time.perf_counter() - wall, time.process_time() - spent


def measure(sides: Mapping[str, Callable[[Samples], object]], speech: Samples) -> Times:
    """All sides in turn, as often as there are rounds, after one that does not count."""
    times: Times = {}
    for seconds in SECONDS:
        for turn in range(ROUNDS + 1):
            for name, hear in sides.items():
                found = timed(hear, speech[: seconds * RATE])
                if turn:
                    times.setdefault((seconds, name), []).append(found)
    return times


def median(times: Times, seconds: int, name: str, kind: int) -> float:
    return statistics.median(one[kind] for one in times[seconds, name])


def figures(times: Mapping[int, Times], name: str) -> dict[str, Any]:
    """Seconds and ratios, by threads and length."""
    found: dict[str, Any] = {}
    for threads, measured in times.items():
        for seconds in SECONDS:
            place = f"{seconds}_s_{threads}_thread{'s' if threads > 1 else ''}"
            for kind, what in enumerate(("wall", "cpu")):
                ours, theirs = (median(measured, seconds, side, kind) for side in (name, "pipeline"))
                found[f"{place}_{what}_s"] = ours
                found[f"{place}_{what}_s_pipeline"] = theirs
                found[f"{place}_{what}_ratio"] = theirs / ours
    return found


def main() -> None:
    silence_telemetry()
    warnings.filterwarnings("ignore", message="Using padding='same'", category=UserWarning)
    import torch

    speech = spoken_seconds(max(SECONDS))
    with tempfile.TemporaryDirectory() as scratch:
        folder = ModelFolder(build(Path(scratch) / "medasr"), MEDASR)
        models = Path(scratch) / "models"
        start = time.perf_counter()
        place = prepare_into(models, folder.path)
        prepared_in = time.perf_counter() - start
        sizes = {path.name: path.stat().st_size / 1e6 for path in place.iterdir()}
        direct = Direct(folder.path)

        def ours(precision: Literal["fp32", "int8"], threads: int) -> Callable[[Samples], str]:
            recognizer = MedASRRecognizer(
                folder, threads, prepared=models, precision=precision, ungated=True, voice_gate=False
            )
            return lambda samples: recognizer.recognise(samples).raw

        times: dict[int, Times] = {}
        for threads in (1, 2):
            torch.set_num_threads(threads)
            sides = {"pipeline": direct.text, "fp32": ours("fp32", threads), "int8": ours("int8", threads)}
            times[threads] = measure(sides, speech)
            same_text = sides["fp32"](speech) == sides["pipeline"](speech)
        shared = {
            "vnni": has_vnni(),
            "prepared_in_s": prepared_in,
            "fp32_mb": sizes["fp32.weights"],
            "int8_mb": sizes["int8.weights"],
        }
        for name, precision, goal in (
            ("asr_speed", "fp32", GOAL_FP32),
            ("asr_speed_int8", "int8", GOAL_INT8),
        ):
            found = figures(times, precision)
            ratio = min(found[f"{seconds}_s_1_thread_cpu_ratio"] for seconds in SECONDS)
            network = load_prepared(folder, models, threads=2, precision=precision, ungated=True)  # type: ignore[arg-type]
            largest, equal = parity(network, direct, speech)
            met = ratio >= goal and (precision == "int8" or (equal == 1.0 and same_text))
            print_line(
                name,
                {**found, "largest_logit_difference": largest, "equal_argmax": equal, **shared},
                ratio,
                f"at least {goal} times as fast as the documented pipeline at 5 and 20 s, one thread"
                + (", at equal argmax" if precision == "fp32" else ""),
                met=met,
            )


def parity(network: OnnxMedASR, direct: Direct, speech: Samples) -> tuple[float, float]:
    """Largest difference of any logit from transformers', and share of rows with the same likeliest id."""
    found, expected = network.logits(speech), direct.logits(speech)
    return float(np.abs(found - expected).max()), float((found.argmax(axis=1) == expected.argmax(axis=1)).mean())


def has_vnni() -> bool | None:
    """Whether the processor has instructions for eight-bit products; None where that is not known."""
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return None


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())
