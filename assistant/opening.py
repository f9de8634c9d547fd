"""Opens a runner: the log, the graph and the engines that the settings name, put together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from assistant.checkpoints import open_checkpoints
from assistant.confirmations import RESEARCH_USE, has_confirmed
from assistant.engines import classifier_of, filing_of, generator_of, recognizer_of, writing_of
from assistant.quiet import silence_libraries
from assistant.runner import Runner
from assistant.servers import servers_over
from assistant.sessions import SessionLog
from assistant.settings import Settings
from pipelines.models.generator import never
from pipelines.state import Ports
from pipelines.tasks.served import served_tasks

if TYPE_CHECKING:
    from pipelines.models.classifier import ImageClassifier
    from pipelines.models.generator import Generator
    from pipelines.records import Request
    from pipelines.speech.recognizer import Recognizer


def _no_progress(_node: str, _share: float) -> None:
    """For callers that show none."""


def _no_text(_node: str, _text: str) -> None:
    """For callers that show none."""


@contextlib.contextmanager
def open_runner(
    settings: Settings,
    progress: Callable[[str, float], None] = _no_progress,
    recognizer: Recognizer | None = None,
    generator: Generator | None = None,
    cancelled: Callable[[], bool] = never,
    text: Callable[[str, str], None] = _no_text,
    classifier: ImageClassifier | None = None,
    log: SessionLog | None = None,
) -> Iterator[Runner]:
    """A runner over ``settings.data_dir``, which is made if it is not there.

    Args:
        recognizer: instead of the one that the settings name.
        generator, classifier: likewise.
        cancelled: asked while a model works; where it says yes the run ends as ``cancelled``.
        text: told the node and what a model has written so far, for the eye only: it may still come to no answer.
        log: that of ``settings.data_dir``, where it is open already; it stays open.

    Raises:
        StorageProblem: the folder cannot be used.
    """
    opening: contextlib.AbstractContextManager[SessionLog] = (
        contextlib.nullcontext(log) if log else SessionLog.open(settings.data_dir, busy_seconds=settings.lock_timeout)
    )
    with opening as held:
        silence_libraries(settings)
        from pipelines.graph import build
        from pipelines.routing import Router

        hears, writes = recognizer or recognizer_of(settings), generator or generator_of(settings)
        looks, router, writing, tasks = (
            classifier or classifier_of(settings),
            Router.load(),
            writing_of(settings),
            served_tasks(),
        )

        def ports_of(request: Request) -> Ports:
            return Ports(
                request=request,
                store=held.store,
                journal=held.journal,
                recognizer=hears,
                generator=writes,
                router=router,
                tasks=tasks,
                filing=filing_of(settings),
                prompts=settings.prompts_dir,
                templates=settings.templates_folder,
                draft=settings.draft,
                writing=writing,
                research_use=lambda: has_confirmed(held, RESEARCH_USE),
                finish=held.finish,
                progress=progress,
                cancelled=cancelled,
                text=text,
                classifier=looks,
            )

        servers = servers_over(held, settings, progress, cancelled)
        with open_checkpoints(settings.data_dir, settings.lock_timeout) as checkpoints:
            yield Runner(
                settings, held, build(tuple(tasks), checkpoints), checkpoints, hears, writes, ports_of, servers
            )
