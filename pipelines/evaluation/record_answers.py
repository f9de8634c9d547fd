"""Whether a result about a record states an expected answer: numbers within a tolerance, dates, sets of names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipelines.records import Result

NOT_RECORDED: Final = "NOT_RECORDED"
_DATE: Final = re.compile(r"\d{4}(?:-\d\d){0,2}(?=$|T)", re.ASCII)
#: Names of one field in the data and in the answers of the lookup.
_SAME: Final = {
    "gender": ("gender", "sex"),
    "sex": ("gender", "sex"),
    "birthdate": ("birthDate",),
    "dob": ("birthDate",),
    "deceased": ("death_recorded",),
    "alive": ("alive",),
    "n": ("count",),
    "total": ("count",),
    "value_rounded": ("value",),
}
#: Facts about the answer that are no part of it.
_ABOUT: Final = frozenset({"question_kind", "found", "looked_for", "event"})


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off: ``absolute``, or a share of it, or rounded to so many ``places``."""

    absolute: float = 0.0
    relative: float = 0.0
    places: int | None = None

    def allows(self, expected: float, got: float) -> bool:
        off = abs(expected - got)
        slack = 1e-9 * max(1.0, abs(expected))
        if off <= max(self.absolute, self.relative * abs(expected)) + slack:
            return True
        return self.places is not None and abs(round(expected, self.places) - round(got, self.places)) < slack


def tolerance(match: str) -> Tolerance:
    """What a ``match`` says: ``numeric(±0.5% or rounded to 1 decimal)+date``, ``numeric(+/-1)``, ``int``."""
    off = re.search(r"(?:±|\+/-|\+-|within)\s*(\d+(?:\.\d+)?)\s*(%|percent)?", match)
    places = re.search(r"(\d+)\s*(?:decimal|dp\b|places?)", match)
    if off is None and places is None:
        return Tolerance(relative=0.005 if "numeric" in match or "float" in match else 0.0)
    amount = float(off[1]) if off else 0.0
    relative = bool(off and off[2])
    return Tolerance(
        absolute=0.0 if relative else amount,
        relative=amount / 100 if relative else 0.0,
        places=int(places[1]) if places else None,
    )


def answers(result: Result) -> list[Mapping[str, Any]]:
    """The facts of each answer of a result; each candidate of an ambiguous name is one."""
    several = result.data.get("answers", [result.data])
    return [each for one in several for each in one.get("candidates", [one])]


def gives_a_value(result: Result) -> bool:
    """Whether anything was found, as opposed to nothing recorded, nothing understood."""
    return any(facts.get("found") for facts in answers(result))


def said(result: Result) -> str:
    """The result in one line, for a list of failures."""
    return " ".join(statement.text for statement in result.statements) or f"({result.message})"


def is_right(expected: Any, match: str, result: Result) -> bool:
    """Whether the result states ``expected``: all of it in one of its answers, or each field in one of them."""
    allowed = tolerance(match)
    facts = answers(result)
    if not result.statements:
        return False
    if isinstance(expected, Mapping):
        wanted = {key: value for key, value in expected.items() if value is not None}
        in_one = any(all(_field(key, value, one, allowed) for key, value in wanted.items()) for one in facts)
        apart = len(facts) > 1 and "candidates" not in result.data
        return in_one or (
            apart and all(any(_field(key, value, one, allowed) for one in facts) for key, value in wanted.items())
        )
    if isinstance(expected, list) and not expected:
        return not gives_a_value(result)
    if isinstance(expected, list) and _set(expected, [name for one in facts for name in _names(one)]):
        return True
    return any(_alone(expected, one, allowed) for one in facts)


def _alone(expected: Any, facts: Mapping[str, Any], allowed: Tolerance) -> bool:
    """An answer that is no object: whatever the facts state of its type."""
    match expected:
        case bool():
            return expected is _affirmed(facts)
        case int():
            counted = facts.get("count")
            return counted == expected if counted is not None else _is_stated(expected, facts, allowed)
        case list():
            return _set(expected, _names(facts))
        case _:
            return _is_stated(expected, facts, allowed)


def _field(key: str, expected: Any, facts: Mapping[str, Any], allowed: Tolerance) -> bool:
    names = _SAME.get(key.lower(), (key,))
    here = [facts[name] for name in names if name in facts]
    if isinstance(expected, Mapping):
        return all(_field(inner, value, facts, allowed) for inner, value in expected.items() if value is not None)
    if isinstance(expected, list):
        return _set(expected, _names(facts))
    if key.lower() == "alive" and "death_recorded" in facts:
        return expected is (not facts["death_recorded"])
    if here:
        return any(_equal(expected, value, allowed) for value in here)
    if isinstance(expected, bool):
        return expected is _affirmed(facts)
    return _is_stated(expected, facts, allowed)


def _affirmed(facts: Mapping[str, Any]) -> bool:
    """Whether the facts say yes to a question that wants yes or no."""
    return bool(facts.get("affirmed", facts.get("found", False)))


def _is_stated(expected: Any, facts: Mapping[str, Any], allowed: Tolerance) -> bool:
    return any(_equal(expected, value, allowed) for value in _leaves(facts))


def _equal(expected: Any, got: Any, allowed: Tolerance) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float):
        return isinstance(got, int | float) and allowed.allows(float(expected), float(got))
    if isinstance(expected, str) and isinstance(got, str):
        if _DATE.match(expected) and _DATE.match(got):
            return _DATE.match(expected)[0] == _DATE.match(got)[0]  # type: ignore[index]
        return _plain(expected) == _plain(got)
    return False


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _ABOUT:
                yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _names(facts: Mapping[str, Any]) -> list[str]:
    """The names or values that the facts list, whatever the list is called."""
    for key in ("names", "dates", "values"):
        if isinstance(facts.get(key), list):
            return [str(each) for each in facts[key]]
    return [str(facts[key]) for key in ("name",) if facts.get(key)]


def _set(expected: list[Any], got: list[str]) -> bool:
    return {_plain(str(each)) for each in expected} == {_plain(each) for each in got}


def _plain(text: str) -> str:
    plain = " ".join(text.lower().split())
    return {"mm[hg]": "mmhg", "{score}": "score", "cel": "c", "°c": "c"}.get(plain, plain)
