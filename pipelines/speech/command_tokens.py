"""Raw recogniser text as tokens that know where in it they stand (spoken commands, rules T1 and T2).

Every pattern here is possessive and anchored so that hostile input (a hundred thousand braces) takes linear time.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.speech.command_names import COMMANDS, HEADINGS, Command, Heading, squeeze

_GAP = re.compile(r"(?:</s>|\s)++")
# The lookbehind spares a second try inside a run of braces: what fails at its first brace fails at all of them.
_GROUP = re.compile(r"(?<!\{)\{++[^{}\[\]]*+\}++|\[[^{}\[\]]*+\]")
_WORD = re.compile(r"\S++")

#: A brace group of more words than this that is no command is speech between stray braces.
MOST_GROUP_WORDS = 2


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a complete group; its characters come from ``raw[raw_start:raw_end]``."""

    text: str
    raw_start: int
    raw_end: int
    group: bool
    key: str
    """``squeeze(text)``."""
    meaning: Command | Heading | None
    """Set where the token by itself is a well-formed command or heading."""


def tokenize(raw: str) -> list[Token]:
    """The tokens of ``raw`` in order; well-formed commands and headings are recognised already."""
    text, origins = _separated(raw)
    tokens = []
    for start, end, group in _stretches(text):
        token = text[start:end]
        key = squeeze(token)
        meaning = _named(token, key) if group else None
        tokens.append(Token(token, origins[start], origins[end - 1] + 1, group, key, meaning))
    return tokens


def _separated(raw: str) -> tuple[str, array[int]]:
    """``raw`` with every gap one space, or nothing at the inside of a brace or bracket; each character's origin."""
    parts: list[str] = []
    origins = array("Q")
    done = 0
    for gap in _GAP.finditer(raw):
        parts.append(raw[done : gap.start()])
        origins.extend(range(done, gap.start()))
        done = gap.end()
        if raw[gap.start() - 1 : gap.start()] not in ("{", "[") and raw[done : done + 1] not in ("}", "]"):
            parts.append(" ")
            origins.append(gap.start())
    parts.append(raw[done:])
    origins.extend(range(done, len(raw)))
    return "".join(parts), origins


def _stretches(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether it is a group, of each token."""
    loose = 0
    for found in _GROUP.finditer(text):
        if _is_group(found.group()):
            yield from _words(text, loose, found.start())
            yield found.start(), found.end(), True
            loose = found.end()
    yield from _words(text, loose, len(text))


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    for word in _WORD.finditer(text, start, end):
        yield word.start(), word.end(), False


def _is_group(group: str) -> bool:
    return group.startswith("[") or len(group.split()) <= MOST_GROUP_WORDS or squeeze(group) in COMMANDS


def _named(group: str, key: str) -> Command | Heading | None:
    return COMMANDS.get(key) if group.startswith("{") else HEADINGS.get(key)
