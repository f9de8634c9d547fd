"""A tiny checkpoint of MedSigLIP's real classes, written like the published one: for structure, never for content.

``python -m tests.support.tiny_medsiglip DIR``
"""

from __future__ import annotations

import argparse
import atexit
import io
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from transformers import SiglipModel

SIDE: Final = 448
TOKENS: Final = 64
WIDTH: Final = 32
_WORDS: Final = (
    "a chest x ray", "a photo of skin", "a fundus photograph of the eye", "a histopathology slide", "a ct scan slice",
    "a photograph of a page of text", "an ordinary photo of things", "a radiograph of bone", "the quick brown fox",
)  # fmt: skip


def build_random(folder: Path, seed: int = 0) -> Path:
    """Write a checkpoint of random float32 weights (0.1 million) to ``folder``; equal seeds give equal weights."""
    from transformers.utils import logging

    folder.mkdir(parents=True, exist_ok=True)
    logging.disable_progress_bar()
    try:
        _model(seed, _write_tokenizer(folder)).save_pretrained(folder)
    finally:
        logging.enable_progress_bar()
    images = {
        "do_convert_rgb": None,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_processor_type": "SiglipImageProcessor",
        "image_std": [0.5, 0.5, 0.5],
        "processor_class": "SiglipProcessor",
        "resample": 3,
        "rescale_factor": 1 / 255,
        "size": {"height": SIDE, "width": SIDE},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(images, indent=2))
    return folder


@cache
def shared() -> Path:
    """A checkpoint that is built once per process. Copy it before changing it."""
    home = Path(tempfile.mkdtemp(prefix="tiny-medsiglip-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return build_random(home)


def _write_tokenizer(folder: Path) -> int:
    """A sentencepiece model of a few words, with the settings of the published one; returns its size."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_WORDS * 20),
        model_writer=model,
        vocab_size=120,
        hard_vocab_limit=False,
        model_type="unigram",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        pad_piece="<pad>",
        minloglevel=2,
        num_threads=1,
    )
    (folder / "spiece.model").write_bytes(model.getvalue())
    special = {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
    settings = {
        **special,
        "clean_up_tokenization_spaces": True,
        "do_lower_case": True,
        "model_input_names": ["input_ids"],
        "model_max_length": TOKENS,
        "processor_class": "SiglipProcessor",
        "sp_model_kwargs": {},
        "tokenizer_class": "SiglipTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return int(pieces.get_piece_size())


def _model(seed: int, vocabulary: int) -> SiglipModel:
    import torch
    from transformers import SiglipConfig, SiglipModel

    tower = {"hidden_size": WIDTH, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = SiglipConfig(
        text_config={
            **tower,
            "vocab_size": vocabulary,
            "max_position_embeddings": TOKENS,
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 1,
        },
        vision_config={**tower, "image_size": SIDE, "patch_size": 14},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SiglipModel(config).eval()
        with torch.no_grad():
            # As far apart as a trained one's; fresh ones say the same of everything.
            for parameter in model.parameters():
                if parameter.dim() > 1:
                    parameter.normal_(0, parameter.shape[-1] ** -0.5)
            model.logit_scale.fill_(2.3)
            model.logit_bias.fill_(-1.0)
    return model


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    build_random(given.folder, given.seed)


if __name__ == "__main__":
    main()
