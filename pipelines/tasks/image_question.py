"""The task `image-question`: a question about one or more images, answered by a model that is shown them."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.evidence.frames import Frame
from pipelines.models.generator import Ask
from pipelines.records import PICTURE_KINDS, Attachment, Kind, Result, TaskName
from pipelines.tasks.imaging.pictures import (
    all_frames_of,
    left_over,
    missing,
    refuse_left_out,
    renumbered,
    sampled,
    title_of,
)
from pipelines.tasks.task import TaskInput


def answer(given: TaskInput) -> Result:
    """The model's answer; every statement cites the exact pictures that it names, else all that were shown.

    All images are one request. Where the model has no room for all of them, as many as fit are shown, evenly taken, and
    that is said. Where no model is ready, the pictures that it will be shown.

    Raises:
        BadInput: an image cannot be read, or is too small to show anything.
    """
    refuse_left_out(given, PICTURE_KINDS)
    attached = images(given)
    if not attached:
        return missing(TaskName.IMAGE_QUESTION, given, "No image", "[KIND=]PATH")
    from pipelines.tasks.asking import ask_of
    from pipelines.tasks.imaging.shown import Told, consulted
    from prompts import prompt_for

    frames = all_frames_of(attached, given)
    kind = kind_of_all(attached)
    prompt = prompt_for(TaskName.IMAGE_QUESTION.value, kind.value if kind else None, given.prompts)

    def make(places: Sequence[int]) -> Ask:
        return ask_of(prompt, [frames[place].sha256 for place in places], question=given.transcript.text)

    def shown(places: Sequence[int]) -> tuple[Frame, ...]:
        return renumbered([frames[place] for place in places])

    def told(places: Sequence[int]) -> Told:
        notes = (*sampled(frames, attached), *left_over(frames, places, attached))
        return Told(title_of("Images", shown(places)), notes=notes)

    return consulted(TaskName.IMAGE_QUESTION, given, len(frames), make, shown, told, kind)


def images(given: TaskInput) -> list[Attachment]:
    """The attachments that can be shown as pictures."""
    return given.of_kinds(PICTURE_KINDS)


def kind_of_all(attached: Sequence[Attachment]) -> Kind | None:
    """The kind that all of them have; None where they differ or nothing more is known than that they are images."""
    kinds = {one.kind for one in attached}
    return kinds.pop() if len(kinds) == 1 and kinds != {Kind.IMAGE} else None
