"""An answer as it comes in: put together piece by piece, told to whoever waits, stopped where it goes round in circles
or is longer than was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from pipelines.errors import Cancelled
from pipelines.models import thinking
from pipelines.models.generator import Following
from pipelines.models.loops import LoopWatch
from pipelines.models.openai.control import removed, settled
from pipelines.models.openai.events import Broken, Piece

#: A header that opens a trace, or its beginning: nothing is told before it can be that no more.
_HEADER: Final = re.compile(r"\s*(?:|t|th|tho|thou|thoug|though|thought[ \t]*)")
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


class Progressing:
    """Tells the share of a budget that is used; never less than before, whatever is tried again."""

    def __init__(self, following: Following, budget: int) -> None:
        self._following = following
        self._budget = budget
        self._share = 0.0

    def used(self, tokens: int) -> None:
        self._tell(min(tokens / self._budget, 0.99))

    def finish(self) -> None:
        self._tell(1.0)

    def _tell(self, share: float) -> None:
        if self._following.progress is not None and share > self._share:
            self._share = share
            self._following.progress(share)


class Coming:
    """One answer in the making.

    Args:
        budget: tokens that were asked for at most.
        following: told of the text, and asked whether to go on.
        progressing: told how far it is.
    """

    def __init__(self, budget: int, following: Following, progressing: Progressing) -> None:
        self._budget = budget
        self._following = following
        self._progressing = progressing
        self._watch = LoopWatch.of_text()
        self._raw = ""
        self._in_trace = self._apart = False
        self._pieces = 0
        self._told = ""

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
            if self._following.cancelled():
                raise Cancelled
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
        self._progressing.finish()
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
        self._progressing.used(self._pieces)
        self._tell()
        if self._watch.add_all(self._raw[before:]):
            return "loop"
        too_long = self._pieces > self._budget + _SPARE_PIECES or len(self._raw) > _LONGEST_TOKEN * (self._budget + 16)
        return "length" if too_long else None

    def _tell(self) -> None:
        if self._following.text is None or _HEADER.fullmatch(self._raw):
            return
        text = removed(settled(thinking.read(self._raw).answer or "")).strip()
        if len(text) > len(self._told):
            self._told = text
            self._following.text(text)

    def _answered(
        self, finish: Finish, model: str | None, fingerprint: str | None, prompt: int | None, output: int | None
    ) -> Answered:
        text = removed(thinking.read(self._raw).answer or "").strip()
        if self._following.text is not None and finish == "stop" and len(text) > len(self._told):
            self._following.text(text)
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
