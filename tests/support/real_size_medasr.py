"""A checkpoint of MedASR's real architecture and size (105 M parameters, 421 MB) with random weights, for benchmarks.

python -m tests.support.real_size_medasr DIR
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from pipelines.speech.decode import Samples
from tests.support.build_command import build_command
from tests.support.medasr_parity import Direct
from tests.support.tiny_medasr import liven, save

BLANK: Final = 0
#: Five pieces a second, at 25 rows.
PIECES_PER_ROW: Final = 0.2


def build(folder: Path, seed: int = 0) -> Path:
    """What it hears is gibberish, and what it costs is what MedASR costs: every width is the published one."""
    import torch
    from transformers import LasrCTCConfig, LasrForCTC

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LasrForCTC(LasrCTCConfig()).eval()
    liven(model)
    save(folder, model)
    return folder


def speak_as_fast_as_people(folder: Path, speech: Samples) -> None:
    """Let a random checkpoint write about as many pieces as people say, in a fifth of all rows instead of every one,
    and begin a word with every other."""
    from safetensors.numpy import load_file, save_file

    direct = Direct(folder)
    logits = direct.logits(speech)
    pieces = direct.processor.tokenizer.convert_ids_to_tokens(list(range(logits.shape[1])))
    beginning = np.array([str(piece).startswith("▁") for piece in pieces])
    others = ~beginning
    others[BLANK] = False
    bias = np.zeros(len(pieces), np.float32)
    bias[beginning] = np.median(logits[:, others].max(axis=1) - logits[:, beginning].max(axis=1))
    beyond = np.delete(logits + bias, BLANK, axis=1).max(axis=1) - logits[:, BLANK]
    bias[BLANK] = np.quantile(beyond, 1 - PIECES_PER_ROW)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["ctc_head.bias"] += bias
    save_file(tensors, path, {"format": "pt"})


if __name__ == "__main__":
    build_command(__doc__, build)
