"""What a model is asked about the slices of a study: each with its label, in the order that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipelines.models.generator import Ask, Part, Picture, Words
from pipelines.tasks.asking import cut_at

if TYPE_CHECKING:
    from prompts import Prompt


def labelled_ask(prompt: Prompt, frames: Sequence[str], labels: Sequence[str], **values: Any) -> Ask:
    """One user turn: what the file's template has above ``{{ pictures_here }}``, then each picture and its label, then
    what stands below, the question last. Further questions about the same pictures share all up to the last of them.

    In another order MedGemma answers as if it were shown a chest film (its maker, in an issue of its repository).

    Args:
        prompt: of the order ``images-between``.
        frames: SHA-256 of the pictures, at least one.
        labels: as many, e.g. ``SLICE 1``.
        values: what the file's template speaks of.
    """
    above, below = cut_at("pictures_here", prompt, **values)
    # Texts are trimmed on their way to a model, and nothing is put between them: the last label and the question are
    # one text, or they would run together.
    texts = [*labels[:-1], f"{labels[-1]}\n\n{below}"]
    pictures: list[Part] = []
    for frame, text in zip(frames, texts, strict=True):
        pictures += [Picture(frame=frame), Words(text=text)]
    opening: tuple[Part, ...] = (Words(text=above),) if above else ()
    return Ask(
        prompt=prompt.identity,
        system=prompt.system,
        parts=(*opening, *pictures),
        max_new_tokens=prompt.budget,
        thinking=prompt.thinking,
        shared=len(opening) + len(pictures) - 1,
    )
