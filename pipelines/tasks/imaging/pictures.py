"""The single pictures that a task shows a model: which of the attachments, as frames, and what is said of those that
cannot be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from shlex import quote
from typing import Final

from pipelines.errors import BadInput
from pipelines.evidence.frames import Frame
from pipelines.records import Attachment, Kind, Result, Status, TaskName
from pipelines.tasks.task import TaskInput

#: Below this nothing can be seen, and a model would answer all the same.
LEAST_SIDE: Final = 32
#: Nor where the shorter side comes to fewer pixels than this of the square of 896 that a model is shown.
_LEAST_SHOWN: Final = 8
_SHOWN: Final = 896

#: Begins the step of a frame that was made of the first of several pages.
_FIRST_OF: Final = "first of "
_WINDOW: Final = re.compile(r"\b(?:windowed|windowing|display window|voi|window (?:settings?|in its header))\b", re.I)


def refuse_left_out(given: TaskInput, kinds: Collection[Kind]) -> None:
    """The request may be about the one that cannot be read, or about all of them together.

    Raises:
        BadInput: a picture of these kinds was given and cannot be read.
    """
    for one in given.left_out:
        if one.kind in kinds:
            how = f"attach it anew, or go on: assistant resume {given.consultant.run} --without {quote(one.name)}"
            raise BadInput(one.name, one.warnings[-1], how)


def chest_films(given: TaskInput, least: int = 1) -> list[Attachment]:
    """The chest films; where they are fewer than ``least``, images of a kind that nobody named as well."""
    films = given.of_kinds({Kind.CHEST_XRAY})
    return films if len(films) >= least else given.of_kinds({Kind.CHEST_XRAY, Kind.IMAGE})


def compared_films(given: TaskInput) -> list[Attachment]:
    """As `chest_films`, of which a comparison takes two."""
    return chest_films(given, least=2)


def missing(task: TaskName, given: TaskInput, what: str, attach: str) -> Result:
    """The question back where nothing that the task takes is attached; what is, is named.

    Args:
        what: is missing, as the beginning of a sentence: ``No chest film``.
        attach: what to give, as on the command line: ``chest-xray=PATH``.
    """
    others = ", ".join(f"{one.name} is {one.kind}" for one in given.attachments)
    how = f"assistant resume {given.consultant.run} --attach {attach}"
    return asked(task, f"{what} is attached{f' ({others})' if others else ''}. Go on with: {how}")


def asked(task: TaskName, message: str, data: dict[str, object] | None = None) -> Result:
    """A question back to the user, in one line."""
    return Result(task=task, status=Status.NEEDS_INPUT, message=message, data=data or {})


def not_there(given: TaskInput, count: int) -> str:
    """Before the question that is asked again: that what the user chose is not there, as a whole sentence."""
    return "" if given.series is None else f"There is no number {given.series}, only 1 to {count}. "


def frames_of(images: Sequence[Attachment], given: TaskInput, labels: Sequence[str] = ()) -> tuple[Frame, ...]:
    """One frame of each, in their order.

    Args:
        labels: what a reader calls each.

    Raises:
        BadInput: one cannot be read, holds several pictures, or is too small to show anything.
    """
    from pipelines.evidence.picture import frame_of

    windowed = is_windowed(given)
    called: Sequence[str | None] = labels or [None] * len(images)
    made = [frame_of(image, given.store, label, windowed=windowed) for image, label in zip(images, called, strict=True)]
    return tuple(_large_enough(image, frame) for image, frame in zip(images, made, strict=True))


def all_frames_of(images: Sequence[Attachment], given: TaskInput) -> tuple[Frame, ...]:
    """The frames of all that they hold, in their order: of a film or a scan of very many pictures some, evenly spread.

    Raises:
        BadInput: one cannot be read, or is too small to show anything.
    """
    from pipelines.evidence.picture import frames_of as frames_in

    windowed = is_windowed(given)
    return tuple(
        _large_enough(image, frame) for image in images for frame in frames_in(image, given.store, windowed=windowed)
    )


def is_windowed(given: TaskInput) -> bool:
    """The display window in a header is taken only where the words ask for it."""
    return _WINDOW.search(given.transcript.text) is not None


def _large_enough(image: Attachment, frame: Frame) -> Frame:
    shorter, longer = sorted((frame.source_width, frame.source_height))
    size = f"{frame.source_width} x {frame.source_height} pixels"
    if longer < LEAST_SIDE:
        raise BadInput(image.name, f"has only {size}", "attach it at its full size")
    if shorter * min(1.0, _SHOWN / longer) < _LEAST_SHOWN:
        raise BadInput(image.name, f"is a strip of {size}, in which nothing would be seen", "attach a part of it")
    return frame


def renumbered(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Those that are shown, each by its place among them; its number within its own attachment stays readable."""
    if len(frames) == 1:
        return (frames[0].model_copy(update={"number": None}),)
    return tuple(
        frame.model_copy(update={"number": n, "label": " · ".join(filter(None, (f"image {n}", frame.label)))})
        for n, frame in enumerate(frames, start=1)
    )


def left_over(frames: Sequence[Frame], places: Sequence[int], images: Sequence[Attachment]) -> tuple[str, ...]:
    """What is said where a model has room for some of the pictures only."""
    if len(places) == len(frames):
        return ()
    names = {image.sha256: image.name for image in images}
    out = [frame for place, frame in enumerate(frames) if place not in set(places)]
    listed = ", ".join(dict.fromkeys(" ".join(filter(None, (names[f.attachment], f.label))) for f in out))
    return (f"The model has room for {len(places)} of the {len(frames)} pictures; not shown: {listed}.",)


def sampled(frames: Sequence[Frame], images: Sequence[Attachment]) -> Iterator[str]:
    """What is said where an image holds several pictures and some of them alone were made frames of.

    Args:
        frames: as `frames_of` or `all_frames_of` made them, of these images.
    """
    for image in images:
        own = [frame for frame in frames if frame.attachment == image.sha256]
        # Numbers are those within the image, and the last picture is always taken.
        count = own[-1].number or 1
        if len(own) < count:
            yield f"{image.name}: {len(own)} of its {count} pictures were taken, evenly spread."
        yield from (f"{image.name}: {step}." for step in own[0].steps if step.startswith(_FIRST_OF))


def title_of(what: str, frames: Sequence[Frame]) -> str:
    """What stands above the sheet: ``Chest films for the model: 2``."""
    return f"{what} for the model: {len(frames)}"
