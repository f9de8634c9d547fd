"""Spoken punctuation, layout and headings as written text: the first, purely textual stage of formatting.

Only what the recogniser marked with braces or brackets is obeyed, malformed or not; every other word stays as it is.
What could not be understood stays visible in the text and is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from pipelines.records import Flag, Span
from pipelines.speech.command_names import Command, Heading
from pipelines.speech.command_repair import Piece, resolve
from pipelines.speech.command_tokens import tokenize

_POINTS: Final = {
    Command.PERIOD: ".",
    Command.COMMA: ",",
    Command.COLON: ":",
    Command.SEMICOLON: ";",
    Command.QUESTION_MARK: "?",
    Command.EXCLAMATION_POINT: "!",
}
_SENTENCE_ENDS: Final = {Command.PERIOD, Command.QUESTION_MARK, Command.EXCLAMATION_POINT}
_JOINERS: Final = {Command.SLASH: "/", Command.HYPHEN: "-"}
_OPENERS: Final = {Command.OPEN_QUOTE: '"', Command.OPEN_PARENTHESIS: "("}
_CLOSERS: Final = {Command.CLOSE_QUOTE: '"', Command.CLOSE_PARENTHESIS: ")"}
_BREAKS: Final = {Command.LINE_BREAK: "\n", Command.PARAGRAPH_BREAK: "\n\n"}


@dataclass(frozen=True)
class Formatted:
    """Written text, what in it a reader should look at, and which stretch of it came from where in the raw text.

    ``spans`` are ordered and do not overlap in ``text``: one for each word, mark, heading and break that was spoken.
    Spaces, and commands that added nothing, have none.
    """

    text: str
    flags: tuple[Flag, ...]
    spans: tuple[Span, ...]


def format_commands(raw: str) -> Formatted:
    """Obey the spoken commands in ``raw`` (recogniser output). Never fails, whatever the text; linear in its length."""
    writer = _Writer()
    flags = []
    for piece in resolve(tokenize(raw)):
        writer.write(piece)
        if piece.flag:
            flags.append(piece.flag)
    return Formatted(writer.text(), tuple(flags), tuple(writer.spans))


@dataclass(frozen=True, slots=True)
class _Break:
    text: str
    source: Piece | None
    """None for the breaks that a heading brings along."""


class _Writer:
    """Writes piece after piece (spoken commands, rules O1 to O7).

    Spaces and breaks are written only when something follows them, so there are none to take back before a mark or
    at the end.
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._parts: list[str] = []
        self._length = 0
        self._capital_pending = True
        self._glued = False
        self._after_heading = False
        self._bullet = False
        self._break: _Break | None = None

    def text(self) -> str:
        return "".join(self._parts)

    def write(self, piece: Piece) -> None:
        match piece.meaning:
            case None:
                self._word(piece)
            case Heading() as heading:
                self._heading(heading, piece)
            case command if command in _POINTS:
                self._point(command, piece)
            case command if command in _JOINERS:
                self._joiner(_JOINERS[command], piece)
            case command if command in _OPENERS:
                self._put(_OPENERS[command], piece, spaced=True)
                self._glued = True
            case command if command in _CLOSERS:
                self._put(_CLOSERS[command], piece, spaced=False)
            case command:
                self._line(command, piece)

    def _word(self, piece: Piece) -> None:
        word = piece.text
        if self._after_heading:
            word = word.lstrip(":")
            piece = replace(piece, raw_start=piece.raw_start + len(piece.text) - len(word))
        if not word:
            return
        if self._capital_pending:
            word = _capitalized(word)
        self._put(word, piece, spaced=True)
        self._capital_pending = False
        self._after_heading = False

    def _point(self, command: Command, piece: Piece) -> None:
        if self._after_heading and command is Command.COLON:
            return
        mark = _POINTS[command]
        if not self._ends_with(mark):
            self._put(mark, piece, spaced=False)
        if command in _SENTENCE_ENDS:
            self._capital_pending = True

    def _joiner(self, mark: str, piece: Piece) -> None:
        if mark == "-" and self._at_line_start():
            self._put(mark, piece, spaced=False)
            self._bullet = True
            return
        if not self._ends_with(mark):
            self._put(mark, piece, spaced=False)
        # Saying "hyphen" twice at a line start is still one bullet.
        self._glued = not self._bullet

    def _line(self, command: Command, piece: Piece) -> None:
        if self._after_heading:
            return
        if command is Command.PARAGRAPH_BREAK:
            self._capital_pending = True
        text = _BREAKS[command]
        if self._break and self._break.source:
            text = max(text, self._break.text)
            piece = replace(piece, raw_start=self._break.source.raw_start)
        self._break = _Break(text, piece)

    def _heading(self, heading: Heading, piece: Piece) -> None:
        self._break = _Break("\n\n", None)
        self._put(f"{heading.value}:", piece, spaced=False)
        self._break = _Break("\n", None)
        self._capital_pending = True
        self._after_heading = True

    def _at_line_start(self) -> bool:
        return not self._parts or self._break is not None

    def _ends_with(self, mark: str) -> bool:
        return bool(self._parts) and self._break is None and self._parts[-1].endswith(mark)

    def _put(self, text: str, piece: Piece, *, spaced: bool) -> None:
        if not self._at_line_start():
            if spaced and not self._glued:
                self._append(" ", None)
        elif self._parts and self._break:
            self._append(self._break.text, self._break.source)
        self._append(text, piece)
        self._break = None
        self._glued = False
        self._bullet = False

    def _append(self, text: str, source: Piece | None) -> None:
        end = self._length + len(text)
        if source:
            span = Span(start=self._length, end=end, raw_start=source.raw_start, raw_end=source.raw_end)
            self.spans.append(span)
        self._parts.append(text)
        self._length = end


def _capitalized(word: str) -> str:
    """``word`` with a capital, unless its own capitals or digits show that its case means something (pH, p16)."""
    capital = word[0].upper()
    if not word[0].islower() or len(capital) > 1 or any("A" <= c <= "Z" or c.isdecimal() for c in word):
        return word
    return capital + word[1:]
