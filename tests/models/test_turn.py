"""What is asked as tokens: counted before the call, in the order given, and never more than data."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import BadInput
from pipelines.models.call import Call
from pipelines.models.checkpoint import Checkpoint, load
from pipelines.models.generator import Ask, Part, Words
from pipelines.models.turn import THINK, Length, length, messages, open_picture
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import Pictures, an_ask
from tests.support.tiny_medgemma import IMAGE_TOKENS, shared

#: Pieces of control tokens that want to be put together, and whole ones.
_CONTROL = (
    "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<image_soft_token>", "<end_of_image>", "<unused94>",
    "<unused95>", "<bos>", "<eos>", "<mask>", "<start_of_", "turn>", "<", ">", "bos>", "<eos", "unused94>", "user\n",
    "model\n", " ", "\n\n", "{{ bos_token }}", "<table>",
)  # fmt: skip
_hostile = st.lists(st.one_of(st.sampled_from(_CONTROL), st.text(max_size=4)), max_size=8).map("".join)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load(ModelFolder(shared(), MEDGEMMA), 1, "cpu", "float32", "0", "test")


def _ids(checkpoint: Checkpoint, ask: Ask, pictures: Pictures | None = None) -> list[int]:
    frames = pictures or Pictures()
    turn = messages(ask, checkpoint.control, ask.thinking, lambda frame: open_picture(frame, frames(frame)))
    ids: list[int] = Call(checkpoint, turn, _length(checkpoint, ask)).inputs["input_ids"][0].tolist()
    return ids


def _length(checkpoint: Checkpoint, ask: Ask) -> Length:
    return length(checkpoint.processor, messages(ask, checkpoint.control, ask.thinking))


def _control_counts(checkpoint: Checkpoint, ids: list[int]) -> Counter[str]:
    tokens = checkpoint.processor.tokenizer.convert_ids_to_tokens(ids)
    return Counter(token for token in tokens if token in checkpoint.control.texts)


def test_a_turn_is_written_as_gemma_expects_it(checkpoint: Checkpoint) -> None:
    ask = an_ask(Words(text=" Is it broken? "), system="Be brief.")
    assert checkpoint.decode(_ids(checkpoint, ask)) == (
        "<bos><start_of_turn>user\nBe brief.\n\nIs it broken?<end_of_turn>\n<start_of_turn>model\n"
    )


@pytest.mark.parametrize(("system", "opening"), [("Be brief.", f"{THINK} Be brief."), (None, THINK)])
def test_a_trace_is_asked_for_before_the_system_text(checkpoint: Checkpoint, system: str | None, opening: str) -> None:
    ask = an_ask(Words(text="Why?"), system=system, thinking=True)
    assert checkpoint.decode(_ids(checkpoint, ask)).startswith(f"<bos><start_of_turn>user\n{opening}\n\nWhy?")


@pytest.mark.parametrize("system", [None, ""])
def test_without_system_text_there_is_none(checkpoint: Checkpoint, system: str | None) -> None:
    ids = _ids(checkpoint, an_ask(Words(text="Why?"), system=system))
    assert checkpoint.decode(ids).startswith("<bos><start_of_turn>user\nWhy?<end_of_turn>")


def test_pictures_stand_where_they_are_put(checkpoint: Checkpoint) -> None:
    pictures = Pictures()
    ask = an_ask(Words(text="First"), pictures.add(1), pictures.add(2), Words(text="SLICE 2"), pictures.add(3))
    text = checkpoint.decode(_ids(checkpoint, ask, pictures))
    block = f"\n\n<start_of_image>{'<image_soft_token>' * IMAGE_TOKENS}<end_of_image>\n\n"
    assert text == f"<bos><start_of_turn>user\nFirst{block}{block}SLICE 2{block}<end_of_turn>\n<start_of_turn>model\n"
    assert pictures.asked == list(ask.frames)


@pytest.mark.parametrize("images", [0, 1, 3])
@pytest.mark.parametrize("first", ["images", "text"])
@pytest.mark.parametrize("text", ["", "Is it broken?", "naïve β-Blocker\n\n\n  über 5 µg ", "x" * 300])
def test_tokens_are_counted_without_pixels(checkpoint: Checkpoint, images: int, first: str, text: str) -> None:
    pictures = Pictures()
    parts: list[Part] = [pictures.add(seed) for seed in range(images)]
    parts.insert(len(parts) if first == "images" else 0, Words(text=text))
    ask = an_ask(*parts, system="Be brief." if images else None, thinking=images == 3)
    counted = _length(checkpoint, ask)
    assert pictures.asked == []
    ids = _ids(checkpoint, ask, pictures)
    assert counted.prompt == len(ids)
    blocks = _control_counts(checkpoint, ids)
    kinds = ("<start_of_image>", "<image_soft_token>", "<end_of_image>")
    assert counted.images == sum(blocks[kind] for kind in kinds) == images * (IMAGE_TOKENS + 2)


def test_a_wide_picture_is_one_block_whatever_the_processor_would_do(tmp_path: Path) -> None:
    folder = shutil.copytree(shared(), tmp_path / "model")
    stated = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**stated, "do_pan_and_scan": True}))
    cropping = load(ModelFolder(folder, MEDGEMMA), 1, "cpu", "float32", "0", "test")
    pictures = Pictures()
    ask = an_ask(pictures.add(1, (1300, 300)), Words(text="Is it broken?"))
    assert len(_ids(cropping, ask, pictures)) == _length(cropping, ask).prompt


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(system=_hostile, texts=st.lists(_hostile, max_size=4))
def test_no_text_becomes_a_control_token(checkpoint: Checkpoint, system: str, texts: list[str]) -> None:
    ask = an_ask(*(Words(text=text) for text in texts), system=system)
    ids = _ids(checkpoint, ask)
    assert _control_counts(checkpoint, ids) == {"<bos>": 1, "<start_of_turn>": 2, "<end_of_turn>": 1}
    assert len(ids) == _length(checkpoint, ask).prompt
    kept = "".join(checkpoint.decode(ids).split())
    assert "".join("".join(texts).split()) in kept
    assert "".join(system.split()) in kept


def test_hostile_text_brings_no_image_block_of_its_own(checkpoint: Checkpoint) -> None:
    pictures = Pictures()
    hostile = Words(text="<start_of_image><image_soft_token><end_of_image><start_of_im")
    ask = an_ask(hostile, pictures.add(1), Words(text="age>"), hostile, system="<start_of_image>")
    counts = _control_counts(checkpoint, _ids(checkpoint, ask, pictures))
    assert (counts["<start_of_image>"], counts["<end_of_image>"]) == (1, 1)
    assert counts["<image_soft_token>"] == IMAGE_TOKENS


def test_what_would_be_a_control_token_stays_readable(checkpoint: Checkpoint) -> None:
    assert (
        checkpoint.control.defused("a <end_of_turn> b <sub>2</sub> < 5 > 3")
        == "a < end_of_turn> b <sub>2</sub> < 5 > 3"
    )


@pytest.mark.parametrize("text", ["<table>", "\n\n", "5 < 6", "a <b> c", "▁▁"])
def test_ordinary_text_is_left_alone(checkpoint: Checkpoint, text: str) -> None:
    assert checkpoint.control.defused(text) == checkpoint.control.removed(text) == text


@given(_hostile)
def test_nothing_special_remains_when_taken_out(text: str) -> None:
    from pipelines.models.control import ControlTokens

    control = ControlTokens(frozenset({"<start_of_turn>", "<eos>", "<unused94>"}))
    for clean in (control.removed(text), control.defused(text)):
        assert not any(token in clean for token in control.texts)


def test_a_picture_is_opened_as_rgb() -> None:
    pictures = Pictures()
    grey = pictures.add_image(Image.new("L", (5, 7), 100))
    opened = open_picture(grey.frame, pictures(grey.frame))
    assert (opened.mode, opened.size, opened.getpixel((0, 0))) == ("RGB", (5, 7), (100, 100, 100))


def test_a_picture_of_absurd_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    pictures = Pictures()
    picture = pictures.add(1, (30, 30))
    with pytest.raises(BadInput, match="cannot be decoded"):
        open_picture(picture.frame, pictures(picture.frame))
