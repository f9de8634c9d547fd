"""What the maker of MedGemma measured and warns of, for the task at hand. It goes with every result of the model."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final, Literal

from pipelines.models.generator import Generation
from pipelines.records import Kind, TaskName, Value

#: How hubs and servers call the model of the card.
_ITS_NAMES: Final = re.compile(r"medgemma[-_]?1[._]5(?:[-_:]4b|$)", re.IGNORECASE)


class Figure(Value):
    """One measurement of the model, as its maker states it; not one of this product."""

    dataset: str
    metric: str
    value: float
    unit: Literal["percent"] = "percent"
    note: str | None = None
    """What the figure is about, where its name alone would promise more."""


class Limit(Value):
    """One sentence about what the model is not good at, or was not tried on, and who says so."""

    text: str
    source: Literal["model card", "maker", "third party", "this product"]
    """``maker``: Google, in the notebooks and answers that go with the model."""


class Card(Value):
    """The figures and limits that concern one task; ``figures`` is empty where the model card has none for it."""

    model: str
    source: str
    figures: tuple[Figure, ...]
    limits: tuple[Limit, ...]


class _Scope(Value):
    """``tasks`` and ``kinds`` of attachment that an entry concerns; None stands for all."""

    tasks: tuple[TaskName, ...] | None = None
    kinds: tuple[Kind, ...] | None = None

    def covers(self, task: TaskName, kind: Kind | None) -> bool:
        return (self.tasks is None or task in self.tasks) and (self.kinds is None or kind in self.kinds)


class _FigureEntry(_Scope):
    figure: Figure


class _LimitEntry(_Scope):
    limit: Limit


class _CardFile(Value):
    model: str
    source: str
    figures: tuple[_FigureEntry, ...]
    limits: tuple[_LimitEntry, ...]


def card_for(task: TaskName, kind: Kind | None = None, generation: Generation | None = None) -> Card:
    """What the model card says about a task, for an image of this kind where the task has one.

    Args:
        generation: by whom and how it was answered. The card is MedGemma 1.5 4B's: of no other model is anything
            claimed, and that its weights were changed or are held by another program is said first.
    """
    file = _read()
    if generation is not None and not _is_of_card(generation):
        return Card(
            model=generation.engine.model or generation.engine.name, source="", figures=(), limits=_OF_ANY_OTHER
        )
    figures = tuple(entry.figure for entry in file.figures if entry.covers(task, kind))
    limits = tuple(entry.limit for entry in file.limits if entry.covers(task, kind))
    changed = _changed(generation) if figures and generation is not None else None
    if changed is not None:
        text = f"The figures are of the published weights as their maker ran them, {changed}."
        limits = (Limit(text=text, source="this product"), *limits)
    return Card(model=file.model, source=file.source, figures=figures, limits=limits)


_OF_ANY_OTHER: Final = (
    Limit(text="No figures of this model are known here: look at its maker's own card.", source="this product"),
    Limit(
        text="Not for clinical use without validation for that use: every output is preliminary and has to be verified"
        " independently.",
        source="this product",
    ),
)


def _is_of_card(generation: Generation) -> bool:
    engine = generation.engine
    return engine.name == "medgemma" or _ITS_NAMES.search(engine.model or "") is not None


def _changed(generation: Generation) -> str | None:
    """What is different from what the card's maker measured; None where nothing is known to be."""
    if generation.parameters.get("adapter_sha256"):
        return "not with this adapter"
    if (form := generation.parameters.get("quantize", "none")) != "none":
        return f"not in {form}"
    return None if generation.engine.name == "medgemma" else f"not as {generation.engine.name} runs them"


@cache
def _read() -> _CardFile:
    text = resources.files("pipelines.models").joinpath("card.toml").read_text("utf-8")
    return _CardFile.model_validate(tomllib.loads(text))
