"""How well anatomy is marked (docs: `assistant evaluate localization`).

A line of the data is ``{"image", "label", "box"}``; ``box`` is [x0, y0, x1, y1] in pixels of the image, from its upper
left corner. The model is asked where the label is, as the task asks it.

* ``mean_iou``: intersection over union of the box that was given and the true one, 0 where none was given; the mean of
  all cases.
* ``found_rate``: cases for which a box was given ÷ all.

Of several boxes the first that bears the label counts, else the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipelines.errors import BadInput
from pipelines.evaluation.data import as_model
from pipelines.evaluation.pictures import (
    NOT_FINISHED,
    Pictures,
    Progress,
    id_in,
    mean,
    path_in,
    require_there,
    required,
)
from pipelines.models.generator import Generator
from pipelines.records import Kind
from pipelines.tasks.imaging.anatomy_localization import ask_for
from pipelines.tasks.imaging.boxes import Region, marks_in

Box = tuple[float, float, float, float]


class LocalizationCase(BaseModel):
    """Where something is on an image."""

    model_config = ConfigDict(frozen=True)

    image: str
    label: str
    box: Box


def evaluate(
    cases: Iterable[Mapping[str, Any]],
    generator: Generator,
    prompts: Path | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """The figures, with ``n``, ``engines`` and ``failures`` (``{"id", "label", "expected", "got", "iou"}``: no box, or
    one with less than half of what both cover in common).

    Raises:
        BadInput: a case is not one, or its image cannot be read.
        ModelNeeded: the engine is not ready.
    """
    given = list(cases)
    checked = as_model(given, LocalizationCase)
    for n, (raw, case) in enumerate(zip(given, checked, strict=True), start=1):
        _refuse_empty(case, id_in(raw, n))
    require_there(path_in(raw, case.image) for raw, case in zip(given, checked, strict=True))
    required(generator)
    overlaps: list[float] = []
    found = 0
    failures: list[dict[str, Any]] = []
    for n, (raw, case) in enumerate(zip(given, checked, strict=True), start=1):
        region, said = _marked(case, path_in(raw, case.image), generator, prompts)
        overlap = iou(region.box, case.box) if region else 0.0
        overlaps.append(overlap)
        found += region is not None
        if overlap < 0.5:
            got = list(region.box) if region else said
            told = {"id": id_in(raw, n), "label": case.label, "expected": list(case.box), "got": got}
            failures.append({**told, "iou": overlap})
        progress(n / len(given))
    return {
        "mean_iou": mean(overlaps),
        "found_rate": found / len(overlaps) if overlaps else None,
        "n": len(overlaps),
        "engines": [generator.name],
        "failures": failures,
    }


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Area that two boxes have in common ÷ area that either covers; boxes that only touch have none in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, across) * max(0.0, down)
    either = _area(one) + _area(other) - common
    return common / either if either > 0 else 0.0


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _refuse_empty(case: LocalizationCase, where: str) -> None:
    if case.box[0] >= case.box[2] or case.box[1] >= case.box[3]:
        raise BadInput(where, "has a box without extent", "write it as [x0, y0, x1, y1] with x0 < x1 and y0 < y1")


def _marked(
    case: LocalizationCase, path: Path, generator: Generator, prompts: Path | None
) -> tuple[Region | None, str]:
    pictures = Pictures()
    frame = pictures.frame(pictures.attach(path, Kind.CHEST_XRAY))
    generation = pictures.ask(generator, ask_for(f"Where is the {case.label}?", frame, prompts))
    if generation.finish_reason != "stop":
        return None, f"{NOT_FINISHED} ({generation.finish_reason})"
    marks = marks_in(generation.text, frame)
    same = [region for region in marks.regions if _words(region.label) == _words(case.label)]
    region = next(iter((*same, *marks.regions)), None)
    return region, "; ".join(marks.problems) or ("an empty list" if marks.listed else "no box")


def _words(label: str) -> list[str]:
    return label.replace("_", " ").casefold().split()
