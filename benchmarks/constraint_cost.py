"""What holding an answer to a JSON schema costs per token, beside the model's own step, over 262,208 scores.

The model has the layers and the vocabulary of MedGemma 4B at a tenth of its width, in float32 on one thread: steps of
the real one take far longer, the constraint does not. The vocabulary is made up (`tests.support.gemma_vocabulary`), of
the real size and kinds of pieces. What is written is a sheet of laboratory values, token by token, as a model would.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from benchmarks.line import print_line
from pipelines.models.medgemma.constraint import SchemaConstraints
from pipelines.weights.loading import quietly
from tests.support.gemma_vocabulary import LOGITS, gemma_like_tokenizer
from tests.support.scaled_medgemma import build

TOKENS: Final = 300
GOAL: Final = 0.05
VALUES: Final = (
    ("Haemoglobin", "13.2", "g/dL", 12.0, 15.5, "normal"),
    ("Leukocytes", "11.4", "10^9/L", 4.0, 10.0, "high"),
    ("Natrium (sodium)", "139", "mmol/L", 135.0, 145.0, "normal"),
    ("C-reactive protein", "48.50", "mg/L", 0.0, 5.0, "high"),
    ("Ferritin", "8.1", "µg/L", 15.0, 150.0, "low"),
)


class Flag(StrEnum):
    NORMAL = "normal"
    HIGH = "high"
    LOW = "low"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


class Row(BaseModel):
    legible: bool
    analyte: str = Field(max_length=80)
    value: str
    unit: str | None
    low: float | None
    high: float | None
    flag: Flag


class Sheet(BaseModel):
    is_lab_report: Literal["yes", "no", "unclear"]
    date: str | None = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    rows: list[Row] = Field(max_length=60)
    remarks: str


def sheet() -> str:
    rows = [
        Row(legible=True, analyte=analyte, value=value, unit=unit, low=low, high=high, flag=Flag(flag))
        for analyte, value, unit, low, high, flag in VALUES * 3
    ]
    filled = Sheet(is_lab_report="yes", date="2024-03-05", rows=rows, remarks="Sample slightly haemolytic.")
    return json.dumps(filled.model_dump(mode="json"), ensure_ascii=False)


def main() -> None:
    import torch
    from transformers import DynamicCache, Gemma3ForConditionalGeneration

    torch.set_num_threads(1)
    tokenizer = gemma_like_tokenizer()
    tokens = tokenizer.encode(sheet(), add_special_tokens=False)[:TOKENS]
    constraints = SchemaConstraints(tokenizer, LOGITS, tokenizer.convert_tokens_to_ids("<end_of_turn>"))
    start = time.perf_counter()
    constraints.of({"type": "object"})
    prepared = time.perf_counter() - start
    start = time.perf_counter()
    constraint = constraints.of(Sheet.model_json_schema())
    compiled = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder, quietly():
        loaded: Any = Gemma3ForConditionalGeneration
        model = loaded.from_pretrained(build(Path(folder)), dtype=torch.float32).eval()
    steps: list[float] = []
    held: list[float] = []
    forced = 0
    with torch.inference_mode():
        cache = DynamicCache(config=model.config.get_text_config())
        scores = model(input_ids=torch.tensor([[2]]), past_key_values=cache, use_cache=True).logits[0, -1]
        for token in tokens:
            start = time.perf_counter()
            masked = scores.clone()
            constraint.mask(masked)
            constraint.take(token)
            held.append(time.perf_counter() - start)
            if masked[token] == float("-inf"):
                raise SystemExit("what should be written may not be")
            forced += int((masked > float("-inf")).sum()) == 1
            start = time.perf_counter()
            output = model(input_ids=torch.tensor([[token % 256]]), past_key_values=cache, use_cache=True)
            scores = output.logits[0, -1]
            int(scores.argmax())
            steps.append(time.perf_counter() - start)
    ratio = statistics.median(held) / statistics.median(steps)
    print_line(
        "constraint_cost",
        {
            "tokens": len(tokens),
            "without_a_choice": forced,
            "constraint_us_median": statistics.median(held) * 1e6,
            "constraint_us_mean": statistics.fmean(held) * 1e6,
            "constraint_us_p99": statistics.quantiles(held, n=100)[-1] * 1e6,
            "step_ms_median": statistics.median(steps) * 1e3,
            "tokenizer_once_s": prepared,
            "schema_once_ms": compiled * 1e3,
        },
        ratio,
        f"at most {GOAL:.0%} of a step of a model that is a tenth as wide",
        met=ratio <= GOAL,
    )


if __name__ == "__main__":
    main()
