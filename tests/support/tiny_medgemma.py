"""A tiny checkpoint of MedGemma's real classes, written like the published one: for structure, never for content.

``python -m tests.support.tiny_medgemma DIR [--behaviour answers] [--text-only]``
"""

from __future__ import annotations

import argparse
import atexit
import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from tests.support.tiny_medgemma_training import Behaviour, train

if TYPE_CHECKING:
    from transformers import Gemma3ForConditionalGeneration, Gemma3Processor, PreTrainedTokenizerFast

SIDE: Final = 896
IMAGE_TOKENS: Final = 256

#: Gemma 3's form: the system text opens the one user turn, roles alternate, every text is trimmed.
CHAT_TEMPLATE: Final = """\
{{- bos_token -}}
{%- set opening = namespace(text='') -%}
{%- if messages[0].role == 'system' -%}
  {%- set content = messages[0].content -%}
  {%- set opening.text = (content if content is string else content[0].text) + '\\n\\n' -%}
  {%- set messages = messages[1:] -%}
{%- endif -%}
{%- for message in messages -%}
  {%- if message.role != ('user' if loop.index0 is even else 'assistant') -%}
    {{- raise_exception('Conversation roles must alternate user/assistant') -}}
  {%- endif -%}
  {{- '<start_of_turn>' + ('model' if message.role == 'assistant' else 'user') + '\\n' -}}
  {{- opening.text if loop.first else '' -}}
  {%- if message.content is string -%}
    {{- message.content | trim -}}
  {%- else -%}
    {%- for part in message.content -%}
      {{- '<start_of_image>' if part.type == 'image' else part.text | trim -}}
    {%- endfor -%}
  {%- endif -%}
  {{- '<end_of_turn>\\n' -}}
{%- endfor -%}
{{- '<start_of_turn>model\\n' if add_generation_prompt else '' -}}
"""
_SPECIAL: Final = (
    "<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>",
    "<start_of_image>", "<end_of_image>", "<image_soft_token>",
)  # fmt: skip
#: Added to Gemma's vocabulary without being flagged special.
_PLAIN: Final = ("<mask>", "<unused0>", "<unused94>", "<unused95>", "<table>", "\n\n")


def build_random(
    folder: Path, seed: int = 0, text: Mapping[str, Any] | None = None, vision: Mapping[str, Any] | None = None
) -> Path:
    """Write a checkpoint of random float32 weights (0.4 million) to ``folder``; equal seeds give equal weights.

    ``text`` and ``vision`` are sizes of the two towers, in the words of their configurations, instead of the tiny ones.
    """
    return _save(folder, *_made(seed, text, vision))


def build_trained(folder: Path, behaviour: Behaviour, seed: int = 0) -> Path:
    """Write a checkpoint that shows ``behaviour`` whatever it is asked."""
    model, processor = _made(seed)
    train(model, processor, behaviour, seed)
    return _save(folder, model, processor)


def build_text_only(folder: Path, behaviour: Behaviour | None = None) -> Path:
    """Write a checkpoint like that of the 27B model for text only: no image tower, a tokenizer and no processor.

    Its weights are those of `shared(behaviour)`.
    """
    from transformers import Gemma3ForCausalLM, Gemma3ForConditionalGeneration

    from pipelines.weights.loading import quietly

    with quietly():
        whole = Gemma3ForConditionalGeneration.from_pretrained(shared(behaviour), local_files_only=True)
    model = Gemma3ForCausalLM(whole.config.text_config).eval()
    model.model.load_state_dict(whole.model.language_model.state_dict())
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = CHAT_TEMPLATE
    return _written(folder, model, tokenizer)


@cache
def shared(behaviour: Behaviour | None = None) -> Path:
    """A checkpoint that is built once per process, random without a behaviour. Copy it before changing it."""
    home = Path(tempfile.mkdtemp(prefix="tiny-medgemma-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return build_trained(home, behaviour) if behaviour else build_random(home)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """One token per byte, and Gemma's control tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate((*_SPECIAL, *_PLAIN, *symbols))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in _SPECIAL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in _PLAIN])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
        extra_special_tokens={
            "image_token": "<image_soft_token>",
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
        },
    )


def _made(
    seed: int, text: Mapping[str, Any] | None = None, vision: Mapping[str, Any] | None = None
) -> tuple[Gemma3ForConditionalGeneration, Gemma3Processor]:
    import torch
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3Processor
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    tokenizer = tiny_tokenizer()
    token = tokenizer.convert_tokens_to_ids
    ends = [token("<eos>"), token("<end_of_turn>")]
    config = Gemma3Config(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 6,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "query_pre_attn_scalar": 16,
            "sliding_window": 16,
            "max_position_embeddings": 4096,
            "bos_token_id": token("<bos>"),
            "eos_token_id": ends,
            "pad_token_id": token("<pad>"),
            **(text or {}),
        },
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": SIDE,
            "patch_size": 14,
            "vision_use_head": False,
            **(vision or {}),
        },
        mm_tokens_per_image=IMAGE_TOKENS,
        boi_token_index=token("<start_of_image>"),
        eoi_token_index=token("<end_of_image>"),
        image_token_index=token("<image_soft_token>"),
        eos_token_id=ends,
    )
    processor = Gemma3Processor(
        image_processor=Gemma3ImageProcessorPil(
            size={"height": SIDE, "width": SIDE}, image_mean=[0.5] * 3, image_std=[0.5] * 3
        ),
        tokenizer=tokenizer,
        chat_template=CHAT_TEMPLATE,
        image_seq_length=IMAGE_TOKENS,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Gemma3ForConditionalGeneration(config).eval()
        _open_eyes(model)
    return model, processor


def _open_eyes(model: Any) -> None:
    """Let what is said hang on every picture: made afresh the projector of pictures is all zeros."""
    import torch

    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.dim() < 2 or not ("vision_tower" in name or "multi_modal_projector" in name):
                continue
            spread = 0.3 if "position" in name else 0.2 if "projection_weight" in name else weights[0].numel() ** -0.5
            weights.normal_(std=spread)


def _save(folder: Path, model: Any, processor: Any) -> Path:
    _written(folder, model, processor)
    _write_published_layout(folder)
    return folder


def _written(folder: Path, *parts: Any) -> Path:
    from pipelines.weights.loading import quietly

    with quietly():
        for part in parts:
            part.save_pretrained(folder)
    return folder


def _write_published_layout(folder: Path) -> None:
    """The published repository keeps the image processor in a file of its own, and asks for sampling."""
    settings = json.loads((folder / "processor_config.json").read_text())
    images = settings.pop("image_processor")
    images["image_processor_type"] = "Gemma3ImageProcessor"
    images["processor_class"] = "Gemma3Processor"
    (folder / "preprocessor_config.json").write_text(json.dumps(images, indent=2))
    (folder / "processor_config.json").write_text(json.dumps(settings, indent=2))
    generation = json.loads((folder / "generation_config.json").read_text())
    generation |= {"cache_implementation": "hybrid", "do_sample": True, "top_k": 64, "top_p": 0.95}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--behaviour", choices=get_args(Behaviour))
    arguments.add_argument("--text-only", action="store_true")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    if given.text_only:
        build_text_only(given.folder, given.behaviour)
    elif given.behaviour:
        build_trained(given.folder, given.behaviour, given.seed)
    else:
        build_random(given.folder, given.seed)


if __name__ == "__main__":
    main()
