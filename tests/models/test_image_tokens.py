"""Studies as tokens, against the checkpoint's own processor: how many stand for pictures, where, what lies between."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.models.budget import TooLong
from pipelines.models.generator import Ask, Picture, Words
from pipelines.models.medgemma.checkpoint import Checkpoint, load
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.turn import prompt_of
from pipelines.tasks.asking import ask_of
from pipelines.tasks.imaging.asking import labelled_ask
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from prompts import Prompt, load_prompt
from tests.models.generator_conformance import Pictures
from tests.support.tiny_medgemma import IMAGE_TOKENS, shared

QUESTION = "Is there a lesion of the liver?"
MARKERS = 2
"""Before and behind the tokens of a picture."""


@pytest.fixture(scope="module")
def processor() -> Any:
    """The checkpoint's own. Pixels are made small: how many tokens a picture has does not depend on them."""
    from transformers import AutoProcessor

    loaded = AutoProcessor.from_pretrained(shared())
    loaded.image_processor.size = {"height": 14, "width": 14}
    return loaded


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load(ModelFolder(shared(), MEDGEMMA), 1, "cpu", "float32", "0", "test")


@pytest.fixture(scope="module")
def medgemma() -> MedGemma:
    return MedGemma(ModelFolder(shared(), MEDGEMMA), threads=1, device="cpu", dtype="float32")


def patches_prompt(folder: Path) -> Prompt:
    """What a slide's patches are asked about: the text, then all of them."""
    front = 'name = "patches"\nversion = 1\nbudget = 40\nthinking = false\norder = "text-first"\n'
    (folder / "patches.md").write_text(f"+++\n{front}+++\nPatches of one slide.\n\nQuestion: {{{{ question }}}}\n")
    return load_prompt("patches", folder)


def frames(pictures: Pictures, count: int) -> list[str]:
    return [pictures.add(seed, (8, 8)).frame for seed in range(count)]


def study(shown: list[str], question: str = QUESTION, budget: int | None = None) -> Ask:
    labels = [f"SLICE {n}" for n in range(1, len(shown) + 1)]
    prompt = load_prompt("ct-volume")
    about = {"count": len(shown), "plane": "axial", "spread": "evenly spread over all of it"}
    ask = labelled_ask(prompt, shown, labels, **about, question=question)
    return ask if budget is None else ask.model_copy(update={"max_new_tokens": budget})


def direct(processor: Any, ask: Ask, pictures: Pictures) -> tuple[list[int], list[int]]:
    """Ids and token types as the processor makes them of messages, without a line of ours."""
    content = [
        {"type": "text", "text": part.text}
        if isinstance(part, Words)
        else {"type": "image", "image": Image.open(io.BytesIO(pictures.data[part.frame]))}
        for part in ask.parts
    ]
    messages = [{"role": "user", "content": content}]
    if ask.system:
        messages.insert(0, {"role": "system", "content": [{"type": "text", "text": ask.system}]})
    made = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)
    return list(made["input_ids"][0]), list(made["token_type_ids"][0])


def taken_apart(checkpoint: Checkpoint, ids: tuple[int, ...]) -> list[str]:
    """The texts before, between and after the pictures, each of which is exactly its marked block."""
    soft = checkpoint.tokenizer.image_token_id
    before, after = checkpoint.tokenizer.boi_token_id, checkpoint.tokenizer.eoi_token_id
    texts, at = [], 0
    while before in ids[at:]:
        start = ids.index(before, at)
        texts.append(checkpoint.decode(ids[at:start]))
        at = start + IMAGE_TOKENS + MARKERS
        assert ids[start:at] == (before, *[soft] * IMAGE_TOKENS, after)
    texts.append(checkpoint.decode(ids[at:]))
    return texts


@pytest.mark.parametrize("count", [1, 3, 85])
def test_a_study_is_instruction_then_slices_with_their_labels_then_the_question(
    checkpoint: Checkpoint, processor: Any, count: int
) -> None:
    pictures = Pictures()
    ask = study(frames(pictures, count))
    prompt = prompt_of(checkpoint, ask)
    ids, types = direct(processor, ask, pictures)
    assert list(prompt.ids) == ids
    assert list(prompt.types) == types
    soft = checkpoint.tokenizer.image_token_id
    assert list(prompt.types) == [int(token == soft) for token in ids]
    assert sum(prompt.types) == count * IMAGE_TOKENS
    assert ids.count(checkpoint.tokenizer.boi_token_id) == ids.count(checkpoint.tokenizer.eoi_token_id) == count
    assert (prompt.length.prompt, prompt.length.images) == (len(ids), count * (IMAGE_TOKENS + MARKERS))

    opening, *between, closing = taken_apart(checkpoint, prompt.ids)
    assert opening.startswith("<bos><start_of_turn>user\nYou are an expert radiologist")
    assert ("one axial slice of" if count == 1 else f"{count} axial slices of") in opening
    assert between == [f"\n\nSLICE {n}\n\n" for n in range(1, count)]
    assert closing.startswith(f"\n\nSLICE {count}\n\nBased on the visual evidence")
    assert QUESTION in closing
    assert QUESTION not in opening
    assert closing.endswith("<end_of_turn>\n<start_of_turn>model\n")


