"""A runner that a test opens and closes as often as it likes, over one data folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from assistant.opening import open_runner
from assistant.runner import Outcome, Runner
from assistant.settings import Settings
from pipelines.records import Result
from tests.support.engines import ScriptedGenerator, ScriptedRecognizer

Open = Callable[[], AbstractContextManager[Runner]]


def opener(
    settings: Settings, ears: ScriptedRecognizer, generator: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """Opens one with these engines, which every part of it takes for the ones that are installed."""
    monkeypatch.setattr("assistant.engines.generator_of", lambda _: generator)

    @contextmanager
    def opened() -> Iterator[Runner]:
        with open_runner(settings, recognizer=ears, generator=generator) as runner:
            yield runner

    return opened


def result_of(outcome: Outcome) -> Result:
    """The result that a run came to, whatever its status."""
    assert outcome.view.result is not None, outcome.view.error
    return outcome.view.result
