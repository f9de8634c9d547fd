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
from pipelines.models.generator import Ask, Part, Words
from pipelines.models.medgemma.checkpoint import Checkpoint, load
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.turn import THINK, open_picture, prompt_of
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


def _ids(checkpoint: Checkpoint, ask: Ask) -> list[int]:
    return list(prompt_of(checkpoint, ask).ids)


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
    text = checkpoint.decode(_ids(checkpoint, ask))
    block = f"\n\n<start_of_image>{'<image_soft_token>' * IMAGE_TOKENS}<end_of_image>\n\n"
    assert text == f"<bos><start_of_turn>user\nFirst{block}{block}SLICE 2{block}<end_of_turn>\n<start_of_turn>model\n"
    assert pictures.asked == []


@pytest.mark.parametrize("images", [0, 1, 3])
@pytest.mark.parametrize("first", ["images", "text"])
@pytest.mark.parametrize("text", ["", "Is it broken?", "naïve β-Blocker\n\n\n  über 5 µg ", "x" * 300])
def test_tokens_are_counted_without_pixels(checkpoint: Checkpoint, images: int, first: str, text: str) -> None:
    pictures = Pictures()
    parts: list[Part] = [pictures.add(seed) for seed in range(images)]
    parts.insert(len(parts) if first == "images" else 0, Words(text=text))
    ask = an_ask(*parts, system="Be brief." if images else None, thinking=images == 3)
    prompt = prompt_of(checkpoint, ask)
    assert pictures.asked == []
    assert prompt.length.prompt == len(prompt.ids) == len(prompt.types)
    blocks = _control_counts(checkpoint, list(prompt.ids))
    kinds = ("<start_of_image>", "<image_soft_token>", "<end_of_image>")
    assert prompt.length.images == sum(blocks[kind] for kind in kinds) == images * (IMAGE_TOKENS + 2)


def test_a_wide_picture_is_one_block_whatever_the_processor_would_do(tmp_path: Path) -> None:
    folder = shutil.copytree(shared(), tmp_path / "model")
    stated = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**stated, "do_pan_and_scan": True}))
    pictures = Pictures()
    ask = an_ask(pictures.add(1, (1300, 300)), Words(text="Is it broken?"), max_new_tokens=4)
    cropping, plain = (MedGemma(ModelFolder(path, MEDGEMMA), 1, "cpu", "float32") for path in (folder, shared()))
    assert cropping.generate(ask, pictures).raw == plain.generate(ask, pictures).raw


@pytest.mark.parametrize("last", ["picture", "text"])
def test_what_is_shared_is_the_same_whatever_follows(checkpoint: Checkpoint, last: str) -> None:
    pictures = Pictures()
    parts: list[Part] = [Words(text="SLICE 1"), pictures.add(1), Words(text="SLICE 2"), pictures.add(2)]
    parts += [Words(text="The record says so.")] if last == "text" else []
    asks = [
        an_ask(*parts, Words(text=question), shared=len(parts), system="Be brief.")
        for question in ("Why?", "\n\nWhy?", "s?", "", ".", "naïve")
    ]
    prompts = [prompt_of(checkpoint, ask) for ask in asks]
    [shared_tokens] = {prompt.shared for prompt in prompts}
    assert len({prompt.ids[:shared_tokens] for prompt in prompts}) == 1
    beginning = checkpoint.decode(prompts[0].ids[:shared_tokens])
    assert beginning.startswith("<bos><start_of_turn>user\nBe brief.\n\nSLICE 1")
    assert beginning.endswith("<end_of_image>\n\n" if last == "picture" else "The record ")
    assert sum(prompts[0].types[:shared_tokens]) == 2 * IMAGE_TOKENS


@given(parts=st.lists(st.one_of(st.just("picture"), st.text(max_size=12)), max_size=5), shared_parts=st.integers(0, 6))
def test_nothing_shared_ends_within_a_picture(checkpoint: Checkpoint, parts: list[str], shared_parts: int) -> None:
    pictures = Pictures()
    given_parts = [pictures.add(1, (4, 4)) if part == "picture" else Words(text=part) for part in parts]
    prompt = prompt_of(checkpoint, an_ask(*given_parts, shared=shared_parts))
    assert 0 <= prompt.shared < len(prompt.ids)
    assert sum(prompt.types[: prompt.shared]) % IMAGE_TOKENS == 0


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(system=_hostile, texts=st.lists(_hostile, max_size=4))
def test_no_text_becomes_a_control_token(checkpoint: Checkpoint, system: str, texts: list[str]) -> None:
    ask = an_ask(*(Words(text=text) for text in texts), system=system)
    ids = _ids(checkpoint, ask)
    assert _control_counts(checkpoint, ids) == {"<bos>": 1, "<start_of_turn>": 2, "<end_of_turn>": 1}
    kept = "".join(checkpoint.decode(ids).split())
    assert "".join("".join(texts).split()) in kept
    assert "".join(system.split()) in kept


def test_hostile_text_brings_no_image_block_of_its_own(checkpoint: Checkpoint) -> None:
    pictures = Pictures()
    hostile = Words(text="<start_of_image><image_soft_token><end_of_image><start_of_im")
    ask = an_ask(hostile, pictures.add(1), Words(text="age>"), hostile, system="<start_of_image>")
    counts = _control_counts(checkpoint, _ids(checkpoint, ask))
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
