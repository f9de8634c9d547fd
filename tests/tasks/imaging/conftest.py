"""What the tests of the image tasks share."""

from __future__ import annotations

import pytest

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.runner import Runner
from tests.support.engines import ScriptedGenerator


@pytest.fixture
def generator(request: pytest.FixtureRequest) -> ScriptedGenerator:
    """Answers what the test's module has as ``ANSWER``."""
    return ScriptedGenerator(answer=request.module.ANSWER)


@pytest.fixture
def runner(runner: Runner) -> Runner:
    """One that may show pictures to a model."""
    confirm(runner.log, RESEARCH_USE)
    return runner
