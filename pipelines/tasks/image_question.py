"""The task `image-question`: a question about an image, answered by a model that is shown the image."""

from __future__ import annotations

from typing import Final

from pipelines.errors import BadInput
from pipelines.records import Attachment, ImageCitation, Kind, Result, Status, TaskName
from pipelines.tasks.asking import ask_of, generated_result
from pipelines.tasks.task import TaskInput

#: Below this nothing can be seen, and a model would answer all the same.
LEAST_SIDE: Final = 32
IMAGES: Final = frozenset(
    {Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH, Kind.IMAGE}
)


def answer(given: TaskInput) -> Result:
    """The model's answer; every statement cites the exact pictures that it was shown, which are kept.

    Raises:
        BadInput: an image cannot be read, or is too small to show anything.
        ModelNeeded: no model that sees images is ready.
    """
    for one in given.left_out:
        if one.kind in IMAGES:
            # The question may be about this one, or about all of them together.
            how = f"attach it anew, or go on: assistant resume {given.consultant.run} --without {one.name}"
            raise BadInput(one.name, one.warnings[-1], how)
    images = [attachment for attachment in given.attachments if attachment.kind in IMAGES]
    if not images:
        return Result(
            task=TaskName.IMAGE_QUESTION,
            status=Status.NEEDS_INPUT,
            message=f"No image is attached. Go on with: assistant resume {given.consultant.run} --attach [KIND=]PATH",
        )
    given.consultant.require()
    from pipelines.evidence.picture import frame_of
    from prompts import prompt_for

    frames = tuple(frame_of(image, given.store) for image in images)
    for image, frame in zip(images, frames, strict=True):
        if max(frame.source_width, frame.source_height) < LEAST_SIDE:
            size = f"{frame.source_width} x {frame.source_height}"
            raise BadInput(image.name, f"has only {size} pixels", "attach it at its full size")
    kind = _one_kind(images)
    prompt = prompt_for(TaskName.IMAGE_QUESTION.value, kind.value if kind else None, given.prompts)
    ask = ask_of(prompt, [frame.sha256 for frame in frames], question=given.transcript.text)
    citations = tuple(ImageCitation(attachment=frame.attachment, frame=frame.sha256) for frame in frames)
    result = generated_result(TaskName.IMAGE_QUESTION, ask, given.consultant.generate(ask), kind, citations)
    shown = [frame.model_dump(mode="json") for frame in frames]
    return result.model_copy(update={"data": {**result.data, "frames": shown}})


def _one_kind(images: list[Attachment]) -> Kind | None:
    """The kind that all of them have; None where they differ or nothing more is known than that they are images."""
    kinds = {image.kind for image in images}
    return kinds.pop() if len(kinds) == 1 and kinds != {Kind.IMAGE} else None