@pytest.mark.parametrize("count", [1, 3, 125])
def test_a_slide_is_the_question_then_patches_without_a_word_between(
    checkpoint: Checkpoint, processor: Any, count: int, tmp_path: Path
) -> None:
    pictures = Pictures()
    ask = ask_of(patches_prompt(tmp_path), frames(pictures, count), question=QUESTION)
    prompt = prompt_of(checkpoint, ask)
    assert (list(prompt.ids), list(prompt.types)) == direct(processor, ask, pictures)
    assert sum(prompt.types) == count * IMAGE_TOKENS
    opening, *between, closing = taken_apart(checkpoint, prompt.ids)
    assert opening == f"<bos><start_of_turn>user\nPatches of one slide.\n\nQuestion: {QUESTION}\n\n"
    assert between == ["\n\n\n\n"] * (count - 1)
    assert closing == "\n\n<end_of_turn>\n<start_of_turn>model\n"


@pytest.mark.parametrize("count", [1, 3])
def test_a_call_says_how_many_tokens_it_read_and_shows_the_slices_in_order(
    medgemma: MedGemma, processor: Any, count: int
) -> None:
    pictures = Pictures()
    ask = study(frames(pictures, count), budget=2)
    generation = medgemma.generate(ask, pictures)
    ids, types = direct(processor, ask, pictures)
    assert generation.prompt_tokens == len(ids)
    assert generation.image_tokens == sum(types) + MARKERS * count
    assert pictures.asked == list(ask.frames)


def test_another_question_about_the_study_looks_at_no_slice_again(medgemma: MedGemma, checkpoint: Checkpoint) -> None:
    pictures = Pictures()
    shown = [pictures.add(seed, (9, 9)).frame for seed in range(2)]
    asks = [study(shown, question, budget=3) for question in ("Is there a fracture?", "s?", "Wo ist die Läsion?")]
    prompts = [prompt_of(checkpoint, ask) for ask in asks]
    [length] = {prompt.shared for prompt in prompts}
    assert len({prompt.ids[:length] for prompt in prompts}) == 1
    assert sum(prompts[0].types[:length]) == sum(prompts[0].types) == 2 * IMAGE_TOKENS
    medgemma.generate(asks[0], pictures)
    assert pictures.asked == shown
    kept = [medgemma.generate(ask, pictures).raw for ask in asks[1:]]
    assert pictures.asked == shown
    anew = MedGemma(ModelFolder(shared(), MEDGEMMA), threads=1, device="cpu", dtype="float32")
    assert [anew.generate(ask, pictures).raw for ask in asks[1:]] == kept


def test_the_numbers_of_a_study_that_is_too_long_are_the_processors(medgemma: MedGemma, processor: Any) -> None:
    pictures = Pictures()
    shown = frames(pictures, 85)
    ask = study(shown)
    ids, _ = direct(processor, ask, pictures)
    with pytest.raises(TooLong) as raised:
        medgemma.generate(ask, pictures)
    assert raised.value.problem == (
        f"is too long for medgemma: {len(ids)} tokens ({85 * 258} of them for 85 pictures)"
        " and 2000 for the output, of 4096 together"
    )
    assert pictures.asked == []
    fitting = raised.value.pictures_that_fit
    assert 1 <= fitting < 85
    some, _ = direct(processor, study(shown[:fitting]), pictures)
    assert len(some) + 2000 <= 4096


def test_labels_and_pictures_go_in_pairs_and_nothing_else_is_between() -> None:
    prompt = load_prompt("mri-volume")
    about = {"count": 2, "plane": "coronal", "spread": "evenly spread over all of it", "question": QUESTION}
    ask = labelled_ask(prompt, ["a", "b"], ["SLICE 1", "SLICE 2"], **about)
    opening, *rest, last = ask.parts
    assert isinstance(opening, Words)
    assert rest == [Picture(frame="a"), Words(text="SLICE 1"), Picture(frame="b")]
    assert isinstance(last, Words)
    assert last.text.startswith("SLICE 2\n\n")
    assert QUESTION in last.text
    assert ask.shared == 4
    assert (ask.prompt, ask.system, ask.max_new_tokens) == (prompt.identity, prompt.system, prompt.budget)
    with pytest.raises(ValueError, match="zip"):
        labelled_ask(prompt, ["a", "b"], ["SLICE 1"], **about)


@pytest.mark.long
def test_eighty_five_slices_go_through_the_whole_model(tmp_path: Path, processor: Any) -> None:
    folder = shutil.copytree(shared(), tmp_path / "model")
    config = (folder / "config.json").read_text()
    assert '"max_position_embeddings": 4096' in config
    (folder / "config.json").write_text(
        config.replace('"max_position_embeddings": 4096', '"max_position_embeddings": 131072')
    )
    pictures = Pictures()
    ask = study(frames(pictures, 85), budget=2)
    generation = MedGemma(ModelFolder(folder, MEDGEMMA), 1, "cpu", "float32").generate(ask, pictures)
    ids, _ = direct(processor, ask, pictures)
    assert (generation.prompt_tokens, generation.image_tokens) == (len(ids), 85 * 258)
    assert generation.output_tokens == 2
    assert pictures.asked == list(ask.frames)
