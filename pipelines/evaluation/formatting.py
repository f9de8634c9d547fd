"""How often raw text with spoken commands is written exactly as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipelines.evaluation.data import as_model
from pipelines.records import Flag
from pipelines.speech.commands import format_commands

ENGINE = "commands"


class FormattingCase(BaseModel):
    """What the text and the flags, in their order, of ``raw`` should be."""

    model_config = ConfigDict(frozen=True)

    id: str | int
    raw: str
    expected: str
    flags: tuple[Flag, ...] = ()


def evaluate(cases: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Figures over lines of ``{"id", "raw", "expected", "flags": [{"kind", "text"}]}``.

    ``accuracy`` is the fraction of cases whose text and flags are both exact; None without cases.
    """
    failures = []
    parsed = as_model(cases, FormattingCase)
    for case in parsed:
        got = format_commands(case.raw)
        if (got.text, got.flags) != (case.expected, case.flags):
            failures.append(
                {"id": case.id, "expected": _shown(case.expected, case.flags), "got": _shown(got.text, got.flags)}
            )
    accuracy = 1 - len(failures) / len(parsed) if parsed else None
    return {"accuracy": accuracy, "n": len(parsed), "engines": [ENGINE], "failures": failures}


def _shown(text: str, flags: tuple[Flag, ...]) -> dict[str, Any]:
    return {"text": text, "flags": [flag.model_dump() for flag in flags]}
