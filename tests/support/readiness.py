"""What every engine says of itself once it is installed."""

from __future__ import annotations

from typing import Protocol

from pipelines.records import Availability


class Declared(Protocol):
    """An engine of any kind."""

    def available(self) -> Availability: ...


def require_ready(engine: Declared) -> None:
    """It is there, which it says in one line."""
    available = engine.available()
    assert isinstance(available, Availability)
    assert available.ready
    assert available.detail
    assert "\n" not in available.detail
