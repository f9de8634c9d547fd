"""What every task node provides."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pipelines.models.consult import Consultant
from pipelines.ports import Store
from pipelines.records import Attachment, Check, Kind, Result, TaskName, Transcript


@dataclass(frozen=True)
class TaskInput:
    """All that a task may look at."""

    transcript: Transcript
    attachments: tuple[Attachment, ...]
    template: str | None
    patient: str | None
    store: Store
    consultant: Consultant
    filing: Literal["wording", "model"]
    """Who files dictated sentences that stand under no spoken heading."""
    prompts: Path | None
    """The user's own prompt files."""
    templates: Path | None = None
    """The folder of the user's own note templates and macros, which need not be there."""
    draft: Literal["none", "impression", "summary"] = "none"
    """What a model drafts of every dictated note."""
    series: int | None = None
    """The user's choice among the volumes of an attachment, by number (`About.series`)."""
    left_out: tuple[Attachment, ...] = ()
    """What was given as well and cannot be read; the last warning of each says why."""

    def of_kinds(self, kinds: Container[Kind]) -> list[Attachment]:
        """The attachments of these kinds, in their order."""
        return [one for one in self.attachments if one.kind in kinds]


class Task(Protocol):
    @property
    def name(self) -> TaskName: ...

    def shows_images(self, given: TaskInput, /) -> bool:
        """Whether a model, which is ready, would be shown images: only after the user has confirmed research use.

        Raises:
            BadInput, ModelNeeded: as `perform`.
        """
        ...

    def uses(self, given: TaskInput, /) -> Sequence[Attachment]:
        """The attachments that its answer rests on, or is looked for in. What it leaves out of these its result says
        itself; all others are told to be unused."""
        ...

    def perform(self, given: TaskInput) -> Result:
        """The result as a draft; ``needs-input``, saying what; ``needs-model``, with what is ready for it; or
        ``failed``, where a model came to no answer.

        Raises:
            ModelNeeded: only a model could go on, and none is ready.
        """
        ...

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        """Hold every statement against its sources, by a reading of its own."""
        ...
