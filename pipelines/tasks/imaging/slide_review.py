"""The task `slide-review`: a question about a whole slide, answered by a model that is shown patches of its tissue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from pipelines.models.generator import Ask
from pipelines.records import Attachment, Kind, Result, TaskName
from pipelines.tasks.asking import ask_of
from pipelines.tasks.imaging.pictures import asked, missing, not_there, refuse_left_out
from pipelines.tasks.task import TaskInput

if TYPE_CHECKING:
    from pipelines.evidence.frames import Frame
    from pipelines.evidence.slides.patches import Patches, Plan
    from pipelines.evidence.slides.slide import Slide


_TASK: Final = TaskName.SLIDE_REVIEW


def answer(given: TaskInput) -> Result:
    """The model's answer; every statement cites the patches that it names, or the sheet of all that were shown.

    Raises:
        BadInput: a slide cannot be read, has no power as high as 5x, or shows no tissue.
    """
    refuse_left_out(given, {Kind.WHOLE_SLIDE})
    attached = slides(given)
    if not attached:
        return missing(_TASK, given, "No whole slide", "whole-slide=PATH")
    from pipelines.evidence.slides.opening import opened, slides_in

    with ExitStack() as stack:
        found = [(files, one) for one in attached for files in stack.enter_context(slides_in(one, given.store))]
        number = _chosen(len(found), given.series)
        if number is None:
            names = "; ".join(f"{place}: {files.name}" for place, (files, _) in enumerate(found, 1))
            how = f"assistant resume {given.consultant.run} --series N"
            before = f"{not_there(given, len(found))}One slide is reviewed at a time."
            return asked(_TASK, f"{before} Which is meant? {names}. Choose one: {how}")
        files, attachment = found[number - 1]
        with opened(files, number) as slide:
            why = f"Of {len(found)} slides number {number} was shown ({files.name})." if len(found) > 1 else None
            return _of_one(given, slide, attachment, why)


def slides(given: TaskInput) -> list[Attachment]:
    """The attachments that hold slides."""
    return given.of_kinds({Kind.WHOLE_SLIDE})


def _chosen(count: int, given: int | None) -> int | None:
    if given is not None and 1 <= given <= count:
        return given
    return 1 if count == 1 else None


def _of_one(given: TaskInput, slide: Slide, attachment: Attachment, why: str | None) -> Result:
    from pipelines.evidence.overlay import put_overlay
    from pipelines.evidence.slides.patches import MOST, SEED, drawn, patches_of, plan_of
    from pipelines.tasks.imaging.shown import Told, consulted
    from prompts import prompt_for

    plan = plan_of(slide)
    patches = patches_of(slide, plan.power, drawn(plan.places), attachment.sha256, given.store)
    prompt = prompt_for(_TASK.value, None, given.prompts)

    def shown(places: Sequence[int]) -> tuple[Frame, ...]:
        """Numbered by their place among those that are shown, as a model would call them."""
        return tuple(
            patches.frames[place].model_copy(update={"number": number, "label": f"patch {number}"})
            for number, place in enumerate(places, 1)
        )

    def ask(places: Sequence[int]) -> Ask:
        sent = [frame.sha256 for frame in shown(places)]
        return ask_of(prompt, sent, question=given.transcript.text, count=len(sent), power=plan.power.name)

    def told(places: Sequence[int]) -> Told:
        frames = shown(places)
        outlined = put_overlay(
            plan.overview.image, _outlines(plan, frames), given.store, "The slide with its patches", one_colour=True
        )
        data: dict[str, Any] = {
            "slide": slide.about.model_dump(mode="json"),
            "power": plan.power.model_dump(mode="json"),
            "tissue": round(plan.tissue, 4),
            "patches": {"with_tissue": len(plan.places), "most": MOST, "seed": SEED, "shown": len(frames)},
            "overlays": [outlined],
        }
        if given.series is not None:
            data["chosen_series"] = given.series
        return Told(
            f"Whole slide, {len(frames)} of {len(plan.places)} patches with tissue, {plan.power.name}",
            data,
            (*filter(None, (why,)), *_notes(plan, patches, len(frames))),
        )

    return consulted(_TASK, given, len(patches.frames), ask, shown, told, Kind.WHOLE_SLIDE)


def _outlines(plan: Plan, frames: Sequence[Frame]) -> list[tuple[tuple[float, float, float, float], str]]:
    """The patches on the overview, with their numbers."""
    by = plan.overview.downsample
    boxes = [frame.box for frame in frames if frame.box is not None]
    return [
        ((left / by, upper / by, right / by, lower / by), str(number))
        for number, (left, upper, right, lower) in enumerate(boxes, 1)
    ]


def _notes(plan: Plan, patches: Patches, shown: int) -> Iterator[str]:
    """What a reader must know of what the model saw, in whole sentences."""
    from pipelines.evidence.slides.patches import SEED

    if len(patches.frames) + patches.damaged < len(plan.places):
        count = len(patches.frames) + patches.damaged
        yield f"{count} of {len(plan.places)} patches with tissue were drawn by chance (seed {SEED})."
    if shown < len(patches.frames):
        yield f"The model has room for {shown} of {len(patches.frames)} patches, which were taken evenly."
    if patches.damaged:
        yield f"Left out as damaged: {patches.damaged}."
    yield from (f"{warning[:1].upper()}{warning[1:]}." for warning in plan.warnings)
