"""One of a few names, chosen by a model that is held to them: while it writes, or by asking for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pipelines.errors import NoAnswer
from pipelines.models.consult import Consultant
from pipelines.models.generator import Ask, Slot


def choose(consultant: Consultant, ask: Ask, options: Sequence[str]) -> str:
    """The option that the model takes; where there is one alone, nobody is asked.

    Raises:
        NoAnswer: it took none of them, asked twice.
        as `Consultant.generate`.
    """
    if len(options) == 1:
        return options[0]
    if consultant.generator.capabilities().choices:
        return consultant.choose(ask, (Slot(options=tuple(options)),)).chosen[0]
    from pydantic import create_model

    from pipelines.models.structured import fill

    # A checker of types cannot follow a choice that is made up as the program runs.
    choice: Any = Literal[tuple(options)]
    filled = fill(consultant, ask, create_model("Choice", choice=(choice, ...)))
    if filled.value is None:
        raise NoAnswer(
            f"run {consultant.run}",
            f"{consultant.generator.name} could not choose what to look up ({filled.problem})",
            "ask anew in other words, or use an engine that can be held to choices",
        )
    return str(filled.value.model_dump()["choice"])
