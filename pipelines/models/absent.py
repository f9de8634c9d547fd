"""In place of a language model where the profile has none: it says so, and how to get one."""

from __future__ import annotations

from typing import Final

from pipelines.errors import ModelNeeded
from pipelines.models.generator import Ask, Capabilities, Frames, Generation, Progress, Slot
from pipelines.records import Availability, Engine

_DETAIL: Final = "the embedded profile has no language model"
_REMEDY: Final = "go on with: --profile medgemma (assistant models list shows what is installed)"


class NoGenerator:
    """Never ready, never answers."""

    name: Final = "none"

    def available(self) -> Availability:
        return Availability(ready=False, detail=_DETAIL, remedy=_REMEDY)

    def engine(self) -> Engine:
        raise _needed()

    def capabilities(self) -> Capabilities:
        return Capabilities(images=False, choices=False, context_tokens=0)

    def generate(self, ask: Ask, frames: Frames, progress: Progress | None = None) -> Generation:  # noqa: ARG002
        raise _needed()

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames) -> Generation:  # noqa: ARG002
        raise _needed()


def _needed() -> ModelNeeded:
    return ModelNeeded("medgemma", _DETAIL, _REMEDY)
