"""The names that can be spoken, and which of them a key, a misspelling or a fragment stands for.

A *key* is a name reduced to its letters a-z. Two names of one command have two keys and one meaning.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

_NOT_A_KEY_LETTER = re.compile(r"[^a-z]+")
_DIGIT = re.compile(r"\d")

#: Below these lengths a misspelling or a fragment could be too many other words.
LEAST_MISSPELT_KEY: Final = 6
LEAST_FRAGMENT: Final = 4


class Command(Enum):
    """What a spoken command writes: its first name here."""

    PERIOD = "period"
    COMMA = "comma"
    COLON = "colon"
    SEMICOLON = "semicolon"
    QUESTION_MARK = "question mark"
    EXCLAMATION_POINT = "exclamation point"
    SLASH = "slash"
    HYPHEN = "hyphen"
    OPEN_QUOTE = "open quote"
    CLOSE_QUOTE = "close quote"
    OPEN_PARENTHESIS = "open parenthesis"
    CLOSE_PARENTHESIS = "close parenthesis"
    LINE_BREAK = "new line"
    PARAGRAPH_BREAK = "new paragraph"


class Heading(Enum):
    """A report heading; the value is its canonical spelling."""

    EXAM_TYPE = "EXAM TYPE"
    INDICATION = "INDICATION"
    PROCEDURE = "PROCEDURE"
    TECHNIQUE = "TECHNIQUE"
    COMPARISON = "COMPARISON"
    FINDINGS = "FINDINGS"
    IMPRESSION = "IMPRESSION"
    PLAN = "PLAN"


def squeeze(text: str) -> str:
    """``text`` in lower case with everything but the letters a-z deleted; '' where a digit rules out any name."""
    return "" if _DIGIT.search(text) else _NOT_A_KEY_LETTER.sub("", text.lower())


#: Meaning by key.
COMMANDS: Final[dict[str, Command]] = {squeeze(command.value): command for command in Command} | {
    "nextline": Command.LINE_BREAK,
    "nextparagraph": Command.PARAGRAPH_BREAK,
}
HEADINGS: Final[dict[str, Heading]] = {squeeze(heading.value): heading for heading in Heading}


def misspelt(key: str) -> Command | None:
    """The one command whose long enough keys lie one edit away from ``key``, or None."""
    return _one_meaning([name for name in COMMANDS if len(name) >= LEAST_MISSPELT_KEY and _one_edit_apart(key, name)])


def beginning(fragment: str) -> Command | None:
    """The one command that a name cut off after ``fragment`` can only have been, or None."""
    return _completed(fragment, [name for name in COMMANDS if name.startswith(fragment)])


def ending(fragment: str) -> Command | None:
    """The one command that a name cut off before ``fragment`` can only have been, or None."""
    return _completed(fragment, [name for name in COMMANDS if name.endswith(fragment)])


def _completed(fragment: str, names: list[str]) -> Command | None:
    names = [name for name in names if name != fragment]
    if len(fragment) < LEAST_FRAGMENT or not names or 2 * len(fragment) < min(map(len, names)):
        return None
    return _one_meaning(names)


def _one_meaning(names: list[str]) -> Command | None:
    meanings = {COMMANDS[name] for name in names}
    return meanings.pop() if len(meanings) == 1 else None


def _one_edit_apart(one: str, other: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours makes the one the other."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or short == long:
        return False
    at = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return swapped or short[at + 1 :] == long[at + 1 :]
