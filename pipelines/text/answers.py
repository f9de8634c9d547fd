"""A model's answer, often Markdown, taken apart into single sentences and the headings they stand under.

Only marks go: every word is in a piece or in the section of the piece after it. What could be meant, stays: the star of
"CYP2C19*2", the ">" before a size, a number that continues no list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pipelines.text.sentences import split

_FENCE: Final = re.compile(r"(?P<mark>`{3,}|~{3,})(?P<info>[^`]*)")
_RULE: Final = re.compile(r"(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,}")
_TABLE_RULE: Final = re.compile(r"[|: \t]*--[-|: \t]*")
_HASHES: Final = re.compile(r"#{1,6}[ \t]+")
_BULLET: Final = re.compile(r"(?:[-*•–]|(?P<number>\d{1,2})[.)])(?:[ \t]+|$)")
_BOLD: Final = re.compile(
    r"(?P<mark>\*\*|__)(?=\S)(?P<text>[^*\n]{1,80}?)(?<=\S)(?P=mark)(?P<colon>[ \t]{0,2}:)?(?=(?P<gap>[ \t]+)|$)"
)
_COLON_LINE: Final = re.compile(r"[A-Z][^\s:|]{0,30}(?: [^\s:|]{1,30}){0,2}:")
_EMPHASIS: Final = re.compile(r"\*+|_+|`+")
_LONGEST_HEADING: Final = 80
_UNDER_HASHES: Final = 7
"""Level of the headings that only their colon tells: below all that are marked with "#"."""


class Piece(NamedTuple):
    """One sentence of the answer, or one row of a table, or one block of code.

    ``text`` is without Markdown's marks, on one line but for code. It was made of ``answer[start:end]``. ``section`` is
    the heading above it, without its colon, with those above that one as in "Report / Findings".
    """

    text: str
    section: str | None
    start: int
    end: int


def statements_of(answer: str) -> tuple[Piece, ...]:
    """The answer's sentences in order.

    A heading is a line marked with "#", a line that is only bold with a colon or at most three words with a colon, or
    bold with a colon at the start of a line. Bold alone is none: "**Pneumothorax**" may be the whole answer. Within a
    list such words stay in the sentence. A heading with nothing under it is a piece of its own.
    """
    reading = _Reading(answer)
    lines = _lines(answer)
    for start, end in lines:
        if fence := _opens_fence(answer, start, end):
            reading.code(start, _end_of_fence(answer, fence["mark"], lines, end))
        else:
            reading.line(start, end)
    reading.close()
    return tuple(reading.pieces)


def _lines(answer: str) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends, white space at both ends left out."""
    start = 0
    for line in answer.split("\n"):
        stripped = line.strip()
        begin = start + (len(line) - len(line.lstrip()))
        yield (begin, begin + len(stripped)) if stripped else (start, start)
        start += len(line) + 1


def _opens_fence(answer: str, start: int, end: int) -> re.Match[str] | None:
    return _FENCE.fullmatch(answer, start, end)


def _end_of_fence(answer: str, mark: str, lines: Iterator[tuple[int, int]], end: int) -> int:
    """Where the block of code ends: with its closing line, else with the answer."""
    for start, line_end in lines:
        end = line_end if line_end > start else end
        if line_end - start >= len(mark) and set(answer[start:line_end]) == {mark[0]}:
            break
    return end


@dataclass
class _Heading:
    level: int
    text: str
    start: int
    end: int
    used: bool = False


