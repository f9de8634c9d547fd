"""What each token or run of tokens means, malformed commands included (spoken commands, rules C1 to C7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.records import Flag
from pipelines.speech.command_names import COMMANDS, HEADINGS, Command, Heading, beginning, ending, misspelt
from pipelines.speech.command_tokens import Token

_LONGEST_NAME = 4
_LONGEST_FRAGMENT = 3

_BRACE = re.compile(r"[{}]")
_BRACKET = re.compile(r"[\[\]]")
_LETTERS = re.compile(r"[A-Za-z]+")
_OPENED = re.compile(r"\{[A-Za-z]*")
_CLOSED = re.compile(r"[A-Za-z]*\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive tokens with one meaning; a word, kept as it is, where ``meaning`` is None."""

    meaning: Command | Heading | None
    text: str
    raw_start: int
    raw_end: int
    flag: Flag | None = None


def resolve(tokens: list[Token]) -> Iterator[Piece]:
    """The pieces in order, left to right; every token is part of exactly one."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        meaning, count = _reading(tokens[at : at + _LONGEST_NAME])
        if meaning is None:
            yield Piece(None, token.text, token.raw_start, token.raw_end, _flag(token))
        else:
            yield Piece(meaning, "", token.raw_start, tokens[at + count - 1].raw_end)
        at += count


def _reading(ahead: list[Token]) -> tuple[Command | Heading | None, int]:
    """What the tokens ahead begin with, and how many of them that takes."""
    if ahead[0].meaning:
        return ahead[0].meaning, 1
    for rule in (_whole_name, _misspelt_group, _tail_lost, _head_lost):
        found, count = rule(ahead)
        if found:
            return found, count
    return None, 1


def _whole_name(ahead: list[Token]) -> tuple[Command | Heading | None, int]:
    reach = next((i for i, token in enumerate(ahead) if token.meaning or not token.key), len(ahead))
    for count in range(reach, 0, -1):
        run = ahead[:count]
        key = "".join(token.key for token in run)
        if key in COMMANDS and any(_BRACE.search(token.text) for token in run):
            return COMMANDS[key], count
        if key in HEADINGS and any(_BRACKET.search(token.text) for token in run):
            return HEADINGS[key], count
    return None, 1


def _misspelt_group(ahead: list[Token]) -> tuple[Command | None, int]:
    token = ahead[0]
    return (misspelt(token.key) if token.group and token.text.startswith("{") else None), 1


def _tail_lost(ahead: list[Token]) -> tuple[Command | None, int]:
    if not _OPENED.fullmatch(ahead[0].text):
        return None, 1
    fragment = ""
    for count, token in enumerate(ahead[:_LONGEST_FRAGMENT], start=1):
        if count > 1 and not _LETTERS.fullmatch(token.text):
            break
        fragment += token.key
        # The shortest that fits, so that no following word is swallowed.
        if command := beginning(fragment):
            return command, count
    return None, 1


def _head_lost(ahead: list[Token]) -> tuple[Command | None, int]:
    fragment = ""
    for count, token in enumerate(ahead[:_LONGEST_FRAGMENT], start=1):
        fragment += token.key
        # Only the last token of a run may close, so at most one run starting here has the form.
        if _CLOSED.fullmatch(token.text):
            return ending(fragment), count
        if not _LETTERS.fullmatch(token.text):
            break
    return None, 1


def _flag(token: Token) -> Flag | None:
    if _BRACE.search(token.text):
        return Flag(kind="unknown-command", text=token.text)
    if token.group and any(letter.isalpha() for letter in token.text):
        return Flag(kind="unknown-heading", text=token.text)
    return None
