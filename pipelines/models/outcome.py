"""How a call came out, told alike for every engine."""

from __future__ import annotations

from typing import Literal

FinishReason = Literal["stop", "length", "no-answer", "loop"]
"""As in `Generation.finish_reason`."""


def finish_of(answer: str | None, text: str, *, ended: bool, looped: bool, closed: bool = False) -> FinishReason:
    """The finish reason of one answer.

    Args:
        answer: what came behind the trace; None where that never ended.
        text: of the answer without markers. One that is empty is none, unless the limit fell right behind the trace
            that the model ended by itself.
        ended: whether the model came to its own end.
        looped: whether it was stopped for going round in circles.
        closed: whether its trace was ended for it.
    """
    if answer is None or (not text and (ended or closed)):
        return "no-answer"
    if looped:
        return "loop"
    return "stop" if ended else "length"
