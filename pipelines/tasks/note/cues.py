"""What a sentence's wording says about its role in a note (``filing_cues.toml``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

_WEIGHTS: Final = {"strong": 3.0, "cue": 1.5, "hint": 0.6, "against": -2.0}
_MOST: Final = 6.0
"""More cues than two strong ones say nothing new."""
_NAME: Final = re.compile(
    r"(?!(?:.*\s)?(?:is|are|was|were|be|been|has|have|had|will|would|should|can|may|did|do|does|i|we|he|she|they|it|if|to"
    r"|please|no|not|nil|denies|reports?)\b)(?:\d+[.)] )?[\w'/+?,()-]+(?: [\w'/+?,()-]+){0,7}[.]?"
)
"""The words of a sentence without a verb."""


_LONGEST_NAME: Final = 60
_SYSTEM: Final = re.compile(
    r"(?:constitutional|general|heent|head|eyes?|ears?|nose|mouth|throat|face|neck|chest|lungs?|respiratory|breasts?|heart"
    r"|cardiac|cardiovascular|vascular|abdomen|gastrointestinal|genitourinary|musculoskeletal|msk|extremities|back|spine|skin"
    r"|integumentary|neuro|neurologic(?:al)?|psych|psychiatric|endocrine|lymphatics?|hematologic(?:al)?|[,&/]|and|\s)+[.:]?"
)


def role_weights(sentence: str) -> dict[str, float]:
    """How much the wording speaks for each role."""
    text = " ".join(sentence.lower().replace("’", "'").split())
    return {role: min(_MOST, sum(weight for cue, weight in cues if cue.search(text))) for role, cues in _cues().items()}


def is_name(sentence: str) -> bool:
    """Whether a sentence only names something, as a problem: "Diabetes type 2." """
    text = " ".join(sentence.lower().replace("’", "'").split())
    return _NAME.fullmatch(text) is not None and role_weights(text)["plan"] < _WEIGHTS["strong"]


def names_system(sentence: str) -> bool:
    """Whether a sentence is the name of an organ system and nothing else: "Respiratory." """
    return len(sentence) <= _LONGEST_NAME and _SYSTEM.fullmatch(sentence.lower().strip()) is not None


def roles() -> frozenset[str]:
    """The roles that a template's sections may hold."""
    return frozenset(_cues())


@cache
def _cues() -> Mapping[str, tuple[tuple[re.Pattern[str], float], ...]]:
    return {
        role: tuple((re.compile(cue), _WEIGHTS[strength]) for strength, cues in strengths.items() for cue in cues)
        for role, strengths in _table("filing_cues.toml").items()
    }


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("pipelines.tasks.note").joinpath(name).read_text("utf-8"))
