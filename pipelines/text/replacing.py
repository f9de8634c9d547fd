"""What the user wants written instead: the only changes of words that are ever made without asking."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from pipelines.text.lexicon import Lexicon
from pipelines.text.rewrite import Rewrite

KIND: Final = "replacement"
_RUN: Final = re.compile(r"\w+")
#: Neither within a word nor beside what a hyphen or an apostrophe joins to one: "ray" is not replaced in "x-ray".
_NOT_WITHIN: Final = (r"(?<!\w)(?<!\w['’-])", r"(?!['’-]?\w)")


Said = tuple[str, ...]
"""The words of a phrase, folded, without what stands between them."""


class _Rule(NamedTuple):
    """What is said, and what is written for it."""

    said: str
    before: int
    """Characters of it before its first letter or digit."""
    written: str


class _Rules(NamedTuple):
    by_words: dict[Said, list[_Rule]]
    """The longest first; several differ in what stands between or around the words."""
    lengths: dict[str, list[int]]
    """How many words are said where one is the first, the most first."""


def replacements(text: str, lexicon: Lexicon) -> list[Rewrite]:
    """Where the text holds a phrase, or the sound of one, for which an entry of the user's has a replacement.

    Whole words in any case, the longest first; what was written by one replacement is not looked at by another.
    """
    rules = _rules(lexicon)
    runs = list(_RUN.finditer(text)) if rules.by_words else []
    words = [run.group().casefold() for run in runs]
    found: list[Rewrite] = []
    done = 0
    for place, run in enumerate(runs):
        likely = (
            rule
            for length in rules.lengths.get(words[place], ())
            for rule in rules.by_words.get(tuple(words[place : place + length]), ())
        )
        for rule in likely:
            match = _pattern(rule.said).match(text, max(0, run.start() - rule.before))
            if match and match.start() >= done:
                done = match.end()
                if match.group() != rule.written:
                    found.append(Rewrite(*match.span(), rule.written, KIND))
                break
    return found


@lru_cache(maxsize=4)
def _rules(lexicon: Lexicon) -> _Rules:
    """A phrase counts before the same words as a sound."""
    own = [entry for entry in lexicon.entries if entry.own and entry.replacement is not None]
    said_for = [(entry.phrase, entry) for entry in own]
    said_for += [(sound, entry) for entry in own for sound in entry.sounds_like]
    by_words: dict[Said, dict[str, _Rule]] = {}
    lengths: dict[str, set[int]] = {}
    for said, entry in said_for:
        runs = list(_RUN.finditer(said))
        words = tuple(run.group().casefold() for run in runs)
        if runs and entry.replacement:
            rule = _Rule(said, runs[0].start(), entry.replacement)
            by_words.setdefault(words, {}).setdefault(said.casefold(), rule)
            lengths.setdefault(words[0], set()).add(len(words))
    return _Rules(
        {words: sorted(rules.values(), key=lambda rule: -len(rule.said)) for words, rules in by_words.items()},
        {first: sorted(several, reverse=True) for first, several in lengths.items()},
    )


@lru_cache(maxsize=1024)
def _pattern(said: str) -> re.Pattern[str]:
    words = r"\s+".join(map(re.escape, said.split()))
    return re.compile(words.join(_NOT_WITHIN), re.IGNORECASE)
