"""The task `anatomy-localization`: where something is on a chest film, as boxes in the film's own pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pipelines.errors import ModelNeeded
from pipelines.evidence.frames import Frame
from pipelines.models.generator import Ask, Generation
from pipelines.records import Attachment, ImageCitation, Kind, Result, Statement, Status, TaskName
from pipelines.tasks.imaging.boxes import Marks, Region, marks_in
from pipelines.tasks.imaging.pictures import (
    asked,
    chest_films,
    frames_of,
    is_windowed,
    missing,
    not_there,
    refuse_left_out,
    sampled,
    title_of,
)
from pipelines.tasks.task import TaskInput

_TASK: Final = TaskName.ANATOMY_LOCALIZATION
_KINDS: Final = frozenset({Kind.CHEST_XRAY, Kind.IMAGE})
APPROXIMATE: Final = "Boxes are approximate regions."


def answer(given: TaskInput) -> Result:
    """What the model reasons, and each of its boxes as a statement that cites the box; ``data["boxes"]`` has them as
    values and ``data["overlays"]`` the film with the boxes drawn in. Without a box that can be read the result is
    ``failed``, unless the model's list is empty: then it marks nothing.

    Raises:
        BadInput: the film cannot be read, or is too small to show anything.
    """
    refuse_left_out(given, _KINDS)
    films = chest_films(given)
    if not films:
        return missing(_TASK, given, "No chest film", "chest-xray=PATH")
    if len(films) > 1 and not (given.series and given.series <= len(films)):
        listed = "; ".join(f"{number}: {film.name}" for number, film in enumerate(films, start=1))
        how = f"assistant resume {given.consultant.run} --series N"
        before = not_there(given, len(films))
        return asked(_TASK, f"{before}On which film is it to be marked? {listed}. Choose one: {how}")
    from pipelines.tasks.imaging.shown import Told, waiting_result

    number = given.series if given.series and len(films) > 1 else 1
    film = films[number - 1]
    [frame] = frames_of([film], given)
    which = [f"Of {len(films)} films number {number} was taken ({film.name})."] if len(films) > 1 else []
    notes = (*which, *sampled([frame], [film]))
    ask = ask_for(given.transcript.text, frame, given.prompts)
    try:
        generation = given.consultant.generate(ask)
    except ModelNeeded as none:
        told = Told(title_of("Chest films", [frame]), notes=notes)
        return waiting_result(_TASK, none, [frame], given.store, told)
    return _marked(ask, generation, frame, film, given, notes)


def ask_for(question: str, frame: Frame, prompts: Path | None = None) -> Ask:
    """What the model is asked about a frame.

    Args:
        question: where what is, in words.
        prompts: the folder of the user's own prompt files.
    """
    from pipelines.tasks.asking import ask_of
    from prompts import prompt_for

    return ask_of(prompt_for(_TASK.value, None, prompts), [frame.sha256], question=question)


def _marked(
    ask: Ask, generation: Generation, frame: Frame, film: Attachment, given: TaskInput, notes: Sequence[str]
) -> Result:
    from pipelines.tasks.asking import call_data
    from pipelines.tasks.imaging.shown import shown_result

    marks = marks_in(generation.text, frame)
    if generation.finish_reason == "stop" and not marks.regions and (marks.problems or not marks.listed):
        return _without_box(ask, generation, marks, frame)
    result = shown_result(
        _TASK,
        ask,
        # Statements are made of its prose; the whole of it is kept as the answer.
        generation.model_copy(update={"text": marks.prose}),
        [frame],
        given.store,
        title=title_of("Chest films", [frame]),
        kind=Kind.CHEST_XRAY,
        notes=(*notes, *_notes(marks)),
    )
    if result.status is not Status.DRAFT:
        return result
    places = [_statement(region, frame) for region in marks.regions]
    first = len(result.statements)
    own: dict[str, Any] = {
        "answer": generation.text,
        "generation": call_data(ask, generation)["generation"],
        "boxes": [_as_data(region, frame, first + n) for n, region in enumerate(marks.regions)],
        "overlays": [_overlay(marks.regions, film, given)] if marks.regions else [],
    }
    if given.series is not None:
        own["chosen_series"] = given.series
    return result.model_copy(update={"statements": (*result.statements, *places), "data": {**result.data, **own}})


def _without_box(ask: Ask, generation: Generation, marks: Marks, frame: Frame) -> Result:
    """Nothing is marked where nothing certain is: no box is made up, and none is taken from words."""
    from pipelines.tasks.asking import call_data

    why = f" ({_problems(marks)})" if marks.problems else ""
    return Result(
        task=_TASK,
        status=Status.FAILED,
        data={**call_data(ask, generation), "frames": [frame.model_dump(mode="json")]},
        message=f"{generation.engine.name} gave no box that can be used{why}; nothing is marked",
    )


def _statement(region: Region, frame: Frame) -> Statement:
    left, upper, right, lower = region.box
    name = region.label or "unnamed"
    text = f"{name}: approximate region, x {left} to {right}, y {upper} to {lower} in pixels of the film."
    cited = ImageCitation(attachment=frame.attachment, frame=frame.sha256, label=frame.label, box=region.box)
    return Statement(text=text, origin="generated", section="Marked", citations=(cited,))


def _as_data(region: Region, frame: Frame, statement: int) -> dict[str, Any]:
    return {
        "label": region.label,
        "box": list(region.box),
        "box_2d": list(region.box_2d),
        "attachment": frame.attachment,
        "width": frame.source_width,
        "height": frame.source_height,
        "statement": statement,
    }


def _overlay(regions: Sequence[Region], film: Attachment, given: TaskInput) -> dict[str, str]:
    """The boxes on the film as it was attached; nothing is mirrored."""
    from pipelines.evidence.overlay import put_overlay
    from pipelines.evidence.picture import picture_of

    picture = picture_of(film, given.store, windowed=is_windowed(given))
    boxes = [(region.box, region.label) for region in regions]
    return put_overlay(picture, boxes, given.store, "Approximate regions on the film")


def _notes(marks: Marks) -> Iterator[str]:
    yield APPROXIMATE if marks.regions else "The model marked nothing: its list is empty."
    if marks.problems:
        yield f"Left out: {_problems(marks)}."


def _problems(marks: Marks) -> str:
    """``1 box lies in the black border; 2 boxes have …``, each reason once."""
    counts = {problem: marks.problems.count(problem) for problem in marks.problems}
    return "; ".join(f"{count} {'box' if count == 1 else 'boxes'} that {why}" for why, count in counts.items())
