"""A checkpoint of MedGemma's classes scaled down in its widths alone, for benchmarks: 34 layers, five of six with a
window of 1,024, pictures of 896 pixels that become 256 tokens, and scores over 262,208 tokens are the real ones.

Matrix products shrink with the square of the widths and attention with their first power. So attention is narrower than
the rest by the square as well: both stand to each other about as in the 4B model, where a token with 23,000 before it
costs an eighth of its matrix products in attention.

python -m tests.support.scaled_medgemma DIR
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests.support.build_command import build_command
from tests.support.tiny_medgemma import build_random

#: 34 layers as the 4B model has them; its widths are 2,560, 10,240 and 8 and 4 heads of 256.
TEXT: Final[dict[str, Any]] = {
    "vocab_size": 262_208,
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_hidden_layers": 34,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 24,
    "query_pre_attn_scalar": 24,
    "sliding_window": 1024,
    "max_position_embeddings": 131_072,
}
#: Two layers of 27, and a width of 64 instead of 1,152.
VISION: Final[dict[str, Any]] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def build(folder: Path, seed: int = 0) -> Path:
    """Write it to ``folder``: 163 million random float32 weights, 650 MB."""
    return build_random(folder, seed, TEXT, VISION)


#: What the published configuration says of MedGemma 4B.
REAL_TEXT: Final[dict[str, Any]] = {
    **TEXT,
    "hidden_size": 2560,
    "intermediate_size": 10_240,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "query_pre_attn_scalar": 256,
}
REAL_VISION: Final[dict[str, Any]] = {
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
}


def build_real(folder: Path, seed: int = 0) -> Path:
    """Write a checkpoint of the real size: 4.3 billion random weights, 17 GB in float32."""
    return build_random(folder, seed, REAL_TEXT, REAL_VISION)


if __name__ == "__main__":
    build_command(__doc__, build)
