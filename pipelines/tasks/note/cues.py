"""What the wording of a sentence says about its role in a note (``filing_cues.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

_WEIGHTS: Final = {"strong": 3.0, "cue": 1.5, "hint": 0.6, "against": -2.0}
_MOST: Final = 6.0
"""More cues than two strong ones say nothing new."""


def role_weights(sentence: str) -> dict[str, float]:
    """How much the wording speaks for each role."""
    text = " ".join(sentence.lower().replace("’", "'").split())
    return {role: min(_MOST, sum(weight for cue, weight in cues if cue.search(text))) for role, cues in _cues().items()}


def roles() -> frozenset[str]:
    """The roles that a template's sections may hold."""
    return frozenset(_cues())


@cache
def _cues() -> Mapping[str, tuple[tuple[re.Pattern[str], float], ...]]:
    data = resources.files("pipelines.tasks.note").joinpath("filing_cues.toml").read_text("utf-8")
    return {
        role: tuple((re.compile(cue), _WEIGHTS[strength]) for strength, cues in strengths.items() for cue in cues)
        for role, strengths in tomllib.loads(data).items()
    }
