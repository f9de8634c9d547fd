"""The tiny MedGemma checkpoint as llama.cpp reads it: a GGUF with the text tower, and an mmproj with the image tower.

``python -m tests.support.tiny_gguf CHECKPOINT DIR``
"""

from __future__ import annotations

import argparse
import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support.tiny_medgemma import shared
from tests.support.tiny_medgemma_training import Behaviour

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL: Final = "tiny-medgemma-F32.gguf"
MMPROJ: Final = "mmproj-F32.gguf"
_VISION: Final = ("vision_tower.", "multi_modal_projector.")
#: Never applied: a list of merges has to be there, and these two symbols have no joint token.
_NO_MERGE: Final = "\u0100 \u0101"


@cache
def tiny_gguf(behaviour: Behaviour | None = None) -> Path:
    """A folder with both files, made once per process from the checkpoint `shared` of that behaviour."""
    home = Path(tempfile.mkdtemp(prefix="tiny-gguf-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return write(shared(behaviour), home)


def write(checkpoint: Path, folder: Path) -> Path:
    """Write what lies in ``checkpoint`` as `MODEL` and `MMPROJ` into ``folder``, in float32."""
    config = json.loads((checkpoint / "config.json").read_text())
    _write_text(checkpoint, config, folder / MODEL)
    _write_vision(checkpoint, config, folder / MMPROJ)
    return folder


def _write_text(checkpoint: Path, config: dict[str, Any], path: Path) -> None:
    import gguf

    text = config["text_config"]
    writer = gguf.GGUFWriter(path, "gemma3")
    writer.add_type("model")
    writer.add_name("tiny")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(text["max_position_embeddings"])
    writer.add_embedding_length(text["hidden_size"])
    writer.add_block_count(text["num_hidden_layers"])
    writer.add_feed_forward_length(text["intermediate_size"])
    writer.add_head_count(text["num_attention_heads"])
    writer.add_head_count_kv(text["num_key_value_heads"])
    writer.add_key_length(text["head_dim"])
    writer.add_value_length(text["head_dim"])
    writer.add_layer_norm_rms_eps(text["rms_norm_eps"])
    writer.add_sliding_window(text["sliding_window"])
    writer.add_rope_freq_base(text["rope_parameters"]["full_attention"]["rope_theta"])
    _add_tokenizer(writer, checkpoint)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3, text["num_hidden_layers"])
    for name, values in _tensors(checkpoint):
        if not name.startswith(_VISION):
            # Gemma keeps its norms' weights less one, llama.cpp as they are multiplied with.
            stored = values + 1 if name.endswith("norm.weight") else values
            writer.add_tensor(_named(names, name), stored)
    _finish(writer)


def _write_vision(checkpoint: Path, config: dict[str, Any], path: Path) -> None:
    import gguf

    vision = config["vision_config"]
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type("gemma3")
    writer.add_vision_projection_dim(config["text_config"]["hidden_size"])
    writer.add_vision_image_size(vision["image_size"])
    writer.add_vision_patch_size(vision["patch_size"])
    writer.add_vision_embedding_length(vision["hidden_size"])
    writer.add_vision_feed_forward_length(vision["intermediate_size"])
    writer.add_vision_block_count(vision["num_hidden_layers"])
    writer.add_vision_head_count(vision["num_attention_heads"])
    writer.add_vision_attention_layernorm_eps(vision["layer_norm_eps"])
    writer.add_vision_image_mean([0.5] * 3)
    writer.add_vision_image_std([0.5] * 3)
    writer.add_vision_use_gelu(True)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, vision["num_hidden_layers"])
    for name, values in _tensors(checkpoint):
        if name.startswith(_VISION):
            stored = values + 1 if name.endswith("soft_emb_norm.weight") else values
            old = name.replace("vision_tower.", "vision_tower.vision_model.").replace("tion_weight", "tion.weight")
            writer.add_tensor(_named(names, old), stored)
    _finish(writer)


def _tensors(checkpoint: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """The tensors by the names that they had before transformers 5 moved them."""
    from safetensors.numpy import load_file

    for name, values in load_file(checkpoint / "model.safetensors").items():
        yield name.removeprefix("model.").removeprefix("language_model."), values


def _named(names: Any, name: str) -> str:
    for known in (name, f"model.{name}"):
        found = names.get_name(known, try_suffixes=(".weight", ".bias"))
        if found is not None:
            return str(found)
    raise KeyError(name)


def _add_tokenizer(writer: Any, checkpoint: Path) -> None:
    import gguf

    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text())
    ids: dict[str, int] = tokenizer["model"]["vocab"]
    types = dict.fromkeys(ids, gguf.TokenType.NORMAL)
    for added in tokenizer["added_tokens"]:
        types[added["content"]] = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
    tokens = sorted(ids, key=ids.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([types[token] for token in tokens])
    writer.add_token_merges([_NO_MERGE])
    writer.add_bos_token_id(ids["<bos>"])
    writer.add_eos_token_id(ids["<eos>"])
    writer.add_eot_token_id(ids["<end_of_turn>"])
    writer.add_pad_token_id(ids["<pad>"])
    writer.add_add_bos_token(True)
    writer.add_chat_template((checkpoint / "chat_template.jinja").read_text())


def _finish(writer: Any) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("checkpoint", type=Path)
    arguments.add_argument("folder", type=Path)
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    write(given.checkpoint, given.folder)


if __name__ == "__main__":
    main()
