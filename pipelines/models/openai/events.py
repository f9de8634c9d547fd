"""Server-sent events as a chat server streams them: bytes to pieces of an answer, nothing half-received let through."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

MEDIA_TYPE: Final = "text/event-stream"
_DONE: Final = "[DONE]"
#: No piece of an answer is as long.
_LONGEST_LINE: Final = 1 << 20


class Broken(Exception):
    """Not what a chat server streams, or not to its end. Says why in words of ours."""


class Reported(Broken):
    """The server tells of an error where its answer should go on.

    Args:
        words: what it says: to be looked at, never shown.
    """

    def __init__(self, words: str) -> None:
        super().__init__("it reports an error in the middle of its answer")
        self.words = words


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(BaseModel):
    model_config = ConfigDict(extra="ignore")

    index: int = 0
    delta: _Part | None = None
    finish_reason: str | None = None


class Usage(BaseModel):
    """Tokens as the server counted them."""

    model_config = ConfigDict(extra="ignore")

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Piece(BaseModel):
    """One event of a chat completion."""

    model_config = ConfigDict(extra="ignore")

    choices: list[_Choice] | None = None
    error: Any = None
    model: str | None = None
    system_fingerprint: str | None = None
    usage: Usage | None = None

    @property
    def _part(self) -> _Part:
        choice = self._choice
        return (choice.delta if choice else None) or _Part()

    @property
    def _choice(self) -> _Choice | None:
        return next((choice for choice in self.choices or () if choice.index == 0), None)

    @property
    def text(self) -> str:
        return self._part.content or ""

    @property
    def thought(self) -> str:
        """More of a trace, from servers that tell it apart."""
        return self._part.reasoning_content or self._part.reasoning or ""

    @property
    def finish_reason(self) -> str | None:
        return self._choice.finish_reason if self._choice else None


def pieces(blocks: Iterable[bytes]) -> Iterator[Piece]:
    """The pieces of an answer as they arrive, up to its end.

    Raises:
        Broken: an event is none of a chat completion, or the stream ends within one.
        Reported: an event tells of an error.
    """
    for data in _events(blocks):
        if data.strip() == _DONE:
            return
        try:
            piece = Piece.model_validate_json(data)
        except ValidationError as invalid:
            no_json = invalid.errors(include_input=False, include_url=False)[0]["type"] == "json_invalid"
            raise Broken("it sends no JSON" if no_json else "its JSON has another form") from None
        if piece.error is not None:
            raise Reported(str(piece.error))
        yield piece


def _events(blocks: Iterable[bytes]) -> Iterator[str]:
    """The data of each event. One without an empty line behind it was cut, unless it is the mark of the end."""
    data: list[str] = []
    for line in _lines(blocks):
        if line:
            name, _, value = line.partition(":")
            if name == "data":
                data.append(value.removeprefix(" "))
                if value.strip() == _DONE:
                    yield _DONE
                    return
        elif data:
            yield "\n".join(data)
            data = []
    if data:
        raise Broken("it ends in the middle of its answer")


def _lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Lines without what ends them; the last one counts only where it was ended."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
    rest = ""
    try:
        for block in blocks:
            rest += decoder.decode(block)
            # A carriage return at the end may be half of what ends a line.
            ready, held = (rest[:-1], "\r") if rest.endswith("\r") else (rest, "")
            *lines, rest = ready.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            rest += held
            yield from (line.removeprefix("\ufeff") for line in lines)
            if len(rest) > _LONGEST_LINE:
                raise Broken("it sends a line without end")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Broken("it sends no text") from None
    if rest.endswith("\r"):
        yield rest[:-1]
        return
    if rest.partition(":")[2].strip() == _DONE:
        yield rest
    elif rest.strip():
        raise Broken("it ends in the middle of its answer")
