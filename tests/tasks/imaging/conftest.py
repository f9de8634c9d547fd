"""What the tests of the image tasks share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.opening import open_runner
from assistant.runner import Runner
from assistant.settings import Settings
from tests.support.engines import ScriptedGenerator


@pytest.fixture
def runner(tmp_path: Path, generator: ScriptedGenerator) -> Iterator[Runner]:
    with open_runner(Settings(data_dir=tmp_path / "data"), generator=generator) as opened:
        confirm(opened.log, RESEARCH_USE)
        yield opened
