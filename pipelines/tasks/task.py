"""What every task node provides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipelines.ports import Store
from pipelines.records import Attachment, Check, Result, TaskName, Transcript


@dataclass(frozen=True)
class TaskInput:
    """All that a task may look at."""

    transcript: Transcript
    attachments: tuple[Attachment, ...]
    template: str | None
    patient: str | None
    store: Store


class Task(Protocol):
    @property
    def name(self) -> TaskName: ...

    def perform(self, given: TaskInput) -> Result:
        """The result, or one whose ``needs-…`` status says what is missing."""
        ...

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        """Hold every statement against its sources, by a reading of its own."""
        ...