@dataclass
class _Reading:
    """The answer as far as it was read: ``open`` headings, outermost first, and the ``block`` of lines begun."""

    answer: str
    pieces: list[Piece] = field(default_factory=list)
    open: list[_Heading] = field(default_factory=list)
    block: list[tuple[int, int]] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    """The last number of the list at each indentation."""

    def line(self, start: int, end: int) -> None:
        answer = self.answer
        if start == end or _RULE.fullmatch(answer, start, end):
            self._end_block()
        elif answer[start] == "|":
            self._end_block()
            if not _TABLE_RULE.fullmatch(answer, start, end):
                self._add(*_shown(answer, [(start, end)]))
        elif hashes := _HASHES.match(answer, start, end):
            self._heading(len(hashes.group().rstrip()), hashes.end(), _before_closing_hashes(answer, start, end))
        elif (bold := _BOLD.match(answer, start, end)) and (bold["colon"] or bold["text"].endswith(":")):
            self._heading(_UNDER_HASHES, start, bold.end())
            if bold.end() < end:
                self.block.append((bold.end() + len(bold["gap"]), end))
        elif _COLON_LINE.fullmatch(answer, start, end):
            self._heading(_UNDER_HASHES, start, end)
        elif (bullet := _BULLET.match(answer, start, end)) and self._is_of_a_list(bullet):
            self._end_block()
            if bullet.end() < end:
                self.block.append((bullet.end(), end))
        else:
            self.block.append((start, end))

    def code(self, start: int, end: int) -> None:
        self._end_block()
        self._add_piece(self.answer[start:end], start, end)

    def close(self) -> None:
        self._end_block()
        self._leave(0)

    def _is_of_a_list(self, bullet: re.Match[str]) -> bool:
        if bullet["number"] is None:
            return True
        number, start = int(bullet["number"]), bullet.start()
        indent = start - (self.answer.rfind("\n", 0, start) + 1)
        goes_on = number in (1, self.numbers.get(indent, 0) + 1)
        if goes_on:
            self.numbers[indent] = number
        return goes_on

    def _heading(self, level: int, start: int, end: int) -> None:
        self._end_block()
        shown, _ = _shown(self.answer, [(start, end)])
        text = " ".join(shown.split())
        if len(text) > _LONGEST_HEADING or text.endswith((".", "!", "?")):
            self.block.append((start, end))
            self._end_block()
        elif text := text.rstrip(": "):
            self._leave(level)
            if self.open:
                self.open[-1].used = True
            self.open.append(_Heading(level, text, start, end))

    def _leave(self, level: int) -> None:
        """Close the headings of this level and below; one that headed nothing is what the answer says there."""
        while self.open and self.open[-1].level >= level:
            heading = self.open.pop()
            if not heading.used:
                self._add_piece(heading.text, heading.start, heading.end)

    def _end_block(self) -> None:
        if self.block:
            self._add_sentences(*_shown(self.answer, self.block))
            self.block = []

    def _add_sentences(self, shown: str, places: list[int]) -> None:
        for start, end in split(shown):
            self._add(shown[start:end], places[start:end])

    def _add(self, shown: str, places: list[int]) -> None:
        if text := " ".join(shown.split()):
            self._add_piece(text, places[0], places[-1] + 1)

    def _add_piece(self, text: str, start: int, end: int) -> None:
        section = " / ".join(heading.text for heading in self.open) or None
        if self.open:
            self.open[-1].used = True
        self.pieces.append(Piece(text, section, start, end))


def _before_closing_hashes(answer: str, start: int, end: int) -> int:
    """Where the text of "## Findings ##" ends."""
    text = answer[start:end]
    bare = text.rstrip("#")
    return start + len(bare.rstrip()) if bare[-1:].isspace() else end


def _shown(answer: str, lines: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """The lines without marks of emphasis, and for each character its place in the answer."""
    places: list[int] = []
    for start, end in lines:
        if places:
            places.append(start - 1 if answer[start - 1] == "\n" else answer.rindex("\n", 0, start))
        at = start
        for mark_start, mark_end in _emphasis(answer, start, end):
            places.extend(range(at, mark_start))
            at = mark_end
        places.extend(range(at, end))
    return "".join([answer[place] for place in places]), places


def _emphasis(answer: str, start: int, end: int) -> list[tuple[int, int]]:
    """The marks in a line that open and close emphasis or code, in order; marks without their counterpart stay."""
    marks: list[tuple[int, int]] = []
    opened: dict[str, tuple[int, int]] = {}
    for match in _EMPHASIS.finditer(answer, start, end):
        before = answer[match.start() - 1] if match.start() > start else " "
        after = answer[match.end()] if match.end() < end else " "
        mark = match.group()
        # A single star or a line within a word is a letter of it: "HLA-B*27", "snake_case".
        within_words = mark[0] == "`" or mark == "**"
        closes = not before.isspace() and before != "\\" and (within_words or not after.isalnum())
        opens = not after.isspace() and before != "\\" and (within_words or not before.isalnum())
        parts = (mark,) if mark in opened else ("**", "*") if mark == "***" else (mark,)
        if closes and all(part in opened for part in parts):
            marks += [*(opened.pop(part) for part in parts), match.span()]
        elif opens and len(mark) <= 3:
            opened[mark] = match.span()
    return sorted(marks)
