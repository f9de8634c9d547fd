"""The task `chest-xray-comparison`: what has changed between two chest films, the prior one shown first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipelines.errors import ModelNeeded
from pipelines.records import Kind, Result, TaskName
from pipelines.tasks.imaging.film_order import Film, Order, Unknown, ordered
from pipelines.tasks.imaging.pictures import (
    asked,
    compared_films,
    frames_of,
    missing,
    not_there,
    refuse_left_out,
    sampled,
    title_of,
)
from pipelines.tasks.task import TaskInput

_TASK: Final = TaskName.CHEST_XRAY_COMPARISON
_KINDS: Final = frozenset({Kind.CHEST_XRAY, Kind.IMAGE})
_SOURCES: Final = {
    "header": "by the dates in their files",
    "words": "as the request says",
    "user": "as you chose",
}


def answer(given: TaskInput) -> Result:
    """The comparison; every statement cites both films, or the one that it names.

    Raises:
        BadInput: a film cannot be read, or is too small to show anything.
    """
    from pipelines.evidence.taken import taken_of

    refuse_left_out(given, _KINDS)
    films = compared_films(given)
    if len(films) < 2:
        return missing(_TASK, given, "No second chest film" if films else "No chest film", "chest-xray=PATH")
    order = ordered([Film(one, taken_of(one, given.store)) for one in films], given.transcript.text, given.series)
    if isinstance(order, Unknown):
        how = "--series N" if order.by_number else "--without NAME (repeatable)"
        before = not_there(given, len(films)) if order.by_number else ""
        return asked(_TASK, f"{before}{order.question} Say it: assistant resume {given.consultant.run} {how}")
    return _compared(order, given)


def _compared(order: Order, given: TaskInput) -> Result:
    from pipelines.tasks.asking import ask_of
    from pipelines.tasks.imaging.shown import Told, shown_result, waiting_result
    from prompts import prompt_for

    labels = [_label("prior", order.prior_date), _label("current", order.current_date)]
    frames = frames_of([order.prior, order.current], given, labels)
    prompt = prompt_for(_TASK.value, None, given.prompts)
    ask = ask_of(prompt, [frame.sha256 for frame in frames], question=given.transcript.text)
    data: dict[str, Any] = {
        "prior": {"attachment": order.prior.sha256, "date": order.prior_date, "view": order.prior_view},
        "current": {"attachment": order.current.sha256, "date": order.current_date, "view": order.current_view},
        "order_from": order.source,
    }
    if given.series is not None:
        data["chosen_series"] = given.series
    notes = (*_notes(order), *sampled(frames, [order.prior, order.current]))
    told = Told(title_of("Chest films", frames), data, notes)
    try:
        generation = given.consultant.generate(ask)
    except ModelNeeded as none:
        return waiting_result(_TASK, none, frames, given.store, told)
    return shown_result(
        _TASK, ask, generation, frames, given.store,
        title=told.title, kind=Kind.CHEST_XRAY, data=told.data, notes=told.notes,
    )  # fmt: skip


def _label(which: str, day: str | None) -> str:
    return f"{which}, {day or 'date not known'}"


def _notes(order: Order) -> Iterator[str]:
    """The dates, and how they are known."""
    prior = f"{order.prior.name} ({order.prior_date or 'date not known'})"
    current = f"{order.current.name} ({order.current_date or 'date not known'})"
    yield f"Compared: {prior} as the prior film with {current} as the current one, {_SOURCES[order.source]}."
    if order.prior_view and order.current_view and order.prior_view != order.current_view:
        views = f"the prior film is {order.prior_view}, the current one {order.current_view}"
        yield f"They were taken from different sides: {views}."
    if order.left_out:
        yield f"Not compared: {', '.join(film.told for film in order.left_out)}."
