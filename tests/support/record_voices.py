"""Ways in which people ask about a record, from ``tests/data/record_wordings``: one file for each voice.

A voice is ``{"askers", "dates", "names", "wordings"}``: who they are, the ways they say dates, the files of ``names/``
that have what they call things, and what they ask, by category. What ``names/common.json`` has is said by those whose
own names lack it. Keys of the names are LOINC codes (analytes) or words that the recorded name holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

_FOLDER: Final = Path(__file__).parents[1] / "data" / "record_wordings"
_COMMON: Final = "common"
Table = Literal["analytes", "drugs", "vaccines", "procedures", "conditions"]
Names = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Voice:
    askers: str
    dates: tuple[str, ...]
    names: tuple[Names, ...]
    wordings: Mapping[str, Sequence[str]]


def voices() -> tuple[str, ...]:
    """The names of all voices, in the order of the alphabet."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


@cache
def voice(name: str) -> Voice:
    held = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    names = tuple(_names(each) for each in held["names"])
    return Voice(held["askers"], tuple(held["dates"]), names, held["wordings"])


@cache
def _names(name: str) -> Names:
    own: Names = json.loads((_FOLDER / "names" / f"{name}.json").read_text(encoding="utf-8"))
    if name == _COMMON:
        return own
    return {table: {**common, **own.get(table, {})} for table, common in _names(_COMMON).items()}
