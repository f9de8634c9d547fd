"""The task `image-question`: a question about one or more images, answered by a model that is shown them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.models.generator import Ask
from pipelines.records import Attachment, Kind, Result, TaskName
from pipelines.tasks.imaging.pictures import all_frames_of, left_over, missing, refuse_left_out, renumbered, title_of
from pipelines.tasks.task import TaskInput

IMAGES: Final = frozenset(
    {Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH, Kind.IMAGE}
)


def answer(given: TaskInput) -> Result:
    """The model's answer; every statement cites the exact pictures that it names, else all that were shown.

    All images are one request. Where the model has no room for all of them, as many as fit are shown, evenly taken, and
    that is said.

    Raises:
        BadInput: an image cannot be read, or is too small to show anything.
        ModelNeeded: no model that sees images is ready.
    """
    refuse_left_out(given, IMAGES)
    images = [attachment for attachment in given.attachments if attachment.kind in IMAGES]
    if not images:
        return missing(TaskName.IMAGE_QUESTION, given, "No image", "[KIND=]PATH")
    given.consultant.require()
    from pipelines.models.budget import within
    from pipelines.tasks.asking import ask_of
    from pipelines.tasks.imaging.shown import shown_result
    from prompts import prompt_for

    frames = all_frames_of(images, given)
    kind = kind_of_all(images)
    prompt = prompt_for(TaskName.IMAGE_QUESTION.value, kind.value if kind else None, given.prompts)

    def make(places: Sequence[int]) -> Ask:
        return ask_of(prompt, [frames[place].sha256 for place in places], question=given.transcript.text)

    places, generation = within(len(frames), make, given.consultant.generate)
    shown = renumbered([frames[place] for place in places])
    return shown_result(
        TaskName.IMAGE_QUESTION,
        make(places),
        generation,
        shown,
        given.store,
        title=title_of("Images", shown),
        kind=kind,
        notes=left_over(frames, places, images),
    )


def kind_of_all(images: list[Attachment]) -> Kind | None:
    """The kind that all of them have; None where they differ or nothing more is known than that they are images."""
    kinds = {image.kind for image in images}
    return kinds.pop() if len(kinds) == 1 and kinds != {Kind.IMAGE} else None
