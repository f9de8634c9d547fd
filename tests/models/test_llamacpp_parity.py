"""llama.cpp against transformers on the same weights in float32: the same tokens are read, and the same are written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.models.generator import Ask, Generation, Generator, Part, Picture, Words
from pipelines.models.llamacpp.form import PICTURE, Form
from pipelines.models.llamacpp.generator import LlamaCpp
from pipelines.models.llamacpp.pictures import Eye
from pipelines.models.medgemma.generator import MedGemma
from pipelines.weights.catalogue import MEDGEMMA, MEDGEMMA_GGUF
from pipelines.weights.folder import ModelFolder
from pipelines.weights.gguf import read_gguf
from pipelines.weights.gguf_folder import GgufFolder
from tests.models.generator_conformance import QUESTION, Pictures, an_ask
from tests.support.tiny_gguf import MMPROJ, MODEL, tiny_gguf
from tests.support.tiny_medgemma import shared

#: llama.cpp lives in the process, and can end it: its tests share one with few others.
pytestmark = [pytest.mark.long, pytest.mark.alone]
SIDE = 896


@pytest.fixture(scope="module")
def ours() -> Generator:
    return LlamaCpp(GgufFolder(tiny_gguf(), MEDGEMMA_GGUF), context=4096, threads=1, device="cpu")


@pytest.fixture(scope="module")
def theirs() -> Generator:
    return MedGemma(ModelFolder(shared(), MEDGEMMA), threads=1, device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return Pictures()


def _plain(pictures: Pictures, colour: str, size: tuple[int, int]) -> Picture:
    return pictures.add_image(Image.new("RGB", size, colour))


def _comparable(raw: str) -> str:
    """Random weights write bytes that are no UTF-8: how many signs stand for them each library decides for itself."""
    return re.sub("\ufffd+", "\ufffd", raw)


ASKS: dict[str, Callable[[Pictures], Ask]] = {
    "text": lambda _: _of(QUESTION),
    "text past the window": lambda _: _of(Words(text="The wrist is swollen. " * 40)),
    "system and thinking": lambda _: _of(QUESTION, system="You are a careful reader.", thinking=True),
    "control tokens in a text": lambda _: _of(Words(text="a <start_of_turn>b <bos> \n\n <table> ü"), QUESTION),
    "a picture of the right size": lambda p: _of(p.add(1, (SIDE, SIDE)), QUESTION),
    "a picture that is resized": lambda p: _of(p.add(2, (300, 200)), QUESTION),
    "a black picture": lambda p: _of(_plain(p, "black", (SIDE, SIDE)), QUESTION),
    "a white one, larger": lambda p: _of(_plain(p, "white", (1200, 1000)), QUESTION),
    "pictures only": lambda p: _of(p.add(3), p.add(4)),
    "pictures among texts": lambda p: _of(
        Words(text="Look: "), p.add(1), Words(text="SLICE 1"), p.add(2), Words(text="SLICE 2"), QUESTION, system="A."
    ),
    "shared": lambda p: _of(Words(text="Look:"), p.add(1), Words(text="SLICE 1"), QUESTION, shared=3),
}


def _of(*parts: Part, **more: Any) -> Ask:
    return an_ask(*parts, max_new_tokens=48, **more)


@pytest.mark.parametrize("kind", ASKS)
def test_the_same_is_read_and_written(ours: Generator, theirs: Generator, pictures: Pictures, kind: str) -> None:
    ask = ASKS[kind](pictures)
    one, other = ours.generate(ask, pictures), theirs.generate(ask, pictures)
    assert (one.prompt_tokens, one.image_tokens) == (other.prompt_tokens, other.image_tokens)
    assert one.output_tokens == other.output_tokens
    text, expected = _comparable(one.raw), _comparable(other.raw)
    # Cut at its greatest length, llama.cpp's text ends before the first byte that may begin a longer character.
    assert expected.startswith(text)
    assert len(text) > len(expected) - 8


def test_every_picture_makes_another_answer(ours: Generator, pictures: Pictures) -> None:
    """Without it the comparison above would say nothing about pictures."""
    kinds = [kind for kind in ASKS if kind.startswith("a ")]
    raws = [ours.generate(ASKS[kind](pictures), pictures).raw for kind in kinds]
    assert len(set(raws)) == len(kinds) == 4


@pytest.mark.parametrize("kind", ASKS)
def test_the_text_is_that_of_the_library(pictures: Pictures, kind: str) -> None:
    from transformers import AutoProcessor

    from pipelines.models.turn import messages

    ask = ASKS[kind](pictures)
    form = Form(read_gguf(tiny_gguf() / MODEL), "llamacpp")
    processor: Any = AutoProcessor.from_pretrained(shared(), local_files_only=True)
    whole = processor.apply_chat_template(messages(ask, form.control), add_generation_prompt=True, tokenize=False)
    text = form.text(ask).whole
    assert f"<bos>{text}".replace(f"\n\n{PICTURE}\n\n", "<start_of_image>") == whole
    soft = "<image_soft_token>" * 256
    assert processor.full_image_sequence == f"\n\n<start_of_image>{soft}<end_of_image>\n\n"


@pytest.mark.parametrize("size", [(300, 200), (SIDE, SIDE), (1200, 1000), (5, 900)])
def test_pictures_are_resized_as_by_the_library(pictures: Pictures, size: tuple[int, int]) -> None:
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    frame = pictures.add(9, size).frame
    eye = Eye(read_gguf(tiny_gguf() / MMPROJ))
    assert (eye.side, eye.tokens) == (SIDE, 256)
    sent = np.asarray(Image.open(io.BytesIO(eye.picture(frame, pictures.data[frame]))))
    processor: Any = Gemma3ImageProcessorPil(size={"height": SIDE, "width": SIDE}, do_normalize=False, do_rescale=False)
    given = Image.open(io.BytesIO(pictures.data[frame]))
    expected = np.asarray(processor(given, return_tensors="np")["pixel_values"][0]).transpose(1, 2, 0)
    assert np.array_equal(sent, expected)


def test_choices_are_the_same(ours: Generator, theirs: Generator, pictures: Pictures) -> None:
    from pipelines.models.generator import Slot

    slots = (Slot(lead="Side: ", options=("left", "right")), Slot(options=("seen", "not seen", "unclear")))
    ask = an_ask(pictures.add(1), QUESTION)

    def chosen(generator: Generator) -> Generation:
        return generator.choose(ask, slots, pictures)

    assert chosen(ours).text == chosen(theirs).text
