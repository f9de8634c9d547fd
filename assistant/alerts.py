"""Changes of a few words that may turn the meaning of a clinical sentence: numbers, units, negations, sides, opposites.

The lists are short on purpose and know English only: a change that raises no alert may matter all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

from assistant.wording import Change, word_changes
from pipelines.records import Value

Kind = Literal["number", "unit", "frequency", "negation", "side", "opposite"]


class Alert(Value):
    """``before`` gave way to ``after``; one of them is empty where such a word came or went."""

    kind: Kind
    before: str
    after: str


_NUMBERS: Final = MappingProxyType(
    {
        word: str(n)
        for n, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
    }
    | {"once": "1", "twice": "2", "thrice": "3", "single": "1", "double": "2", "half": "0.5", "hundred": "100"}
)
_NEGATIONS: Final = frozenset(
    "no not none non without never neither nor cannot absent absence negative deny denies denied denying free except"
    " unlikely resolved excluded".split()
)
_UNITS: Final = frozenset(
    "mg mcg µg ug ng pg g kg ml l dl µl mmol µmol nmol pmol meq iu u unit units mm cm m ms mmhg bpm hz gy cgy % ° c f"
    " milligram milligrams microgram micrograms gram grams percent"
    " second seconds minute minutes hour hours h day days week weeks month months year years".split()
)
_FREQUENCIES: Final = frozenset(
    "daily nightly hourly weekly monthly yearly bid tid qid qd qod qhs prn morning noon evening bedtime".split()
)
_SIDES: Final = frozenset(
    "left right bilateral bilaterally unilateral unilaterally both ipsilateral contralateral upper middle lower medial"
    " lateral anterior posterior proximal distal superior inferior apical basal".split()
)
_OPPOSITES: Final = tuple(
    frozenset(group.split())
    for group in (
        "normal abnormal",
        "positive negative",
        "present absent",
        "increase increases increased decrease decreases decreased",
        "elevated reduced",
        "high low",
        "higher lower",
        "acute chronic",
        "benign malignant",
        "stable unstable",
        "improved worsened",
        "improving worsening",
        "better worse",
        "larger smaller",
        "small moderate large",
        "mild moderate severe",
        "start stop",
        "started stopped",
        "continue discontinue stop",
        "systolic diastolic",
        "before after",
        "likely unlikely",
        "safe unsafe",
        "contraindicated indicated",
    )
)
_PREFIXES: Final = re.compile(r"(?P<prefix>hypo|hyper|brady|tachy)(?P<stem>\w{3,})")


def alerts_of(before: str, after: str) -> tuple[Alert, ...]:
    """What to look at in a statement that changed, each once, in the order of the text."""
    return tuple(dict.fromkeys(_alerts(before, after)))


def _alerts(before: str, after: str) -> Iterator[Alert]:
    for change in word_changes(before, after):
        for kind, belongs in _KINDS.items():
            old, new = ([word for word in side if belongs(word)] for side in change)
            if list(map(_value, old)) != list(map(_value, new)):
                yield Alert(kind=kind, before=" ".join(old), after=" ".join(new))
        yield from _opposites(change)


def _opposites(change: Change) -> Iterator[Alert]:
    for old in change.before:
        for new in change.after:
            if old != new and (any(old in group and new in group for group in _OPPOSITES) or _turned(old, new)):
                yield Alert(kind="opposite", before=old, after=new)


def _turned(old: str, new: str) -> bool:
    """``hypokalemia`` and ``hyperkalemia``."""
    one, other = _PREFIXES.fullmatch(old), _PREFIXES.fullmatch(new)
    return one is not None and other is not None and one["stem"] == other["stem"] and one["prefix"] != other["prefix"]


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in _NUMBERS


def _is_negation(word: str) -> bool:
    return word in _NEGATIONS or word.endswith(("n't", "n’t"))


_KINDS: Final[Mapping[Kind, Callable[[str], bool]]] = MappingProxyType(
    {
        "number": _is_number,
        "unit": _UNITS.__contains__,
        "frequency": _FREQUENCIES.__contains__,
        "negation": _is_negation,
        "side": _SIDES.__contains__,
    }
)


def _value(word: str) -> str:
    """Numbers by what they are worth: ``two`` is ``2``, ``5.0`` is ``5``. Other words as they are."""
    if not _is_number(word):
        return word
    digits = _NUMBERS.get(word, word.replace(",", ""))
    try:
        return f"{float(digits):g}" if len(digits) < 15 else digits
    except ValueError:
        return digits
