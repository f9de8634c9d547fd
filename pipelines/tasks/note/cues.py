"""What wording says about its role in a note: a sentence's own (``filing_cues.toml``), and an announcement's of what
comes after it (``announcement_cues.toml``)."""

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
_ANNOUNCEMENT: Final = re.compile(
    r"(?P<words>(?:[\w'’/-]+,? ){0,9}[\w'’/-]+) ?:|(?P<clause>(?:(?:so|and|now|okay),? )?(?:what|why|how)"
    r"(?: [\w'’/-]+){1,8}|(?:[\w'’/-]+ ){1,6}(?:like this|as follows|the following))[.?]?$"
)
"""Words before a colon, or half a sentence that can only announce: "What we are doing." """
_SHORT: Final = re.compile(r"(?P<words>(?!.* of )(?:[\w'’/-]+,? ){0,3}[\w'’/-]+) ?:")
_NAMED: Final = re.compile(
    r"(?P<words>(?:(?:and|then|next|now|so|the|my|his|her|their|patient|patient's|home|current|past|previous|present|other|recent"
    r"|today's|medical|surgical|clinical|physical|social|family|discharge|lab|laboratory|blood|suggested|proposed"
    r"|working|main|relevant),? )*"
    r"(?:(?:(?:\w+ )?(?:history|background|problems|surger(?:y|ies)|operations|medications?|meds|medicines"
    r"|symptoms|exam|examination|findings|vitals|observations|measurements|labs|bloods|tests|results|imaging|scans"
    r"|studies|investigations|assessment|impression|diagnosis|conclusion|opinion|plan|management|treatment"
    r"|recommendations|advice|instructions)(?: and |$| (?=stuff|side|part|wise|next|then|now|today))){1,2}|"
    r"(?:social|surgical|family|medical) (?=stuff|side|part|wise))(?:stuff|side|part|wise|next|then|now|today)?)"
)
"""A name that a template need not list, by itself: "home meds", "labs and imaging", "surgical stuff"."""


def role_weights(sentence: str) -> dict[str, float]:
    """How much the wording speaks for each role."""
    text = " ".join(sentence.lower().replace("’", "'").split())
    return {role: min(_MOST, sum(weight for cue, weight in cues if cue.search(text))) for role, cues in _cues().items()}


def announced_roles(sentence: str, *, in_form: bool) -> frozenset[str]:
    """The roles of what a sentence announces ("so what we agreed: ..."); none where it announces nothing.

    Args:
        in_form: whether the speaker is giving the note its form, so that a bare name ("Home meds.") is one of its
            parts.
    """
    said = " ".join(sentence.lower().replace("’", "'").split())
    found = _ANNOUNCEMENT.match(said)
    if found and (roles := _known("clauses", found["words"] or found["clause"])):
        return roles
    named = _SHORT.match(said) or _NAMED.fullmatch(said.rstrip(".,"))
    return _known("names", named["words"]) if in_form and named else frozenset()


def _known(table: str, words: str) -> frozenset[str]:
    cues = _announcing()[table].items()
    return frozenset(role for role, patterns in cues if any(pattern.search(words) for pattern in patterns))


def roles() -> frozenset[str]:
    """The roles that a template's sections may hold."""
    return frozenset(_cues())


@cache
def _cues() -> Mapping[str, tuple[tuple[re.Pattern[str], float], ...]]:
    return {
        role: tuple((re.compile(cue), _WEIGHTS[strength]) for strength, cues in strengths.items() for cue in cues)
        for role, strengths in _table("filing_cues.toml").items()
    }


@cache
def _announcing() -> Mapping[str, Mapping[str, tuple[re.Pattern[str], ...]]]:
    return {
        name: {role: tuple(map(re.compile, cues)) for role, cues in table.items()}
        for name, table in _table("announcement_cues.toml").items()
    }


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("pipelines.tasks.note").joinpath(name).read_text("utf-8"))
