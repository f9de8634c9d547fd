"""Words in which speakers announce a part of a note (``announcement_words.toml``): which are known, which speak for a
role, and which may be findings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from pipelines.tasks.note.cues import role_weights
from pipelines.text.lexicon_builtin import builtin
from pipelines.text.ordinary import rank

Kind = Literal["role", "frame", "part", "against", "strange"]

_NAMED: Final = 2.0
_SHOWN: Final = 1.5
"""How much words of a role count, at most, and how much a turn of phrase."""
_EVERYDAY: Final = 15_000
"""Of the commonest English words; what is rarer may be a disease or a drug."""
_ENDING: Final = "(?:e|s|es|ed|d|ing)?"
_CONTRACTED: Final = re.compile(r"'(?:s|re|ve|ll|d|m)?$")


def kind_of(word: str) -> Kind:
    """What a lower-case word is to an announcement."""
    vocabulary = _vocabulary()
    for form in (_CONTRACTED.sub("", word), word):
        if vocabulary.against.fullmatch(form):
            return "against"
        if any(words.fullmatch(form) for words, _ in vocabulary.roles.values()):
            return "role"
        if vocabulary.frame.fullmatch(form):
            return "frame"
        if vocabulary.parts.fullmatch(form):
            return "part"
    parts = word.split("-")
    return "frame" if len(parts) > 1 and not {*map(kind_of, parts)} & {"against", "strange"} else "strange"


def roles_of(clause: str, words: Sequence[str]) -> dict[str, float]:
    """How much a clause of these words speaks for each role, where it does."""
    found: dict[str, float] = {}
    for role, (vocabulary, turns_of_phrase) in _vocabulary().roles.items():
        said = sum(vocabulary.fullmatch(_CONTRACTED.sub("", word)) is not None for word in words)
        shown = any(phrase.search(clause) for phrase in turns_of_phrase)
        if said or shown:
            found[role] = min(_NAMED, said) + (_SHOWN if shown else 0.0)
    return found


def may_be_finding(word: str) -> bool:
    """Whether a word may be a finding: a number, no everyday English, a term of the lexicon, or one that the wording of
    sentences is weighed by."""
    return word.isdigit() or rank(word) > _EVERYDAY or word in _terms() or any(role_weights(word).values())


@dataclass(frozen=True)
class _Vocabulary:
    frame: re.Pattern[str]
    parts: re.Pattern[str]
    against: re.Pattern[str]
    roles: Mapping[str, tuple[re.Pattern[str], tuple[re.Pattern[str], ...]]]


@cache
def _vocabulary() -> _Vocabulary:
    text = resources.files("pipelines.tasks.note").joinpath("announcement_words.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return _Vocabulary(
        frame=_any_of(table["frame"]),
        parts=_any_of(table["parts"]),
        against=_any_of(table["against"]),
        roles={
            role: (_any_of(said["words"]), tuple(map(re.compile, said["phrases"])))
            for role, said in table["roles"].items()
        },
    )


def _any_of(words: str) -> re.Pattern[str]:
    escaped = (re.escape(word).replace(r"\*", r"[\w'-]*").replace(r"\+", _ENDING) for word in words.split())
    return re.compile("|".join(escaped))


@cache
def _terms() -> frozenset[str]:
    return frozenset(entry.phrase.lower() for entry in builtin())
