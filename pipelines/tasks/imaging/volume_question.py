"""The tasks `ct-volume` and `mri-volume`: a question about a volume, answered by a model that is shown its slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.evidence.frames import Frame
from pipelines.evidence.volumes.volume import About, Volume
from pipelines.models.generator import Ask
from pipelines.records import Attachment, Kind, Result, TaskName
from pipelines.tasks.imaging.choosing import choose, listed
from pipelines.tasks.imaging.pictures import asked, missing, not_there, refuse_left_out
from pipelines.tasks.task import TaskInput

if TYPE_CHECKING:
    from prompts import Prompt

#: Of what is left out, so much is said one by one.
_NAMED: Final = 3
_NONE: Final = {Kind.CT_SERIES: "No CT volume", Kind.MR_SERIES: "No MRI volume"}
#: What the model is told of the slices: evenly taken from all of the volume, or from a part of it.
_SPREAD: Final = {True: "evenly spread over all of it", False: "evenly spread over the part that is asked about"}


@dataclass(frozen=True)
class _Found:
    """A volume, and the attachment that holds it."""

    volume: Volume
    attachment: Attachment

    @property
    def about(self) -> About:
        return self.volume.about


def answer_ct(given: TaskInput) -> Result:
    """As `answer`, about a CT volume."""
    return answer(given, TaskName.CT_VOLUME, Kind.CT_SERIES)


def answer_mri(given: TaskInput) -> Result:
    """As `answer`, about an MRI volume."""
    return answer(given, TaskName.MRI_VOLUME, Kind.MR_SERIES)


def ct_studies(given: TaskInput) -> list[Attachment]:
    """The attachments that hold CT volumes."""
    return given.of_kinds({Kind.CT_SERIES})


def mri_studies(given: TaskInput) -> list[Attachment]:
    """The attachments that hold MRI volumes."""
    return given.of_kinds({Kind.MR_SERIES})


def answer(given: TaskInput, task: TaskName, kind: Kind) -> Result:
    """The model's answer; every statement cites the slices that it names, or the sheet of all that were shown. Where no
    model is ready, the slices that it will be shown.

    Raises:
        BadInput: no volume can be read.
    """
    refuse_left_out(given, {kind})
    studies = given.of_kinds({kind})
    if not studies:
        return missing(task, given, _NONE[kind], f"{kind}=PATH")
    from pipelines.evidence.volumes.opening import volumes_in

    found = [_Found(volume, study) for study in studies for volume in volumes_in(study, given.store, given.patient)]
    abouts = [one.about for one in found]
    choice = choose(abouts, given.transcript.text, given.series)
    if choice.place is None:
        how = f"assistant resume {given.consultant.run} --series N"
        return asked(task, f"{not_there(given, len(abouts))}Which volume is meant? {listed(abouts)}. Choose one: {how}")
    return _of_one(given, task, kind, found[choice.place], choice.why)


def _of_one(given: TaskInput, task: TaskName, kind: Kind, found: _Found, why: str | None) -> Result:
    from pipelines.evidence.volumes.region import chosen
    from pipelines.evidence.volumes.sampling import published
    from pipelines.evidence.volumes.volume_frames import volume_frames
    from pipelines.tasks.imaging.shown import Told, consulted
    from prompts import prompt_for

    question, about = given.transcript.text, found.about
    region = chosen(question, found.volume)
    numbers = [region.numbers[place - 1] for place in published(len(region.numbers))]
    made = volume_frames(found.volume, numbers, found.attachment.sha256, given.store)
    prompt = prompt_for(task.value, None, given.prompts)

    def shown(places: Sequence[int]) -> tuple[Frame, ...]:
        """Numbered as the model is told: one after the other, or where the question has numbers, by these."""
        return tuple(
            _named(made.frames[place], made.numbers[place] if region.by_number else n)
            for n, place in enumerate(places, 1)
        )

    def ask(places: Sequence[int]) -> Ask:
        return _ask(prompt, shown(places), about, region.said is None, question)

    def told(places: Sequence[int]) -> Told:
        chose = {} if given.series is None else {"chosen_series": given.series}
        notes = (why, region.said, *_notes(about, len(places), len(made.frames)), *_left_out(made.skipped))
        return Told(
            title=" ".join(f"{about.modality} volume, {len(places)} of {about.slices} {_plane(about)} slices".split()),
            data={"volume": about.model_dump(mode="json"), "scale": made.scale, **chose},
            notes=tuple(filter(None, notes)),
        )

    return consulted(task, given, len(made.frames), ask, shown, told, kind)


def _named(frame: Frame, number: int) -> Frame:
    """What the model is told of a slice, and beside it which slice of the volume it is."""
    own, *steps = frame.steps
    return frame.model_copy(update={"number": number, "label": f"SLICE {number} \u00b7 {own}", "steps": tuple(steps)})


def _ask(prompt: Prompt, frames: Sequence[Frame], about: About, all_of_it: bool, question: str) -> Ask:
    from pipelines.tasks.imaging.asking import labelled_ask

    return labelled_ask(
        prompt,
        [frame.sha256 for frame in frames],
        [f"SLICE {frame.number}" for frame in frames],
        count=len(frames),
        plane=_plane(about),
        spread=_SPREAD[all_of_it],
        question=question,
    )


def _plane(about: About) -> str:
    """In words, where it is known."""
    return "" if about.plane == "unknown" else about.plane


def _notes(about: About, shown: int, made: int) -> Iterator[str]:
    """What a reader must know of what the model saw, in whole sentences."""
    if shown < made:
        yield f"Shown: only {shown} of its {about.slices:,} slices; the model has room for no more."
    elif shown < about.slices:
        yield f"Shown: {shown} of its {about.slices:,} slices."
    if about.slices == 1:
        yield "It has a single slice: nothing of what lies beside it is shown."
    if about.modality == "CT" and about.units != "HU":
        yield "Shown in grey, without the windows of CT."
    if about.modality == "CT" and about.plane not in ("axial", "unknown"):
        yield f"The slices are {about.plane}; the model was trained primarily on axial ones."
    yield from (f"{warning[:1].upper()}{warning[1:]}." for warning in about.warnings)


def _left_out(skipped: Sequence[str]) -> Iterator[str]:
    if skipped:
        more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
        yield f"Left out: {'; '.join(skipped[:_NAMED])}{more}."
