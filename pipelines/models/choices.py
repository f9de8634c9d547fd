"""Constrained choices over tokens: every line is one of a few, and at each step only what continues one is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import UsageProblem
from pipelines.models.generator import Slot


@dataclass
class _Node:
    """Where some lines of a slot have got to. ``option`` is set where one of them ends, and nothing continues there."""

    next: dict[int, _Node] = field(default_factory=dict)
    option: str | None = None


class Choices:
    """The lines that may be written for some slots.

    A line is tokenised as a whole, so that an option is spelt in the tokens that the model would write it in. It ends
    with a newline, the last with the end of the turn: an option that begins like a longer one remains a choice.

    Args:
        slots: in the order in which they are written.
        encode: text to tokens, without adding any.
        end: token that ends the turn.

    Raises:
        UsageProblem: there are none, an option is more than one line, or two of a slot come to the same tokens.
    """

    def __init__(self, slots: Sequence[Slot], encode: Callable[[str], list[int]], end: int) -> None:
        require_lines(slots)
        self._slots = tuple(slots)
        self._tries: list[_Node] = []
        self.most_tokens = 0
        for index, slot in enumerate(self._slots):
            last = index == len(self._slots) - 1
            trie, longest = _Node(), 0
            for option in dict.fromkeys(slot.options):
                line = f"{slot.lead}{option}"
                tokens = [*encode(line), end] if last else encode(f"{line}\n")
                _add(trie, tokens, option)
                longest = max(longest, len(tokens))
            self._tries.append(trie)
            self.most_tokens += longest

    def allowed(self, written: Sequence[int]) -> list[int]:
        """The tokens that may follow; empty where all is written."""
        return sorted(self._walk(written)[1].next)

    def constraint(self) -> _Writing:
        """Holds one writing of the lines to them; see `Constraint`."""
        return _Writing(self)

    def chosen(self, written: Sequence[int]) -> tuple[str, ...]:
        """The options of the slots that are written to their end."""
        return self._walk(written)[0]

    def lines(self, chosen: Sequence[str]) -> str:
        """The chosen options behind their leads, as text."""
        return lines_of(self._slots, chosen)

    def _walk(self, written: Sequence[int]) -> tuple[tuple[str, ...], _Node]:
        chosen: list[str] = []
        node = self._tries[0]
        for token in written:
            node = node.next[token]
            if node.option is not None:
                chosen.append(node.option)
                node = self._tries[len(chosen)] if len(chosen) < len(self._tries) else _Node()
        return tuple(chosen), node


def require_lines(slots: Sequence[Slot]) -> None:
    """Refuse slots that cannot be written as lines.

    Raises:
        UsageProblem: there are none, or an option is more than one line.
    """
    if not slots:
        raise UsageProblem("choice", "has no slots", "give at least one")
    if any("\n" in option for slot in slots for option in slot.options):
        raise UsageProblem("choice", "an option is more than one line", "give options of one line each")


def lines_of(slots: Sequence[Slot], chosen: Sequence[str]) -> str:
    """The chosen options behind their slots' leads, as text."""
    return "\n".join(f"{slot.lead}{option}" for slot, option in zip(slots, chosen, strict=True))


class _Writing:
    """One writing of the lines, token by token."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._written: list[int] = []

    @property
    def over(self) -> bool:
        return not self._choices.allowed(self._written)

    def mask(self, scores: Any) -> None:
        import torch

        allowed = torch.tensor(self._choices.allowed(self._written), device=scores.device)
        kept = scores[allowed]
        scores.fill_(-torch.inf)
        scores[allowed] = kept

    def take(self, token: int) -> None:
        self._written.append(token)

    def forced(self) -> list[int]:
        tokens: list[int] = []
        while len(only := self._choices.allowed([*self._written, *tokens])) == 1:
            tokens += only
        return tokens


def _add(trie: _Node, tokens: list[int], option: str) -> None:
    node = trie
    for token in tokens:
        if node.option is not None:
            break
        node = node.next.setdefault(token, _Node())
    if node.option is not None or node.next:
        raise UsageProblem("choice", "two options are the same to the model", "give options that differ in letters")
    node.option = option
