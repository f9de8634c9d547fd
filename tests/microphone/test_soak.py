"""A short form of ``make soak``: see ``soak.py`` for what is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.microphone.soak import MOST_LOST, soak
from tests.support.virtual_microphone import require


@pytest.mark.long
def test_killed_ten_times(tmp_path: Path) -> None:
    require()
    found = soak(tmp_path, kills=10, longest=2.5)
    assert found.problems == []
    assert len(found.lost) == 10
    assert max(found.lost) <= MOST_LOST
    assert found.recorded > 5.0
