"""The engine against transformers called directly, as the model's makers call it: tensors, logits, tokens, text."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from pipelines.models.call import Call
from pipelines.models.checkpoint import Checkpoint, load
from pipelines.models.generator import Ask, Part, Words
from pipelines.models.medgemma import MedGemma
from pipelines.models.turn import length, messages, open_picture
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import Pictures, an_ask
from tests.support.tiny_medgemma import shared

SYSTEM = "You are a helpful assistant."
TEXT = "Describe what there is."
NEW_TOKENS = 12
CASES = [(0, "images"), (1, "images"), (1, "text"), (3, "images"), (3, "text")]


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def dtype(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def direct(dtype: str) -> tuple[Any, Any]:
    """Processor and model, without a line of ours."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    return (
        AutoProcessor.from_pretrained(shared()),
        AutoModelForImageTextToText.from_pretrained(shared(), dtype=getattr(torch, dtype)),
    )


@pytest.fixture(scope="module")
def checkpoint(dtype: str) -> Checkpoint:
    return load(ModelFolder(shared(), MEDGEMMA), 1, "cpu", dtype, "0", "test")


@pytest.fixture(scope="module")
def medgemma(dtype: str) -> MedGemma:
    return MedGemma(ModelFolder(shared(), MEDGEMMA), threads=1, device="cpu", dtype=dtype)


def _asked(images: int, first: str) -> tuple[Ask, Pictures]:
    pictures = Pictures()
    parts: list[Part] = [pictures.add(seed, (120, 80)) for seed in range(images)]
    parts.insert(len(parts) if first == "images" else 0, Words(text=TEXT))
    return an_ask(*parts, system=SYSTEM, max_new_tokens=NEW_TOKENS), pictures


def _direct_inputs(processor: Any, model: Any, ask: Ask, pictures: Pictures) -> Any:
    content = [
        {"type": "text", "text": part.text}
        if isinstance(part, Words)
        else {"type": "image", "image": Image.open(io.BytesIO(pictures.data[part.frame]))}
        for part in ask.parts
    ]
    conversation = [
        {"role": "system", "content": [{"type": "text", "text": SYSTEM}]},
        {"role": "user", "content": content},
    ]
    return processor.apply_chat_template(
        conversation, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    ).to(model.device, dtype=model.dtype)


@pytest.mark.parametrize(("images", "first"), CASES)
def test_the_model_gets_what_it_gets_directly(
    direct: tuple[Any, Any], checkpoint: Checkpoint, images: int, first: str
) -> None:
    ask, pictures = _asked(images, first)
    expected = _direct_inputs(*direct, ask, pictures)
    turn = messages(ask, checkpoint.control, False, lambda frame: open_picture(frame, pictures(frame)))
    call = Call(checkpoint, turn, length(checkpoint.processor, messages(ask, checkpoint.control, False)))
    assert call.inputs.keys() == expected.keys()
    assert {"input_ids", "attention_mask", "token_type_ids"} <= call.inputs.keys()
    assert ("pixel_values" in call.inputs) == (images > 0)
    for name, tensor in expected.items():
        assert call.inputs[name].dtype == tensor.dtype
        assert torch.equal(call.inputs[name], tensor)
    if images:
        assert call.inputs["pixel_values"].shape == (images, 3, 896, 896)
        assert call.inputs["pixel_values"].dtype == getattr(torch, checkpoint.dtype)
    with torch.inference_mode():
        ours = checkpoint.model(**call.inputs).logits
        theirs = direct[1](**expected).logits
    assert ours.dtype == getattr(torch, checkpoint.dtype)
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize(("images", "first"), CASES)
def test_the_same_tokens_and_text_come_of_it(
    direct: tuple[Any, Any], checkpoint: Checkpoint, medgemma: MedGemma, images: int, first: str
) -> None:
    ask, pictures = _asked(images, first)
    processor, model = direct
    inputs = _direct_inputs(processor, model, ask, pictures)
    output = model.generate(**inputs, do_sample=False, max_new_tokens=NEW_TOKENS)
    expected = output[0, inputs["input_ids"].shape[1] :].tolist()

    turn = messages(ask, checkpoint.control, False, lambda frame: open_picture(frame, pictures(frame)))
    written = Call(checkpoint, turn, length(checkpoint.processor, turn)).write(NEW_TOKENS)
    assert [*written.ids, *expected[len(written.ids) :]] == expected
    assert written.spent == len(expected)

    generation = medgemma.generate(ask, pictures)
    ended = expected[-1] in checkpoint.ends
    assert generation.raw == processor.tokenizer.decode(expected[:-1] if ended else expected)
    assert generation.prompt_tokens == inputs["input_ids"].shape[1]
    assert generation.output_tokens == len(expected)


@pytest.mark.parametrize("images", [0, 1])
def test_writing_goes_on_where_it_stopped(checkpoint: Checkpoint, images: int) -> None:
    ask, pictures = _asked(images, "images")
    turn = messages(ask, checkpoint.control, False, lambda frame: open_picture(frame, pictures(frame)))
    call = Call(checkpoint, turn, length(checkpoint.processor, turn))
    before = checkpoint.encode("<unused94>thought\nIt is what it is.<unused95>")
    prompt = checkpoint.decode(call.inputs["input_ids"][0])
    ids = torch.tensor([checkpoint.encode(prompt) + before])
    inputs = {
        **call.inputs,
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "token_type_ids": (ids == checkpoint.processor.tokenizer.image_token_id).long(),
    }
    expected = checkpoint.model.generate(**inputs, do_sample=False, max_new_tokens=NEW_TOKENS)[
        0, ids.shape[1] :
    ].tolist()
    written = call.write(NEW_TOKENS, before)
    assert [*written.ids, *expected[len(written.ids) :]] == expected
    assert written.spent == len(expected)


def test_image_tokens_see_each_other(checkpoint: Checkpoint) -> None:
    """Without token types the blocks would be read causally, and the logits would differ."""
    ask, pictures = _asked(1, "images")
    turn = messages(ask, checkpoint.control, False, lambda frame: open_picture(frame, pictures(frame)))
    inputs = Call(checkpoint, turn, length(checkpoint.processor, turn)).inputs
    with torch.inference_mode():
        seen = checkpoint.model(**inputs).logits
        causal = checkpoint.model(**{**inputs, "token_type_ids": torch.zeros_like(inputs["token_type_ids"])}).logits
    assert not torch.equal(seen, causal)


def test_weights_may_lie_in_several_files_under_the_published_names(tmp_path: Path) -> None:
    ask, pictures = _asked(1, "images")
    one = MedGemma(ModelFolder(shared(), MEDGEMMA), threads=1, device="cpu", dtype="float32")
    folder = shutil.copytree(shared(), tmp_path / "published")
    weights = {
        name.replace("vision_tower.", "vision_tower.vision_model.", 1): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, held in parts.items():
        save_file({name: weights[name] for name in held}, folder / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, held in parts.items() for name in held}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    several = MedGemma(ModelFolder(folder, MEDGEMMA), threads=1, device="cpu", dtype="float32")
    assert several.generate(ask, pictures).raw == one.generate(ask, pictures).raw
    assert several.engine().weights_sha256 != one.engine().weights_sha256
