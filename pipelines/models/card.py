"""What the maker of MedGemma measured and warns of, for the task at hand. It goes with every result of the model."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal

from pipelines.records import Kind, TaskName, Value


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
    source: Literal["model card", "maker", "third party"]
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


def card_for(task: TaskName, kind: Kind | None = None) -> Card:
    """What the model card says about a task, for an image of this kind where the task has one."""
    file = _read()
    return Card(
        model=file.model,
        source=file.source,
        figures=tuple(entry.figure for entry in file.figures if entry.covers(task, kind)),
        limits=tuple(entry.limit for entry in file.limits if entry.covers(task, kind)),
    )


@cache
def _read() -> _CardFile:
    text = resources.files("pipelines.models").joinpath("card.toml").read_text("utf-8")
    return _CardFile.model_validate(tomllib.loads(text))
