"""MedGemma 4B at its real size on a graphics processor: tokens per second and time to first token.

The published architecture with random weights in bfloat16, built on the spot: what it says is gibberish, what it costs
is real. Against transformers' plain ``generate`` call, against the same with a static cache and compiled decoding, and
against the limit that the card's memory sets: every token reads all weights once. Without a graphics processor it says
so and measures nothing; ``--scaled`` runs all of it with the small widths of `tests.support.scaled_medgemma` on any
device, to see that it runs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.generation import plain_inputs
from benchmarks.line import print_line
from pipelines.models.generator import Ask, Following, Part, Words
from pipelines.models.medgemma.generator import MedGemma
from pipelines.quiet import silence_telemetry
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import Pictures
from tests.support.scaled_medgemma import build, build_real

GOAL: Final = 3.0
NEW_TOKENS: Final = 128
ROUNDS: Final = 3
PICTURES: Final = (0, 1, 10, 85)
TEXT: Final = Words(text="Describe what there is, organ by organ, and end with an impression.")
#: Bytes that are copied to find how fast the card's memory is.
COPIED: Final = 2_000_000_000


class FirstToken:
    """When the first token came, and the last."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.first: float | None = None

    def progress(self, _: float) -> None:
        if self.first is None:
            self.first = time.perf_counter() - self.started


def asked(pictures: Pictures, count: int, tokens: int) -> Ask:
    parts: list[Part] = []
    for place in range(1, count + 1):
        parts += [pictures.add(place, (896, 896)), Words(text=f"SLICE {place}")]
    return Ask(prompt="bench@1 0", system=None, parts=(*parts, TEXT), max_new_tokens=tokens)


def ours(engine: MedGemma, ask: Ask, pictures: Pictures) -> tuple[float, float]:
    """Seconds to the first token, and tokens a second after it."""
    watch = FirstToken()
    generation = engine.generate(ask, pictures, Following(progress=watch.progress))
    whole = time.perf_counter() - watch.started
    first = watch.first or whole
    return first, (generation.output_tokens - 1) / max(whole - first, 1e-9)


def theirs(model: Any, processor: Any, ask: Ask, pictures: Pictures, **how: Any) -> tuple[float, float]:
    """The same of transformers' own call, of which the first token is measured by a call of one token."""
    inputs = plain_inputs(model, processor, ask, pictures)
    spent = []
    for tokens in (1, ask.max_new_tokens):
        started = time.perf_counter()
        with torch.inference_mode():
            output = model.generate(**inputs, do_sample=False, max_new_tokens=tokens, min_new_tokens=tokens, **how)
        _settle(model.device)
        spent.append(time.perf_counter() - started)
    written = output.shape[1] - inputs["input_ids"].shape[1]
    return spent[0], (written - 1) / max(spent[1] - spent[0], 1e-9)


def bytes_per_second(device: torch.device) -> float:
    """Read and written by a copy within the device's memory."""
    count = COPIED if device.type == "cuda" else COPIED // 10
    one = torch.zeros(count, dtype=torch.uint8, device=device)
    other = torch.empty_like(one)
    best = 0.0
    for _ in range(5):
        _settle(device)
        started = time.perf_counter()
        other.copy_(one)
        _settle(device)
        best = max(best, 2 * count / (time.perf_counter() - started))
    return best


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scaled", action="store_true", help="small widths, any device: only to see that it runs")
    scaled = parser.parse_args().scaled
    if not scaled and not torch.cuda.is_available():
        print("on_gpu: no graphics processor here, nothing measured", file=sys.stderr)
        return
    silence_telemetry()
    from transformers import AutoProcessor
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    counts, tokens = ((0, 1, 2), 8) if scaled else (PICTURES, NEW_TOKENS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = build(Path(scratch)) if scaled else build_real(Path(scratch))
        engine = MedGemma(ModelFolder(folder, MEDGEMMA), 2, device.type, "bfloat16")
        processor = AutoProcessor.from_pretrained(folder)
        model = engine._loaded().model
        weights = sum(tensor.nbytes for tensor in model.model.language_model.parameters())
        limit = bytes_per_second(device) / weights
        figures: dict[str, Any] = {
            "card": torch.cuda.get_device_name(device) if device.type == "cuda" else "no card",
            "limit_tokens_per_s": limit,
        }
        for count in counts:
            pictures = Pictures()
            ask = asked(pictures, count, tokens)
            ours(engine, ask, pictures)
            found = [ours(engine, ask, pictures) for _ in range(ROUNDS)]
            plain = [theirs(model, processor, ask, pictures) for _ in range(ROUNDS)]
            for side, values in (("ours", found), ("plain", plain)):
                figures[f"{count}_pictures_{side}_first_token_s"] = statistics.median(value[0] for value in values)
                figures[f"{count}_pictures_{side}_tokens_per_s"] = statistics.median(value[1] for value in values)
        if device.type == "cuda":
            pictures = Pictures()
            ask = asked(pictures, 0, tokens)
            theirs(model, processor, ask, pictures, cache_implementation="static")
            static = [theirs(model, processor, ask, pictures, cache_implementation="static") for _ in range(ROUNDS)]
            figures["0_pictures_static_compiled_tokens_per_s"] = statistics.median(value[1] for value in static)
    ratio = figures["0_pictures_ours_tokens_per_s"] / figures["0_pictures_plain_tokens_per_s"]
    print_line("on_gpu", figures, ratio, f"at least {GOAL} times plain generate, one stream", met=ratio >= GOAL)


if __name__ == "__main__":
    main()
