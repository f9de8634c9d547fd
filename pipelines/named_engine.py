"""What every engine provides, whatever it is asked to do."""

from __future__ import annotations

from typing import Protocol

from pipelines.records import Availability, Engine


class NamedEngine(Protocol):
    @property
    def name(self) -> str: ...

    def available(self) -> Availability:
        """Whether it can be expected to work, without loading or hashing anything large."""
        ...

    def engine(self) -> Engine:
        """Which engine and weights these are, without loading them.

        Raises:
            ModelNeeded: there are none.
        """
        ...
