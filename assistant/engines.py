"""The engines that the settings name, made once per process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.settings import Settings
from pipelines.records import Availability, TaskName, Value

if TYPE_CHECKING:
    from pipelines.speech.recognizer import Recognizer


def recognizer_of(settings: Settings) -> Recognizer:
    """The speech engine that the settings name; loads nothing yet.

    Raises:
        UsageProblem: no engine has that name.
    """
    from pipelines.speech.registry import choose

    return choose(
        settings.recognizer,
        cache_dir=settings.cache_dir,
        threads=settings.threads,
        allow_network=settings.allow_network,
    )


def has_appeared(needs: str, settings: Settings) -> bool:
    """Whether what a paused run waits for is here now. A person never is: only an answer lets those runs go on."""
    from pipelines.models.generator import generators
    from pipelines.tasks.served import served_tasks

    kind, _, name = needs.partition(":")
    match kind:
        case "recognizer":
            return recognizer_of(settings).available().ready
        case "generator":
            return any(generator.available().ready for generator in generators())
        case "task":
            return TaskName(name) in served_tasks()
    return False


class EngineLine(Value):
    """One engine as ``assistant models list`` shows it."""

    name: str
    does: str
    availability: Availability


def engine_table(settings: Settings) -> tuple[EngineLine, ...]:
    """Every engine that this version knows."""
    from pipelines.models.generator import generators
    from pipelines.speech.registry import recognizers

    speech = recognizers(cache_dir=settings.cache_dir, threads=settings.threads, allow_network=settings.allow_network)
    return (
        *(
            EngineLine(name=name, does="speech to text", availability=make().available())
            for name, make in speech.items()
        ),
        *(EngineLine(name=g.name, does="language", availability=g.available()) for g in generators()),
    )
