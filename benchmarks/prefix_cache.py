"""A second question about a study of 85 pictures, and several questions about one record: what is read is paid once.

With a model that has the real layers, window, picture tokens and vocabulary and is small in its widths. Float32, random
weights. Time to first token is taken as a whole call with one token of output. The question's own tokens alone are a
call with nothing but the question.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.line import print_line
from pipelines.models.generator import Ask, Part, Words
from pipelines.models.medgemma.generator import MedGemma
from pipelines.quiet import silence_telemetry
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import Pictures
from tests.support.scaled_medgemma import build

SLICES: Final = 85
ROUNDS: Final = 7
GOAL: Final = 1.5
THREADS: Final = 2
QUESTION: Final = (
    "\n\nBased on the visual evidence of these slices alone, is there a hypodense lesion in the liver that was not"
    " there before, number {}? Think of the segments one after the other, then end with: Final Answer: yes or no."
)
RECORD: Final = "2024-03-{:02d} Potassium 4.{} mmol/L, sodium 139 mmol/L, creatinine 1.{} mg/dL, seen by Dr. Example.\n"
QUESTIONS: Final = 6
ANSWER_TOKENS: Final = 32


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def study(pictures: Pictures, number: int) -> Ask:
    parts: list[Part] = [Words(text="You are an instructor. These are contiguous slices of a CT of the abdomen.")]
    for place in range(1, SLICES + 1):
        parts += [pictures.add(place, (512, 512)), Words(text=f"SLICE {place}")]
    question = Words(text=QUESTION.format(number))
    return Ask(prompt="bench@1 0", system=None, parts=(*parts, question), max_new_tokens=1, shared=len(parts))


def alone(number: int) -> Ask:
    return Ask(prompt="bench@1 0", system=None, parts=(Words(text=QUESTION.format(number)),), max_new_tokens=1)


def on_record(number: int, *, shared: bool) -> Ask:
    record = Words(text="".join(RECORD.format(1 + day % 28, day % 10, day % 7) for day in range(40)))
    question = Words(text=f"\nQuestion {number}: when was the potassium above 4.{number}?")
    return Ask(
        prompt="bench@1 0",
        system="You answer from the record.",
        parts=(record, question),
        max_new_tokens=ANSWER_TOKENS,
        shared=int(shared),
    )


def first_scores(engine: MedGemma, ask: Ask, pictures: Pictures) -> torch.Tensor:
    """Of the first token of an answer, [vocabulary]."""
    found: list[torch.Tensor] = []
    head = engine._loaded().model.lm_head.register_forward_hook(lambda *given: found.append(given[2][0, -1].float()))
    engine.generate(ask, pictures)
    head.remove()
    return found[-ask.max_new_tokens]


def differences(folder: ModelFolder, dtype: str, pictures: Pictures) -> dict[str, float]:
    """How far the scores after a record that is read by itself are from those of a prompt that is read in one go."""
    engine = MedGemma(folder, THREADS, "cpu", dtype)
    largest, spread, same = 0.0, 0.0, 0
    for number in range(QUESTIONS):
        kept, whole = (first_scores(engine, on_record(number, shared=shared), pictures) for shared in (True, False))
        largest = max(largest, float((kept - whole).abs().max()))
        spread = max(spread, float(whole.max() - whole.min()))
        same += int(kept.argmax() == whole.argmax())
    return {
        f"{dtype}_largest_difference_of_scores": largest,
        f"{dtype}_spread_of_scores": spread,
        f"{dtype}_same_first_token_of_{QUESTIONS}": same,
    }


def main() -> None:
    silence_telemetry()
    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = ModelFolder(build(Path(scratch)), MEDGEMMA)
        pictures = Pictures()
        engine = MedGemma(folder, THREADS, "cpu", "float32", kept_bytes=8_000_000_000)
        engine.generate(alone(0), pictures)
        print(f"reading {SLICES} pictures", file=sys.stderr)
        prompt_tokens = engine.generate(alone(1), pictures).prompt_tokens
        first = timed(lambda: engine.generate(study(pictures, 0), pictures))
        second, own = [], []
        for number in range(1, ROUNDS + 1):
            asks = study(pictures, number), alone(number)
            second.append(timed(lambda ask=asks[0]: engine.generate(ask, pictures)))
            own.append(timed(lambda ask=asks[1]: engine.generate(ask, pictures)))
        figures: dict[str, Any] = {
            "pictures": SLICES,
            "prompt_tokens": engine.generate(study(pictures, 1), pictures).prompt_tokens,
            "question_tokens": prompt_tokens,
            "first_question_s": first,
            "second_question_s": statistics.median(second),
            "question_alone_s": statistics.median(own),
            "second_by_first": statistics.median(second) / first,
            "kept_bytes": engine.kept_bytes,
        }
        plain = MedGemma(folder, THREADS, "cpu", "float32", kept_bytes=0)
        plain.generate(alone(0), pictures)
        figures["record_tokens"] = plain.generate(on_record(0, shared=False), pictures).prompt_tokens
        for name, one, shared in (("kept", engine, True), ("plain", plain, False)):
            figures[f"record_{QUESTIONS}_questions_{name}_s"] = timed(
                lambda one=one, shared=shared: [
                    one.generate(on_record(number, shared=shared), pictures) for number in range(1, QUESTIONS + 1)
                ]
            )
        for dtype in ("float32", "bfloat16"):
            figures |= differences(folder, dtype, pictures)
        figures["record_plain_by_kept"] = (
            figures[f"record_{QUESTIONS}_questions_plain_s"] / figures[f"record_{QUESTIONS}_questions_kept_s"]
        )
    ratio = figures["second_question_s"] / figures["question_alone_s"]
    print_line(
        "prefix_cache",
        figures,
        ratio,
        f"time to first token of a second question at most {GOAL} times that of its own tokens alone",
        met=ratio <= GOAL,
    )


if __name__ == "__main__":
    main()
