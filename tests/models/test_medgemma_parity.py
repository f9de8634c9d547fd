"""The engine against transformers called directly, as the model's makers call it: tensors, logits, tokens, text."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file

from pipelines.models.generator import Ask, Part, Words
from pipelines.models.medgemma import cache
from pipelines.models.medgemma.checkpoint import Checkpoint, load
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.medgemma.reading import Reader, stretches
from pipelines.models.turn import open_picture, prompt_of
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from pipelines.weights.strides import USUAL, Strides
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


def _reader(checkpoint: Checkpoint, pictures: Pictures, strides: Strides = USUAL) -> Reader:
    def pixels(frames: Sequence[str]) -> Any:
        images = [open_picture(frame, pictures(frame)) for frame in frames]
        made = checkpoint.processor.image_processor(images=images, return_tensors="pt", do_pan_and_scan=False)
        return made["pixel_values"].to(checkpoint.model.dtype)

    return Reader(checkpoint.model, checkpoint.sees, strides, pixels, lambda: None)


def _read(checkpoint: Checkpoint, ask: Ask, pictures: Pictures, strides: Strides = USUAL) -> Any:
    """The scores of the first token."""
    prompt = prompt_of(checkpoint, ask)
    state = cache.empty(checkpoint.model.config.get_text_config())
    with torch.inference_mode():
        return _reader(checkpoint, pictures, strides).read(prompt.ids, prompt.types, 0, state, ask.frames).scores


@pytest.mark.parametrize(("images", "first"), CASES)
def test_the_model_gets_what_it_gets_directly(
    direct: tuple[Any, Any], checkpoint: Checkpoint, images: int, first: str
) -> None:
    ask, pictures = _asked(images, first)
    expected = _direct_inputs(*direct, ask, pictures)
    prompt = prompt_of(checkpoint, ask)
    assert list(prompt.ids) == expected["input_ids"][0].tolist()
    assert list(prompt.types) == expected["token_type_ids"][0].tolist()
    if images:
        pixels = _reader(checkpoint, pictures)._pixels(ask.frames)
        assert pixels.shape == (images, 3, 896, 896)
        assert pixels.dtype == getattr(torch, checkpoint.dtype)
        assert torch.equal(pixels, expected["pixel_values"])
    with torch.inference_mode():
        theirs = direct[1](**expected).logits[0, -1]
    ours = _read(checkpoint, ask, pictures)
    assert ours.dtype == getattr(torch, checkpoint.dtype)
    # Theirs are of all positions at once: the last product has another shape, and other last digits.
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("images", "first"), CASES)
def test_the_same_tokens_and_text_come_of_it(
    direct: tuple[Any, Any], checkpoint: Checkpoint, medgemma: MedGemma, images: int, first: str
) -> None:
    ask, pictures = _asked(images, first)
    processor, model = direct
    inputs = _direct_inputs(processor, model, ask, pictures)
    output = model.generate(**inputs, do_sample=False, max_new_tokens=NEW_TOKENS)
    expected = output[0, inputs["input_ids"].shape[1] :].tolist()

    generation = medgemma.generate(ask, pictures)
    ended = expected[-1] in checkpoint.ends
    assert generation.raw == processor.tokenizer.decode(expected[:-1] if ended else expected)
    assert generation.prompt_tokens == inputs["input_ids"].shape[1]
    assert generation.output_tokens == len(expected)


@pytest.mark.parametrize("images", [0, 1])
def test_writing_goes_on_where_it_stopped(checkpoint: Checkpoint, images: int) -> None:
    ask, pictures = _asked(images, "images")
    before = checkpoint.encode("<unused94>thought\nIt is what it is.<unused95>")
    prompt = prompt_of(checkpoint, ask)
    state = cache.empty(checkpoint.model.config.get_text_config())
    reader = _reader(checkpoint, pictures)
    with torch.inference_mode():
        read = reader.read(prompt.ids, prompt.types, 0, state, ask.frames)
        ours = reader.next(before, cache.branch(read.state))
        whole = _whole(checkpoint, [*prompt.ids, *before], [*prompt.types, *(0 for _ in before)], ask, pictures)
    if checkpoint.dtype == "float32":
        torch.testing.assert_close(ours, whole, rtol=1e-4, atol=1e-5)
    assert int(ours.argmax()) == int(whole.argmax())


@pytest.mark.long
@pytest.mark.parametrize(("tokens", "pictures_at_once"), [(64, 2), (300, 1), (301, 2), (513, 1)])
def test_a_prompt_read_in_stretches_is_read_as_in_one_go(
    checkpoint: Checkpoint, tokens: int, pictures_at_once: int
) -> None:
    """Longer than the window of 16 by far, with pictures in the middle of stretches and at their ends."""
    pictures = Pictures()
    words = Words(text="The patient fell on the left hand. " * 6)
    ask = an_ask(words, pictures.add(1), Words(text="SLICE 1"), pictures.add(2), pictures.add(3), words, system=SYSTEM)
    prompt = prompt_of(checkpoint, ask)
    whole = _whole(checkpoint, list(prompt.ids), list(prompt.types), ask, pictures)
    ours = _read(checkpoint, ask, pictures, Strides(tokens, pictures_at_once))
    if checkpoint.dtype == "float32":
        torch.testing.assert_close(ours, whole, rtol=1e-4, atol=1e-5)
        assert int(ours.argmax()) == int(whole.argmax())
    else:
        # In bfloat16 rounding differs with the shape of what is multiplied; 0.04 was seen.
        assert float((ours.float() - whole.float()).abs().max()) < 0.15


@given(
    blocks=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=5),
    tail=st.integers(0, 9),
    most=st.integers(1, 12),
)
def test_stretches_cover_everything_and_cut_no_picture(blocks: list[tuple[int, int]], tail: int, most: int) -> None:
    types = [kind for words, picture in blocks for kind in (*[0] * words, *[1] * picture, 0)] + [0] * tail
    cut = stretches(types, 0, most)
    assert [place for first, last in cut for place in range(first, last)] == list(range(len(types)))
    for first, last in cut:
        assert last - first <= most or all(types[first:last])
        assert last == len(types) or not (types[last] == types[last - 1] == 1)


def _whole(checkpoint: Checkpoint, ids: list[int], types: list[int], ask: Ask, pictures: Pictures) -> Any:
    """The scores after all tokens, in one call of transformers' model."""
    pixels = _reader(checkpoint, pictures)._pixels(ask.frames) if ask.frames else None
    with torch.inference_mode():
        return checkpoint.model(
            input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types]), pixel_values=pixels
        ).logits[0, -1]


def test_image_tokens_see_each_other(checkpoint: Checkpoint) -> None:
    """Without token types the blocks would be read causally, and the logits would differ."""
    ask, pictures = _asked(1, "images")
    prompt = prompt_of(checkpoint, ask)
    seen = _whole(checkpoint, list(prompt.ids), list(prompt.types), ask, pictures)
    causal = _whole(checkpoint, list(prompt.ids), [0] * len(prompt.types), ask, pictures)
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
