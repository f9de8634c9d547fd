"""From what a model was shown and what it said to a result whose statements cite the very pictures they speak of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipelines.errors import ModelNeeded
from pipelines.evidence.frames import Frame
from pipelines.models.budget import within
from pipelines.models.generator import Ask, Generation
from pipelines.ports import Store
from pipelines.records import ImageCitation, Kind, Result, Status, TaskName
from pipelines.tasks.asking import generated_result
from pipelines.tasks.task import TaskInput

#: Each statement cites so many pictures one by one; of more it cites the sheet that shows them all.
_ONE_BY_ONE: Final = 4
#: Not a size: "a patch 7 mm wide" names no patch.
_NUMBER: Final = (
    r"\d{1,4}(?!\d|\.\d|\s*(?:mm|cm|µm|μm|um|microns?|millimet|centimet|micromet|percent)|\s*%|\s*[x×]\s*\d)"
)
_NUMBERS: Final = rf"{_NUMBER}(?:\s*(?:-|–|to|through|,|and|&)\s*{_NUMBER})*"
_NAMED: Final = re.compile(rf"\b(?:slices?|patch(?:es)?|images?|frames?)\s*(?:no\.?|number|#)?\s*({_NUMBERS})", re.I)


def shown_result(
    task: TaskName,
    ask: Ask,
    generation: Generation,
    frames: Sequence[Frame],
    store: Store,
    *,
    title: str,
    kind: Kind | None = None,
    data: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> Result:
    """The answer as statements that cite the pictures that they name, else all of them; with the model card's figures
    and limits, the exact frames, and a sheet that shows them.

    Args:
        frames: in the order in which they were sent.
        title: stands above the sheet; no patient text.
        kind: of the attachment, for the card.
        data: what else the result holds.
        notes: whole sentences for the reader, in the result's message: what was sampled, turned or left out.
    """
    from pipelines.evidence.contact_sheet import contact_sheet

    sheet = contact_sheet(frames, store, title)
    result = generated_result(task, ask, generation, kind)
    whole = _all_of(frames, sheet)
    statements = tuple(
        statement.model_copy(update={"citations": named_in(statement.text, frames) or whole})
        for statement in result.statements
    )
    shown = {"frames": [frame.model_dump(mode="json") for frame in frames], "contact_sheet": sheet}
    message = " ".join(filter(None, (result.message, *notes))) if result.status is Status.DRAFT else result.message
    return result.model_copy(
        update={"statements": statements, "data": {**result.data, **(data or {}), **shown}, "message": message}
    )


@dataclass(frozen=True)
class Told:
    """What a reader is told of the pictures besides what was said about them; see `shown_result`."""

    title: str
    data: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


def consulted(
    task: TaskName,
    given: TaskInput,
    count: int,
    make: Callable[[Sequence[int]], Ask],
    shown: Callable[[Sequence[int]], Sequence[Frame]],
    told: Callable[[Sequence[int]], Told],
    kind: Kind | None = None,
) -> Result:
    """What a model says of a row of pictures, or of as many of them as it has room for, evenly taken; where no model is
    ready, the pictures that it will be shown.

    Args:
        count: of the row.
        make, shown, told: what is asked, the frames and what is told of them, for the pictures at these places.

    Raises:
        BadInput: the question alone is too long for the model.
    """
    try:
        places, generation = within(count, make, given.consultant.generate)
    except ModelNeeded as missing:
        every = range(count)
        return waiting_result(task, missing, shown(every), given.store, told(every))
    of = told(places)
    return shown_result(
        task, make(places), generation, shown(places), given.store,
        title=of.title, kind=kind, data=of.data, notes=of.notes,
    )  # fmt: skip


def waiting_result(task: TaskName, missing: ModelNeeded, frames: Sequence[Frame], store: Store, told: Told) -> Result:
    """What a model will be shown, while there is none that could look at it: the same frames, sheet and notes.

    Args:
        missing: which model, and how to get it.
    """
    from pipelines.evidence.contact_sheet import contact_sheet

    sheet = contact_sheet(frames, store, told.title)
    shown = {"frames": [frame.model_dump(mode="json") for frame in frames], "contact_sheet": sheet}
    message = f"{missing}. {' '.join((*told.notes, 'What it will be shown is ready'))}"
    return Result(task=task, status=Status.NEEDS_MODEL, data={**told.data, **shown}, message=message)


def named_in(sentence: str, frames: Sequence[Frame]) -> tuple[ImageCitation, ...]:
    """The pictures that a sentence names by the numbers that the model was given for them; empty where it names none,
    or one that was not shown."""
    by_number = {frame.number if frame.number is not None else place: frame for place, frame in enumerate(frames, 1)}
    found: dict[int, Frame] = {}
    for number in numbers_in(sentence):
        if number not in by_number:
            return ()
        found[number] = by_number[number]
    return tuple(
        ImageCitation(attachment=frame.attachment, frame=frame.sha256, label=frame.label, box=frame.box)
        for frame in found.values()
    )


def numbers_in(sentence: str) -> tuple[int, ...]:
    """The slices, patches or images that a sentence names: "slices 12-14 and 20" are 12, 14 and 20, the ends of a
    range standing for it."""
    found: list[int] = []
    for named in _NAMED.finditer(sentence):
        found += [int(number) for number in re.findall(r"\d+", named[1])]
    return tuple(dict.fromkeys(found))


def _all_of(frames: Sequence[Frame], sheet: str) -> tuple[ImageCitation, ...]:
    if len(frames) <= _ONE_BY_ONE:
        return tuple(
            ImageCitation(attachment=frame.attachment, frame=frame.sha256, label=frame.label) for frame in frames
        )
    attachments = dict.fromkeys(frame.attachment for frame in frames)
    label = f"all {len(frames)} pictures that were shown"
    return tuple(ImageCitation(attachment=one, frame=sheet, label=label) for one in attachments)
