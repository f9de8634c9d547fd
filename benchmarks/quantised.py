"""MedGemma's layers in int8 and in 4 bits against bfloat16, on a processor: time for a token, and for reading 64.

Two layers of the real width of 4B (of its 34), random weights, one thread, one run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.line import print_line
from pipelines.models.medgemma.checkpoint import Checkpoint, load
from pipelines.quiet import silence_telemetry
from pipelines.weights.catalogue import MEDGEMMA_27B_TEXT
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import quietly
from pipelines.weights.memory import Quantize
from tests.support.tiny_medgemma import CHAT_TEMPLATE, tiny_tokenizer

FORMS: Final[tuple[Quantize, ...]] = ("none", "int8", "4bit")
GOAL: Final = 1.0
THREADS: Final = 1
READ: Final = 64
TOKENS: Final = 20


def build(folder: Path) -> ModelFolder:
    with quietly():
        from transformers import Gemma3ForCausalLM, Gemma3TextConfig

        tokenizer = tiny_tokenizer()
        tokenizer.chat_template = CHAT_TEMPLATE
        config = Gemma3TextConfig(
            vocab_size=len(tokenizer),
            hidden_size=2560,
            intermediate_size=10240,
            num_hidden_layers=2,
            num_attention_heads=8,
            num_key_value_heads=4,
            head_dim=256,
            sliding_window=1024,
            max_position_embeddings=8192,
        )
        torch.manual_seed(0)
        Gemma3ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return ModelFolder(folder, MEDGEMMA_27B_TEXT)


def measured(checkpoint: Checkpoint) -> tuple[float, float]:
    """Seconds for a token (the median) and for reading."""
    model: Any = checkpoint.model
    ids = torch.randint(20, 250, (1, READ), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        model(input_ids=ids, use_cache=True)
        started = time.perf_counter()
        out = model(input_ids=ids, use_cache=True)
        read = time.perf_counter() - started
        each = []
        for _ in range(TOKENS):
            started = time.perf_counter()
            best = out.logits[:, -1:].argmax(-1)
            out = model(input_ids=best, past_key_values=out.past_key_values, use_cache=True)
            each.append(time.perf_counter() - started)
    return statistics.median(each), read


def main() -> None:
    silence_telemetry()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = build(Path(scratch))
        for form in FORMS:
            checkpoint = load(folder, THREADS, "cpu", "bfloat16", "0", "bench", form)
            token, read = measured(checkpoint)
            name = "bfloat16" if form == "none" else form
            figures |= {f"token_ms_{name}": 1000 * token, f"read_{READ}_ms_{name}": 1000 * read}
    ratio = figures["token_ms_int8"] / figures["token_ms_bfloat16"]
    goal = f"int8 at most {GOAL} times as long a token as bfloat16"
    print_line("quantised", figures, ratio, goal, met=ratio <= GOAL)


if __name__ == "__main__":
    main()
