"""The task `chest-xray-report`: findings and impression of one examination of the chest, of one film or its views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.evidence.frames import Frame
from pipelines.records import Attachment, Kind, Result, TaskName
from pipelines.tasks.imaging.pictures import (
    all_frames_of,
    asked,
    chest_films,
    left_over,
    missing,
    refuse_left_out,
    renumbered,
    sampled,
    title_of,
)
from pipelines.tasks.task import TaskInput

_TASK: Final = TaskName.CHEST_XRAY_REPORT
_KINDS: Final = frozenset({Kind.CHEST_XRAY, Kind.IMAGE})


def answer(given: TaskInput) -> Result:
    """The report; every statement cites the films that were shown, or the one that it names.

    Raises:
        BadInput: a film cannot be read, or is too small to show anything.
    """
    refuse_left_out(given, _KINDS)
    films = chest_films(given)
    if not films:
        return missing(_TASK, given, "No chest film", "chest-xray=PATH")
    if several := _several_examinations(films, given):
        how = f"assistant resume {given.consultant.run}"
        question = f"The films are of several examinations: {several}. A report is of one."
        return asked(
            _TASK, f"{question} Leave out the others: {how} --without NAME; or: {how} --task chest-xray-comparison"
        )
    return _reported(films, given)


def _reported(films: Sequence[Attachment], given: TaskInput) -> Result:
    from pipelines.models.generator import Ask
    from pipelines.tasks.asking import ask_of
    from pipelines.tasks.imaging.shown import Told, consulted
    from prompts import prompt_for

    frames = all_frames_of(films, given)
    prompt = prompt_for(_TASK.value, None, given.prompts)

    def make(places: Sequence[int]) -> Ask:
        return ask_of(prompt, [frames[place].sha256 for place in places], question=given.transcript.text)

    def shown(places: Sequence[int]) -> tuple[Frame, ...]:
        return renumbered([frames[place] for place in places])

    def told(places: Sequence[int]) -> Told:
        notes = (*sampled(frames, films), *left_over(frames, places, films))
        return Told(title_of("Chest films", shown(places)), notes=notes)

    return consulted(_TASK, given, len(frames), make, shown, told, Kind.CHEST_XRAY)


def _several_examinations(films: Sequence[Attachment], given: TaskInput) -> str | None:
    """The films and their dates, where the headers name more than one examination: by identifiers, else by dates."""
    from pipelines.evidence.taken import taken_of
    from pipelines.tasks.imaging.film_order import Film

    found = [Film(film, taken_of(film, given.store)) for film in films]
    studies = {one.taken.study for one in found if one.taken.study}
    days = {one.taken.date for one in found if one.taken.study}
    unidentified = {one.taken.date for one in found if one.taken.date and not one.taken.study} - days
    if len(studies) + len(unidentified) < 2:
        return None
    return "; ".join(one.told for one in sorted(found, key=lambda one: one.taken.date or ""))
