"""How a call came out, told alike for every engine."""

from __future__ import annotations

from typing import Any

from pipelines.models.generator import FinishReason, Generation


def outcome_of(
    answer: str | None, text: str, *, ended: bool, looped: bool, parameters: dict[str, Any], **told: Any
) -> Generation:
    """The outcome of a call for an answer, with its finish reason; what may not be shown is no text.

    Args:
        answer: what came behind the trace; None where that never ended.
        text: of the answer without markers. One that is empty is none, unless the limit fell right behind the trace
            that the model ended by itself.
        ended: whether the model came to its own end.
        looped: whether it was stopped for going round in circles.
        parameters: of the `Generation`, with ``closed_trace_after_words`` where the trace was ended for the model.
        told: its other fields.
    """
    finish = _finish_of(answer, text, ended, looped, closed="closed_trace_after_words" in parameters)
    return Generation(text=text if finish == "stop" else "", finish_reason=finish, parameters=parameters, **told)


def _finish_of(answer: str | None, text: str, ended: bool, looped: bool, closed: bool) -> FinishReason:
    if answer is None or (not text and (ended or closed)):
        return "no-answer"
    if looped:
        return "loop"
    return "stop" if ended else "length"
