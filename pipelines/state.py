"""What travels through the graph: references only, never pixels, samples or text (design, rule 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypedDict

from pipelines.ports import Journal, Store
from pipelines.records import Attachment, Request, Stated, TaskName, Value

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.models.classifier import ImageClassifier
    from pipelines.models.generator import Generator
    from pipelines.routing import Router
    from pipelines.speech.live import Writing
    from pipelines.speech.recognizer import Recognizer
    from pipelines.tasks.task import Task


class Wait(TypedDict):
    """Why a run cannot go on by itself."""

    at: str
    """The node to take up again."""
    needs: str
    """What would let it go on: ``person``, ``research-use``, ``recognizer``, ``generator`` (in older logs also
    ``generator:TASK``), or ``task:NAME``."""
    result: str
    """Digest of the ``needs-…`` or ``not-served`` Result that says so to the user."""


class Answer(TypedDict, total=False):
    """What a person decided while the run was paused."""

    task: str
    patient_confirmed: str
    """Digest of the Result that asked whether it is the same patient: another question is another matter."""
    series: int | None
    """Which of several volumes, slides or films is meant, by its number."""


class RunState(TypedDict, total=False):
    """The graph's state: ids and digests of what the journal holds."""

    run: str
    transcript: str
    inspection: str
    decision: str
    task: str
    result: str
    wait: Wait | None
    answer: Answer


class Inspection(Value):
    """What the attachments turned out to be."""

    added_later: ClassVar[frozenset[str]] = frozenset({"unread", "stated"})

    attachments: tuple[Attachment, ...]
    """All that were given, in their order."""
    unread: tuple[str, ...] = ()
    """SHA-256 of those that cannot be read, which are left out; their last warning says why."""
    stated: Stated | None = None
    """Whom the words say that they are about, by the name that the attachments have for him where it is one of his."""

    @property
    def used(self) -> tuple[Attachment, ...]:
        return tuple(one for one in self.attachments if one.sha256 not in self.unread)

    @property
    def left_out(self) -> tuple[Attachment, ...]:
        return tuple(one for one in self.attachments if one.sha256 in self.unread)


@dataclass(frozen=True)
class Ports:
    """What the runner hands to the graph through LangGraph's runtime context."""

    request: Request
    """What the run was given; kept in the log with the run, handed in anew each time it is taken up."""
    store: Store
    journal: Journal
    recognizer: Recognizer
    generator: Generator
    router: Router
    tasks: Mapping[TaskName, Task]
    filing: Literal["wording", "model"]
    """Who files dictated sentences that stand under no spoken heading."""
    writing: Writing
    """How what was heard is written, and the lexicon that goes with it."""
    prompts: Path | None
    """The user's own prompt files, used instead of the shipped ones of the same names."""
    research_use: Callable[[], bool]
    """Whether this user has confirmed that image results are for research and development only."""
    finish: Callable[[str, str], None]
    """Given a run and the digest of its result: the run is done and the result stands. Twice is once."""
    progress: Callable[[str, float], None]
    """Called with the node's name and the share of its work that is done (0 to 1)."""
    text: Callable[[str, str], None]
    """Called with the node's name and what a model has written for it so far; it may still come to no answer."""
    cancelled: Callable[[], bool]
    """Asked while a model works: whether whoever waits for the run has ended it."""
    templates: Path | None = None
    """The folder of the user's own note templates and macros, which need not be there."""
    draft: Literal["none", "impression", "summary"] = "none"
    """What a model drafts of every dictated note."""
    classifier: ImageClassifier | None = None
    """What tells kinds of pictures apart. Where it is not ready nothing is missing, and nothing waits for it."""
