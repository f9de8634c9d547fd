"""Overfits the tiny checkpoint to a way of speaking that does not depend on what it is asked."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING, Any, Final, Literal

from tests.support.one_thread import one_thread

if TYPE_CHECKING:
    import torch

Behaviour = Literal["answers", "thinks", "never-closes", "never-ends", "reopens", "marks"]

ANSWER: Final = "Nothing acute. Compare old films."
#: As MedGemma marks anatomy.
MARKED: Final = 'Seen. Final Answer: ```json\n[{"box_2d": [210, 340, 765, 898], "label": "heart"}]\n```'
THOUGHTS: Final = "Look, then say it."
#: Said over and over; one word is two tokens, so that long traces are made quickly.
ROUND: Final = "a b c d e "
_WORDS: Final = "the patient has had pain in chest and left arm since two days no fever what do you see here".split()
_IGNORED: Final = -100
_STEPS: Final = 70
_BATCH: Final = 4
_IMAGE_EVERY: Final = 30
_RATE: Final = 8e-3


def train(model: Any, processor: Any, behaviour: Behaviour, seed: int) -> None:
    """Teach ``model`` to show ``behaviour`` after any prompt, with or without an image.

    What comes next follows from the last few characters alone, and but for one layer the model sees little more; the
    prompts vary so that nothing else is learned.
    """
    import torch

    chance = random.Random(seed)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model.model.vision_tower.requires_grad_(False)
        learning = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(learning, lr=_RATE, weight_decay=0.0, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS, pct_start=0.2)
        for step in range(_STEPS):
            image = step % _IMAGE_EVERY == _IMAGE_EVERY - 1
            batch = _batch(processor, behaviour, chance, 1 if image else _BATCH, image)
            loss = model(**batch).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            optimizer.step()
            schedule.step()


def _batch(
    processor: Any, behaviour: Behaviour, chance: random.Random, size: int, image: bool
) -> dict[str, torch.Tensor]:
    import torch

    tokenizer = processor.tokenizer
    content = ([{"type": "image"}] if image else []) + [{"type": "text", "text": ""}]
    rows: list[list[int]] = []
    labels: list[list[int]] = []
    for _ in range(size):
        content[-1]["text"] = _prompt(chance)
        text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        prompt = tokenizer.encode(
            text.replace(processor.boi_token, processor.full_image_sequence), add_special_tokens=False
        )
        ids, label = list(prompt), [_IGNORED] * len(prompt)
        for piece, learned in _spoken(behaviour, chance):
            spoken = tokenizer.encode(piece, add_special_tokens=False)
            ids += spoken
            label += spoken if learned else [_IGNORED] * len(spoken)
        rows.append(ids)
        labels.append(label)
    width = max(map(len, rows))
    pad = tokenizer.pad_token_id
    input_ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    batch = {
        "input_ids": input_ids,
        "attention_mask": (input_ids != pad).long(),
        "token_type_ids": (input_ids == tokenizer.image_token_id).long(),
        "labels": torch.tensor([row + [_IGNORED] * (width - len(row)) for row in labels]),
    }
    if image:
        batch["pixel_values"] = torch.rand(1, 3, 896, 896) * 2 - 1
    return batch


def _spoken(behaviour: Behaviour, chance: random.Random) -> list[tuple[str, bool]]:
    """What the model says, in pieces, and which of them it is to learn."""
    answer = f"{ANSWER}<end_of_turn>"
    if behaviour == "answers":
        return [(answer, True)]
    if behaviour == "marks":
        return [(f"{MARKED}<end_of_turn>", True)]
    if behaviour == "thinks":
        return [(f"<unused94>thought\n{THOUGHTS}<unused95>{answer}", True)]
    if behaviour == "never-ends":
        return [(f"It is {ROUND * chance.randint(2, 6)}", True)]
    if behaviour == "reopens":
        trace = f"<unused94>thought\n{THOUGHTS}"
        ended = [(f"{trace}<end_of_turn>", True)]
        return ended if chance.random() < 0.5 else [(trace, False), ("<unused95>", False), *ended]
    trace = f"<unused94>thought\n{ROUND * 6}"
    return [(trace[: chance.randint(len(trace) // 3, len(trace))], True), ("<unused95>", False), (answer, True)]


def _prompt(chance: random.Random) -> str:
    letters = string.ascii_letters + string.digits + string.punctuation + "    \n"
    size = chance.randint(3, 30)
    kinds = (letters, chance.sample(letters, 3), ROUND + ANSWER)
    kind = chance.randrange(len(kinds) + 1)
    if kind == len(kinds):
        return " ".join(chance.choices(_WORDS, k=chance.randint(1, 6)))
    return "".join(chance.choices(kinds[kind], k=size))
