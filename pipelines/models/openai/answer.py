"""An answer as it comes in: put together piece by piece, told to whoever waits, stopped where it goes round in circles
or is longer than was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from pipelines.models import thinking
from pipelines.models.loops import LoopWatch
from pipelines.models.openai.control import settled
from pipelines.models.openai.events import Broken, Piece
from pipelines.models.telling import Telling

#: Further pieces than tokens asked for: a server that ignores the limit is stopped.
_SPARE_PIECES: Final = 16
_LONGEST_TOKEN: Final = 64


class OtherEnd(Exception):
    """The server ended its answer for a reason that makes it none: a filter, a call of a tool."""


Finish = Literal["stop", "length", "loop"]


@dataclass(frozen=True)
class Answered:
    """A whole answer, or one that was stopped."""

    raw: str
    """All that was generated; a trace that came apart from it is put in front, between Gemma's markers."""
    apart: bool
    """Whether the server told a trace apart."""
    finish: Finish
    model: str | None
    """As the server names it."""
    fingerprint: str | None
    prompt_tokens: int | None
    output_tokens: int
    counted: bool
    """Whether the server counted the output; else these are the pieces in which it came."""


class Coming:
    """One answer in the making.

    Args:
        budget: tokens that were asked for at most.
        telling: told how far it is and what stands, and asked whether to go on.
    """

    def __init__(self, budget: int, telling: Telling) -> None:
        self._budget = budget
        self._telling = telling
        self._watch = LoopWatch.of_text()
        self._raw = ""
        self._in_trace = self._apart = False
        self._pieces = 0

    def take(self, pieces: Iterable[Piece]) -> Answered:
        """Put an answer together.

        Raises:
            Broken: it has no end.
            OtherEnd: its end is none of an answer.
            Cancelled: it is not wanted any more.
        """
        model = fingerprint = finish = None
        prompt = output = None
        for piece in pieces:
            self._telling.pause()
            model = model or piece.model
            fingerprint = fingerprint or piece.system_fingerprint
            if piece.usage is not None:
                prompt = piece.usage.prompt_tokens or prompt
                output = piece.usage.completion_tokens or output
            if piece.thought or piece.text:
                if finish is not None:
                    raise Broken("it goes on behind its end")
                stopped = self._add(piece)
                if stopped is not None:
                    return self._answered(stopped, model, fingerprint, prompt, None)
            finish = finish or piece.finish_reason
        if finish is None:
            raise Broken("it ends in the middle of its answer")
        if finish not in ("stop", "length"):
            raise OtherEnd
        self._telling.finish()
        return self._answered("stop" if finish == "stop" else "length", model, fingerprint, prompt, output)

    def _add(self, piece: Piece) -> Finish | None:
        """Take what is new; why to stop, if so."""
        self._pieces += 1
        before = len(self._raw)
        if piece.thought:
            self._apart = True
            self._raw += ("" if self._in_trace else f"{thinking.OPEN}thought\n") + piece.thought
            self._in_trace = True
        if piece.text:
            self._raw += (thinking.CLOSE if self._in_trace else "") + piece.text
            self._in_trace = False
        self._telling.used(min(self._pieces, self._budget - 1))
        self._telling.stands(settled(self._raw))
        if self._watch.add_all(self._raw[before:]):
            return "loop"
        too_long = self._pieces > self._budget + _SPARE_PIECES or len(self._raw) > _LONGEST_TOKEN * (self._budget + 16)
        return "length" if too_long else None

    def _answered(
        self, finish: Finish, model: str | None, fingerprint: str | None, prompt: int | None, output: int | None
    ) -> Answered:
        if finish == "stop":
            self._telling.stands(self._raw)
        return Answered(
            raw=self._raw,
            apart=self._apart,
            finish=finish,
            model=model,
            fingerprint=fingerprint,
            prompt_tokens=prompt,
            output_tokens=self._pieces if output is None else output,
            counted=output is not None,
        )
