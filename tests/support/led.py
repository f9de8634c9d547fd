"""A generator that is led through a record: takes choices in turn, and answers in the form that it is asked for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from pipelines.models.budget import TooLong
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot, Words
from tests.support.engines import ScriptedGenerator


@dataclass
class LedGenerator(ScriptedGenerator):
    """Takes ``takes`` in turn, each the beginning of one of the options; after them whatever comes last.

    What it says is ``says``: pairs of sources and sentence; ``{1}`` among the sources stands for the second address of
    the prompt. Without choices it is asked for JSON instead.
    """

    takes: tuple[str, ...] = ()
    says: tuple[tuple[tuple[str, ...], str], ...] = ()
    answered: str = "yes"
    choices: bool = True
    model: str = "scripted"
    longest: int = 1 << 30
    """Characters of an ask that fit; each counts as a token."""
    offered: list[tuple[str, ...]] = field(default_factory=list)

    def capabilities(self) -> Capabilities:
        return super().capabilities().model_copy(update={"choices": self.choices})

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following = NOBODY) -> Generation:
        assert self.choices
        self._measure(ask)
        [slot] = slots
        self.choice = self._take(slot.options)
        return super().choose(ask, slots, frames, following)

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        self._measure(ask)
        told = text_of(ask)
        if '"choice"' in told:
            self.answer = json.dumps(
                {"choice": self._take(tuple(re.findall(r"^- (.+)$", told.partition("Choose one")[2], re.M)))}
            )
        elif "[" in told and not self.answers:
            handles = re.findall(r"^\[([^\]\n]+)\]", told, re.M)
            sentences = [
                {"sources": [source.format(*handles) for source in sources], "text": text}
                for sources, text in self.says
            ]
            self.answer = json.dumps({"answered": self.answered, "sentences": sentences})
        return super().generate(ask, frames, following)

    def _measure(self, ask: Ask) -> None:
        if (length := len(text_of(ask))) > self.longest:
            raise TooLong(self.name, ask, length, 0, 0, self.longest)

    def _take(self, options: tuple[str, ...]) -> str:
        self.offered.append(options)
        if not self.takes:
            return options[-1]
        taken, *rest = self.takes
        self.takes = tuple(rest)
        return next(option for option in options if option.startswith(taken))


def text_of(ask: Ask) -> str:
    """All words of an ask."""
    return "\n".join(part.text for part in ask.parts if isinstance(part, Words))
