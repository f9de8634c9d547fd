"""Reference ranges as they are printed, and which of several holds for the patient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from pipelines.tasks.lab.numbers import COMPARATOR, Mark, comparator_of, plain_number
from pipelines.tasks.lab.rows import Limits, Reference
from pipelines.tasks.lab.units import is_unit

_DIGITS: Final = r"\d{1,3}(?:[ \u2009\u202f'’]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*|[.,]\d+"
_SEX: Final = r"males?|females?|men|women|man|woman|boys?|girls?|m|f"
_SPAN: Final = r"years?|yrs?|yr|yo|y|months?|mos?|mths?|weeks?|wks?|days?|d"
_AGE: Final = (
    rf"adults?|child(?:ren)?|infants?|newborns?|neonates?"
    rf"|(?:(?:{COMPARATOR})\s*)?\d+(?:\s*(?:-|–|to)\s*\d+)?\s*\+?\s*(?:{_SPAN})\b\.?"
    r"(?:\s*(?:old|of age|and over|and above))?|\d+\s*(?:-|–|to)\s*\d+\s*m(?=\s*:)"
)
_PHASE: Final = (
    r"(?:pre|post|peri)-?\s?menopaus(?:al|e)|(?:early |mid-?|late )?(?:follicular|luteal|ovulatory)(?: phase)?"
    r"|mid-?\s?cycle|ovulation|(?:not |non-?)?pregnan(?:t|cy)|on (?:oral )?contraceptives?"
)
_BY_VALUE: Final = (
    "desirable|optimal|normal|sufficient|sufficiency|negative|non-?diabetic|non-?reactive|recommended|target"
    "|therapeutic|immune|protective|adequate"
)
_BAD: Final = (
    "near optimal|above optimal|borderline(?: high| low)?|very high|high|low|deficient|deficiency|insufficient"
    "|insufficiency|toxic(?:ity)?|pre-?diabet(?:es|ic)|diabet(?:es|ic)|positive|equivocal|indeterminate|reactive"
    "|increased(?: risk)?|abnormal|critical|impaired|at risk|(?:low|average|moderate|intermediate|high) risk|elevated"
)
_WHO: Final = (
    rf"(?P<who>(?<![^\W\d_])(?:(?:adult\s+)?(?:{_SEX})\b(?:[\s,(]*(?:{_AGE}|{_PHASE})\)?)?|(?:{_AGE})(?:[\s,(]+(?:{_SEX})\b\)?)?"
    rf"|{_BAD}|{_BY_VALUE}))\s*[:=]?\s*\(?"
)
_ONE: Final = re.compile(
    rf"(?:{_WHO})?(?:(?P<comparator>{COMPARATOR})\s*(?P<bound>[-−]?(?:{_DIGITS}))"
    rf"|(?<![\d.,])(?P<low>[-−+]?\s?(?:{_DIGITS}))\s*(?:-|–|—|−|~|\.\.+|\bto\b)\s*(?P<high>[-−+]?\s?(?:{_DIGITS})))"
    rf"(?![\d])(?!\s*(?:{_SPAN})\b)",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"(?:n/?a|not (?:established|applicable|available|defined)|see (?:note|below|comment|report).*"
    r"|none (?:established|given)|age dependent|variable|[-–—*.]+)",
    re.IGNORECASE,
)
_OPEN_ABOVE: Final = re.compile(rf"({_DIGITS})\s*(?:and|or)\s*(?:above|over|more|higher|greater)\b", re.IGNORECASE)
_OPEN_BELOW: Final = re.compile(rf"({_DIGITS})\s*(?:and|or)\s*(?:below|under|less|lower|fewer)\b", re.IGNORECASE)
_GROWN: Final = 18
_LEAD: Final = re.compile(
    r"^(?:ref(?:erence)?\.?(?:\s*(?:range|interval))?|normal(?:\s*range)?|range)\s*[:.]\s*", re.IGNORECASE
)
#: Said of the sample, or of how the result was made, rather than of the patient: the printed range stands.
OF_SAMPLE: Final = frozenset(
    "fasting random serum plasma blood urine ref range normal reference interval calc calculated".split()
)


@dataclass(frozen=True)
class Person:
    """What ranges ask about a patient; None where the report does not say."""

    sex: Literal["female", "male"] | None = None
    years: Decimal | None = None


def read_reference(printed: str, mark: Mark, person: Person) -> Reference | None:
    """The range as printed; its limits are None where none, or more than one, could be meant."""
    text = " ".join(printed.split())
    if not text or _NOTHING.fullmatch(text):
        return Reference(text=text) if text else None
    plain = re.sub(r"([<>])\s*or\s*(?:=|equal(?:\s+to)?)", r"\1=", _LEAD.sub("", text), flags=re.IGNORECASE)
    plain = _OPEN_ABOVE.sub(r">= \1", _OPEN_BELOW.sub(r"<= \1", plain))
    plain = re.sub(r"^[(\[]\s*(.*?)\s*[)\]]$", r"\1", plain)
    found: list[Limits] = []
    for match in _ONE.finditer(plain):
        limits = _limits(match, mark)
        if limits is None:
            return Reference(text=text)
        found.append(limits)
    if not found:
        words = plain.split()
        is_text = len(words) <= 4 and not any(character.isdigit() for character in plain)
        return Reference(text=text, limits=Limits(expected=plain) if is_text else None)
    if len(found) == 1 and found[0].for_whom is None:
        return Reference(text=text, limits=found[0] if _nothing_else(_ONE.sub(" ", plain)) else None)
    fitting = [limits for limits in found if _fits(limits.for_whom, person)]
    # All others are for somebody else, or say what another value would mean.
    if any(_unsure(limits.for_whom, person) for limits in found) or len(fitting) != 1:
        return Reference(text=text, others=tuple(found))
    return Reference(text=text, limits=fitting[0], others=tuple(found) if len(found) > 1 else ())


def is_range(text: str) -> bool:
    """Whether it is limits that a number can lie between, whatever its decimal mark."""
    found = [read_reference(text, mark, Person()) for mark in (".", ",")]
    return any(each and each.limits and (each.limits.low or each.limits.high) for each in found)


def _limits(match: re.Match[str], mark: Mark) -> Limits | None:
    who = match["who"].strip(" ,(") if match["who"] else None
    if match["comparator"]:
        bound = plain_number(match["bound"], mark)
        if bound is None:
            return None
        comparator = comparator_of(match["comparator"])
        counts = comparator in ("<=", ">=")
        if comparator in ("<", "<="):
            return Limits(high=bound, high_counts=counts, for_whom=who)
        return Limits(low=bound, low_counts=counts, for_whom=who)
    low = plain_number(match["low"].replace(" ", "") if match["low"][0] in "-−+" else match["low"], mark)
    high = plain_number(match["high"].replace(" ", "") if match["high"][0] in "-−+" else match["high"], mark)
    if low is None or high is None or Decimal(low) > Decimal(high):
        return None
    return Limits(low=low, high=high, for_whom=who)


def _nothing_else(rest: str) -> bool:
    """Whether what stands beside the range is a unit or says nothing about whom it is for."""
    words = [word for word in re.sub(r"[(),;:]", " ", rest).split() if word.lower() not in OF_SAMPLE]
    return is_unit(" ".join(words)) or all(is_unit(word) or not any(map(str.isalnum, word)) for word in words)


def _fits(who: str | None, person: Person) -> bool:
    """Whether the range is for this patient, or names the normal one among those that say what a value means."""
    if who is None:
        return True
    if re.fullmatch(_BY_VALUE, who, re.IGNORECASE):
        return True
    if re.fullmatch(_BAD, who, re.IGNORECASE):
        return False
    sex, age = _sex_of(who), _age_of(who)
    if sex not in (None, person.sex):
        return False
    return age is None or (person.years is not None and _within(age, person.years))


def _unsure(who: str | None, person: Person) -> bool:
    """Whether the range may be for this patient, for all that is known."""
    if who is None:
        return False
    sex, age = _sex_of(who), _age_of(who)
    if sex is not None and person.sex is not None and sex != person.sex:
        return False
    if re.search(_PHASE, who, re.IGNORECASE):
        return True
    if age is not None and person.years is not None and not _within(age, person.years):
        return False
    return (sex is not None and person.sex is None) or (age is not None and person.years is None)


def _sex_of(who: str) -> Literal["female", "male"] | None:
    # Behind a number an m says months.
    words = set(re.findall(r"[a-z]+", re.sub(r"\d\s*m\b", "", who.lower())))
    if words & {"female", "females", "women", "woman", "girl", "girls", "f"}:
        return "female"
    return "male" if words & {"male", "males", "men", "man", "boy", "boys", "m"} else None


def _age_of(who: str) -> tuple[Decimal, Decimal] | None:
    """Least and greatest age in years; the greatest is not reached any more where it was said with "<"."""
    text = who.lower()
    if "adult" in text and not re.search(r"\d", text):
        return Decimal(18), Decimal(200)
    if re.search(r"child|infant|newborn|neonate", text):
        return Decimal(0), Decimal("17.999")
    found = re.search(rf"({COMPARATOR})?\s*(\d+)(?:\s*(?:-|–|to)\s*(\d+))?\s*(\+)?\s*({_SPAN}|m)\b(.*)", text)
    if found is None:
        return None
    per_year = {"y": 1, "m": 12, "w": 52, "d": 365}[found[5][0]]
    first = Decimal(found[2]) / per_year
    if found[3]:
        return first, (Decimal(found[3]) + Decimal("0.999")) / per_year
    if found[1]:
        comparator = comparator_of(found[1])
        if comparator in (">", ">="):
            # Of grown people whole years are meant: 60 and a half is not over 60 beside "18-60 years".
            return first + (Decimal("0.999") if comparator == ">" and first >= _GROWN else 0), Decimal(200)
        return Decimal(0), first - (Decimal("0.001") if comparator == "<" else 0)
    if found[4] or "over" in found[6] or "above" in found[6]:
        return first, Decimal(200)
    return first, first + Decimal("0.999")


def _within(age: tuple[Decimal, Decimal], years: Decimal) -> bool:
    return age[0] <= years <= age[1]
