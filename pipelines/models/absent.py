"""In place of a language model where the profile has none: it says so, and how to get one."""

from __future__ import annotations

from typing import Final

from pipelines.errors import ModelNeeded
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot
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

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:  # noqa: ARG002
        raise _needed()

    def choose(
        self,
        ask: Ask,  # noqa: ARG002
        slots: tuple[Slot, ...],  # noqa: ARG002
        frames: Frames,  # noqa: ARG002
        following: Following = NOBODY,  # noqa: ARG002
    ) -> Generation:
        raise _needed()


def _needed() -> ModelNeeded:
    return ModelNeeded("medgemma", _DETAIL, _REMEDY)
