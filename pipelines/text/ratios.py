"""Blood pressures and other numbers over numbers: "one twenty over eighty", "three over six", "eight out of ten"."""

from __future__ import annotations

from typing import Final

from pipelines.text import numbers, units
from pipelines.text.nouns import TIMES
from pipelines.text.numbers import Number
from pipelines.text.tokens import Found, Tokens

_OVER: Final = frozenset({"over", "slash", "/"})
_ACUITIES: Final = frozenset(
    {10, 13, 15, 16, 20, 25, 30, 32, 40, 50, 60, 63, 70, 80, 100, 125, 150, 160, 200, 400, 800}
)
_METRIC_ACUITIES: Final = frozenset({4, 5, 6, 9, 12, 18, 24, 36, 60})
_SIGHT: Final = frozenset("vision acuity eye eyes snellen od os ou visual".split())
_SCALES: Final = {
    5: frozenset("strength power motor muscle extremities limbs grip".split()),
    6: frozenset("murmur systolic diastolic holosystolic pansystolic".split()),
    10: frozenset("pain score scale severity apgar vas discomfort".split()),
    15: frozenset("gcs coma glasgow".split()),
    30: frozenset("mmse moca mini-mental cognitive".split()),
}
_ONE_OF: Final = frozenset("this that the each every no any another which only single first last right left".split())
_PLUS: Final = frozenset(
    """
    pitting edema oedema pulses pulse reflexes reflex bilateral bilaterally dorsalis radial femoral pedal posterior
    protein blood ketones glucose leukocytes and symmetric symmetrical throughout in at patellar achilles
    """.split()
)


def read(tokens: Tokens, index: int) -> Found | None:
    return _pressure(tokens, index) or _fraction(tokens, index) or _one_in(tokens, index) or _graded(tokens, index)


def _pressure(tokens: Tokens, index: int) -> Found | None:
    upper = _whole(tokens, index)
    if upper is None:
        return None
    prefix = ""
    if tokens.key(upper.end) == "to" and (higher := _whole(tokens, upper.end + 1)):
        prefix = f"{upper.digits} to "
        if upper.value >= higher.value:
            return None
        upper = higher
    lower = _lower(tokens, upper.end)
    if lower is None or not (50 <= upper.value <= 300 and 20 <= lower.value <= 200 and upper.value > lower.value):
        return None
    if prefix and not 50 <= int(prefix.split()[0]) <= 300:
        return None
    if numbers.crowded(tokens, index, upper.end) or numbers.crowded(tokens, upper.end + 1, lower.end):
        return None
    end, unit = lower.end, ""
    if (found := units.read(tokens, lower.end)) is not None:
        if found.text.strip() != "mmHg":
            return None
        end, unit = found.end, found.text
    if tokens.joined(end) in TIMES or not tokens.free(index, end):
        return None
    return Found(end, f"{prefix}{upper.digits}/{lower.digits}{unit}", "blood-pressure")


def _lower(tokens: Tokens, index: int) -> Number | None:
    """The number after "over"."""
    if tokens.key(index) not in _OVER or not tokens.key(index + 1):
        return None
    return _whole(tokens, index + 1)


def _whole(tokens: Tokens, index: int) -> Number | None:
    number = numbers.read_pair(tokens, index) or numbers.read(tokens, index)
    return number if number and number.whole else None


def _fraction(tokens: Tokens, index: int) -> Found | None:
    part = _whole(tokens, index)
    if part is None or part.pair:
        return None
    if tokens.follows(part.end, ("out", "of")):
        whole = numbers.read(tokens, part.end + 2)
        spoken_out = True
    else:
        whole = _lower(tokens, part.end)
        spoken_out = False
    if whole is None or not whole.whole or not tokens.free(index, whole.end):
        return None
    if numbers.crowded(tokens, index, part.end) or numbers.crowded(tokens, whole.end - 1, whole.end):
        return None
    if tokens.joined(whole.end) in TIMES or not _is_scale(tokens, index, int(part.value), int(whole.value), spoken_out):
        return None
    return Found(whole.end, f"{part.digits}/{whole.digits}", "ratio")


def _is_scale(tokens: Tokens, index: int, part: int, whole: int, spoken_out: bool) -> bool:
    if not spoken_out and part == 20:
        return whole in _ACUITIES
    if not spoken_out and part == 6 and whole in _METRIC_ACUITIES:
        return tokens.near(index, _SIGHT)
    if part > whole:
        return False
    return (spoken_out and whole == 10) or tokens.near(index, _SCALES.get(whole, frozenset()), ahead=8)


def _one_in(tokens: Tokens, index: int) -> Found | None:
    """ "One in four"."""
    if tokens[index].key != "one" or tokens.key(index + 1) != "in" or tokens.before(index) in _ONE_OF:
        return None
    many = numbers.read(tokens, index + 2)
    if many is None or not many.whole or many.value < 3 or not tokens.free(index, many.end):
        return None
    follows = tokens.joined(many.end)
    if follows in TIMES or follows in units.STARTS or numbers.crowded(tokens, index + 2, many.end):
        return None
    if numbers.crowded(tokens, index, index + 1):
        return None
    return Found(many.end, f"1 in {numbers.grouped(many.digits)}", "ratio")


def _graded(tokens: Tokens, index: int) -> Found | None:
    """ "Two plus pitting edema"."""
    grade = numbers.ONES.get(tokens[index].key, 0)
    if not 1 <= grade <= 4 or tokens.key(index + 1) != "plus" or not tokens.free(index, index + 2):
        return None
    if numbers.is_numeric(tokens.before(index)):
        return None
    follows = tokens[index + 2]
    if follows.glue != " " or follows.key in _PLUS:
        return Found(index + 2, f"{grade}+", "number")
    return None
