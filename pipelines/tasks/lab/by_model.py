"""A page of a report read by a model that is shown its picture: rows as JSON, what decides written first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from pipelines.tasks.asking import ask_of

if TYPE_CHECKING:
    from pipelines.records import Attachment
    from pipelines.tasks.task import TaskInput

_MOST_ROWS: Final = 100
_SAME: Final = 92


class ModelRow(BaseModel):
    """A row as the model reads it; empty where nothing is printed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test: str = Field(max_length=120)
    value: str = Field(max_length=60)
    unit: str = Field(max_length=30)
    ref_low: str = Field(max_length=20)
    ref_high: str = Field(max_length=20)
    flag: str = Field(max_length=20)


class ModelRows(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: list[ModelRow] = Field(max_length=_MOST_ROWS)


@dataclass(frozen=True)
class ModelPage:
    """What the model made of a page; ``problem`` says why nothing of it can be used."""

    rows: tuple[ModelRow, ...] = ()
    generations: tuple[str, ...] = ()
    """Digests, in the order of the pictures."""
    frames: tuple[str, ...] = ()
    problem: str | None = None


def read_by_model(attachment: Attachment, page: int, given: TaskInput) -> ModelPage:
    """The page as the model reads it, a tall one in halves.

    Raises:
        ModelNeeded, BadInput, Cancelled: as `Consultant.generate`.
    """
    from pipelines.evidence.documents.showing import halves, page_picture
    from pipelines.models.structured import fill
    from prompts import prompt_for

    prompt = prompt_for("lab-report", None, given.prompts)
    parts = halves(page_picture(given.store.get(attachment.sha256), attachment.name, page))
    names = ("all",) if len(parts) == 1 else ("the upper half", "the lower half")
    rows: list[ModelRow] = []
    generations: list[str] = []
    frames = tuple(given.store.put(part) for part in parts)
    for name, frame in zip(names, frames, strict=True):
        filled = fill(given.consultant, ask_of(prompt, [frame], part=name), ModelRows)
        generations.append(filled.generation.digest())
        if filled.value is None:
            return ModelPage((), tuple(generations), frames, filled.problem)
        rows += [row for row in filled.value.rows if row.test.strip() and not _again(row, rows)]
    return ModelPage(tuple(rows), tuple(generations), frames)


def _again(row: ModelRow, rows: list[ModelRow]) -> bool:
    """Whether the row stands in the strip that both halves show."""
    return any(fuzz.ratio(row.test, other.test) >= _SAME and row.value == other.value for other in rows[-8:])
