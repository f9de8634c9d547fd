"""Choices as a grammar for llama.cpp, in its own notation (GBNF)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pipelines.models.choices import Choices
from pipelines.models.generator import Slot

_END: Final = -1


class Lines:
    """The lines that may be written for some slots, one below the other.

    Args:
        slots: in the order in which they are written.
        defused: makes plain text of what looks like a control token.

    Raises:
        UsageProblem: there are none, an option is more than one line, or two of a slot come to the same.
    """

    def __init__(self, slots: Sequence[Slot], defused: Callable[[str], str]) -> None:
        self._slots = slots
        self._defused = defused
        self._choices = Choices(slots, lambda line: _letters(defused(line)), _END)

    @property
    def most_tokens(self) -> int:
        """A token is at least one byte; one more ends the writing."""
        return sum(max(len(line.encode()) + 1 for line in self._lines(slot)) for slot in self._slots)

    def grammar(self) -> str:
        rules = [" ".join(["root ::=", *(f"slot{number}" for number in range(len(self._slots)))])]
        for number, slot in enumerate(self._slots):
            newline = '"\\n"' if number < len(self._slots) - 1 else ""
            options = " | ".join(map(_quoted, self._lines(slot)))
            rules.append(f"slot{number} ::= ({options}) {newline}".rstrip())
        return "\n".join(rules)

    def chosen(self, written: str) -> tuple[str, ...]:
        """The options that were written. KeyError where something else was."""
        return self._choices.chosen([*_letters(written), _END])

    def text(self, chosen: Sequence[str]) -> str:
        """The chosen options behind their leads."""
        return self._choices.lines(chosen)

    def _lines(self, slot: Slot) -> list[str]:
        return [self._defused(f"{slot.lead}{option}") for option in dict.fromkeys(slot.options)]


def _letters(text: str) -> list[int]:
    return [ord(letter) for letter in text]


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\' or not letter.isprintable():
        return f"\\U{ord(letter):08X}"
    return letter
