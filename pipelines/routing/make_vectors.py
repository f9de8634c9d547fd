"""Makes the table of word pieces: ``python -m pipelines.routing.make_vectors MODEL_FOLDER [--out FILE]``.

MODEL_FOLDER holds all-MiniLM-L6-v2 as transformers reads it. Needed only when the table itself is to change.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.routing.vectors import WIDTH

_BATCH: Final = 512
_PLAIN: Final = re.compile(r"(?:##)?(?:[a-z]+|0)")

#: The largest components are cut off here, so that eight bits serve the others.
_QUANTILE: Final = 0.9995


def embed(folder: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Every piece of the model's vocabulary, and (pieces, hidden size): each alone through the network, mean-pooled."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    rows = []
    with torch.no_grad():
        for start in range(0, len(pieces), _BATCH):
            ids = torch.arange(start, min(start + _BATCH, len(pieces)))
            first, last = torch.full_like(ids, tokenizer.cls_token_id), torch.full_like(ids, tokenizer.sep_token_id)
            batch = torch.stack([first, ids, last], dim=1)
            hidden = model(input_ids=batch, attention_mask=torch.ones_like(batch)).last_hidden_state
            rows.append(hidden.mean(dim=1).double().numpy())
    return pieces, np.concatenate(rows)


def reduce(pieces: Sequence[str], embedded: NDArray[np.float64]) -> tuple[list[str], NDArray[np.int8]]:
    """Keep plain pieces; principal components, heavier the rarer (the vocabulary begins with the common ones)."""
    centred = embedded - embedded.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(centred.T))
    axes = axes[:, ::-1][:, :WIDTH]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(WIDTH)])
    table = (centred @ axes) * (np.log1p(np.arange(len(pieces))) / 10)[:, None]
    kept = [at for at, piece in enumerate(pieces) if _PLAIN.fullmatch(piece)]
    step = np.quantile(np.abs(table[kept]), _QUANTILE) / 127
    return [pieces[at] for at in kept], np.clip(np.rint(table[kept] / step), -127, 127).astype(np.int8)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.routing.make_vectors", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("vectors.npz"))
    options = parser.parse_args(arguments)
    pieces, table = reduce(*embed(options.model))
    np.savez(options.out, pieces=np.frombuffer("\n".join(pieces).encode("ascii"), np.uint8), table=table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
