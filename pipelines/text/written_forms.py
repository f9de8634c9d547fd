"""Numbers, units, doses, dates, times, levels and stages as clinicians write them.

Only what can be read in one way is written otherwise; a number never changes its value, and in doubt the words stay.
What is written already stays as it is, so that a second pass finds nothing to do. Linear in the length of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipelines.text import (
    abbreviations,
    ages,
    clock,
    counts,
    dates,
    doses,
    frequencies,
    levels,
    numbers,
    ratios,
    stages,
)
from pipelines.text.rewrite import Rewrite
from pipelines.text.tokens import Found, Tokens

Grammar = Callable[[Tokens, int], Found | None]
"""Reads the tokens from an index on, or None."""

_AT_NUMBER: Final[tuple[Grammar, ...]] = (
    dates.read_in_figures,
    clock.read,
    dates.read_alone,
    ages.read,
    ratios.read,
    doses.read,
    counts.read,
)


def written_forms(text: str) -> tuple[Rewrite, ...]:
    """What in ``text`` is to be written otherwise, in order."""
    tokens = Tokens(text)
    rewrites: list[Rewrite] = []
    index = 0
    while index < len(tokens):
        found = _found(tokens, index)
        if found is None:
            index += 1
            continue
        start, end = tokens[index].start, tokens[found.end - 1].end
        if text[start:end] != found.text:
            rewrites.append(Rewrite(start, end, found.text, found.kind))
        index = found.end
    return tuple(rewrites)


def _found(tokens: Tokens, index: int) -> Found | None:
    for grammar in _grammars(tokens[index].key):
        if found := grammar(tokens, index):
            return found
    return None


def _grammars(key: str) -> tuple[Grammar, ...]:
    if numbers.is_digits(key):
        return _AT_NUMBER
    return _BY_WORD.get(key, ())


def _by_word() -> dict[str, tuple[Grammar, ...]]:
    """Which grammars may begin with which word, first come first served."""
    table: dict[str, list[Grammar]] = {}
    for starts, grammars in (
        (abbreviations.STARTS, (abbreviations.read,)),
        (stages.TNM_STARTS, (stages.read_tnm,)),
        (frequencies.STARTS, (frequencies.read,)),
        (levels.STARTS, (levels.read,)),
        (stages.STARTS, (stages.read,)),
        (dates.MONTHS, (dates.read_by_month,)),
        (dates.STARTS, (dates.read_by_day,)),
        ({"half", "quarter"}, (clock.read_past,)),
        ({"oh", "o"}, (clock.read, doses.read, counts.read)),
        ({"point", "a", "nought", "naught"}, (doses.read,)),
        ({"times"}, (counts.read_times,)),
        ({"minus"}, (counts.read_minus,)),
        (numbers.STARTS, _AT_NUMBER),
    ):
        for word in starts:
            table.setdefault(word, []).extend(grammars)
    return {word: tuple(grammars) for word, grammars in table.items()}


_BY_WORD: Final = _by_word()
