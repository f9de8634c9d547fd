"""One line of the training files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipelines.records import Kind

UNCLEAR: Final = "unclear"


@dataclass(frozen=True)
class Utterance:
    """A request, what is attached to it, and what it asks. ``task`` is a task's name or ``unclear``."""

    text: str
    attachments: tuple[Kind, ...]
    task: str
    author: str
    specialty: str
