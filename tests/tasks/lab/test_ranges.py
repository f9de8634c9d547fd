"""Reference ranges, the flags that follow from them, and units."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tasks.lab.flags import computed_flag, disagrees, printed_flag
from pipelines.tasks.lab.ranges import Person, read_reference
from pipelines.tasks.lab.rows import Limits
from pipelines.tasks.lab.units import repaired, same_unit, ucum_of

NOBODY = Person()
WOMAN = Person("female", Decimal(45))


def limits(text: str, person: Person = WOMAN) -> tuple[str | None, str | None] | None:
    reference = read_reference(text, ".", person)
    assert reference is not None
    assert reference.text == text
    return (reference.limits.low, reference.limits.high) if reference.limits else None


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3.5-5.0", "3.5", "5.0"),
        ("(3.5 – 5.0)", "3.5", "5.0"),
        ("3.5 to 5.0 mmol/L", "3.5", "5.0"),
        ("<5", None, "5"),
        ("≥60", "60", None),
        ("> 90 mL/min/1.73m2", "90", None),
        ("up to 40", None, "40"),
        ("-2.0 - 2.0", "-2.0", "2.0"),
        ("150,000 - 400,000", "150000", "400000"),
        ("70-99 fasting", "70", "99"),
        ("Male: 13.5-17.5 Female: 12.0-15.5", "12.0", "15.5"),
        ("M 13.5-17.5 / F 12.0-15.5", "12.0", "15.5"),
        ("0-17 years: 3-6; 18-60 years: 4-7; >60 years: 5-8", "4", "7"),
        ("Adults: 0.4-4.0", "0.4", "4.0"),
        ("Deficient <20 Insufficient 20-30 Sufficient 30-100", "30", "100"),
        ("Desirable: <200", None, "200"),
    ],
)
def test_the_range_that_holds_for_the_patient(text: str, low: str | None, high: str | None) -> None:
    assert limits(text) == (low, high)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Male: 13.5-17.5 Female: 12.0-15.5", NOBODY),
        ("18-60 y: 3.5-5.0", Person("male")),
        ("Deficient: <20", WOMAN),
        ("5.0-3.5", WOMAN),
        ("3.5-5.0 first trimester", WOMAN),
        ("Not established", WOMAN),
    ],
)
def test_a_range_of_which_nobody_knows_whether_it_holds_has_no_limits(text: str, person: Person) -> None:
    assert limits(text, person) is None


def test_a_text_is_expected_where_no_number_is() -> None:
    reference = read_reference("Non-reactive", ".", NOBODY)
    assert reference is not None
    assert reference.limits == Limits(expected="Non-reactive")


@pytest.mark.parametrize(
    ("value", "comparator", "given_limits", "flag"),
    [
        ("3.4", None, Limits(low="3.5", high="5.0"), "L"),
        ("3.5", None, Limits(low="3.5", high="5.0"), "N"),
        ("5.1", None, Limits(low="3.5", high="5.0"), "H"),
        ("5", None, Limits(high="5", high_counts=False), "H"),
        ("0.5", "<", Limits(low="0.5", high="5"), "L"),
        ("5", "<", Limits(low="3", high="10"), None),
        ("5", "<", Limits(high="10"), "N"),
        ("90", ">", Limits(low="60"), "N"),
        ("90", ">", Limits(high="90"), "H"),
        ("3.4", None, Limits(), None),
    ],
)
def test_flags_follow_from_value_and_range(
    value: str, comparator: str | None, given_limits: Limits, flag: str | None
) -> None:
    assert computed_flag(value, comparator, None, given_limits) == flag  # type: ignore[arg-type]


def test_findings_are_normal_where_they_are_expected() -> None:
    assert computed_flag(None, None, "Not detected", Limits(expected="Negative")) == "N"
    assert computed_flag(None, None, "Reactive", Limits(expected="Non-reactive")) == "A"
    assert computed_flag(None, None, "Few", Limits(expected="Negative")) is None


@pytest.mark.parametrize(
    ("printed", "computed", "used", "differs"),
    [
        ("H", "H", True, False),
        ("*", "H", True, False),
        ("HH", "H", True, False),
        ("L", "H", True, True),
        ("H", "N", True, True),
        ("", "H", True, True),
        ("", "H", False, False),
        ("Final", "N", True, False),
        ("H", None, True, False),
    ],
)
def test_a_flag_that_says_otherwise_is_told(printed: str, computed: str | None, used: bool, differs: bool) -> None:
    assert disagrees(printed_flag(printed), computed, flags_are_used=used) is differs  # type: ignore[arg-type]


@given(
    st.decimals(min_value=0, max_value=1000, places=2),
    st.decimals(min_value=0, max_value=1000, places=1),
    st.decimals(min_value=0, max_value=1000, places=1),
)
def test_a_value_is_flagged_exactly_where_it_lies_outside(value: Decimal, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    reference = read_reference(f"{low} - {high}", ".", NOBODY)
    assert reference is not None
    flag = computed_flag(str(value), None, None, reference.limits)
    assert flag == ("L" if value < low else "H" if value > high else "N")


@pytest.mark.parametrize(
    ("printed", "ucum"),
    [
        ("mg/dL", "mg/dL"),
        ("mg/dl", "mg/dL"),
        ("µmol/L", "umol/L"),
        ("mcg/dL", "ug/dL"),
        ("10^9/L", "10*9/L"),
        ("x10E3/uL", "10*3/uL"),
        ("10³/µL", "10*3/uL"),
        ("K/uL", "10*3/uL"),
        ("Thousand/uL", "10*3/uL"),
        ("IU/L", "[IU]/L"),
        ("mIU/L", "m[IU]/L"),
        ("mEq/L", "meq/L"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("mm/hr", "mm/h"),
        ("/hpf", "/[HPF]"),
        ("g/24h", "g/(24.h)"),
        ("mg/L FEU", "mg/L{FEU}"),
        ("%", "%"),
        ("Test", None),
        ("H", None),
        ("mg/banana", None),
    ],
)
def test_units_to_ucum(printed: str, ucum: str | None) -> None:
    assert ucum_of(printed) == ucum


@pytest.mark.parametrize(
    ("read", "unit"),
    [
        ("mmolL", "mmol/L"),
        ("UL", "U/L"),
        ("mlU/L", "mIU/L"),
        ("U/I", "U/l"),
        ("mlU/I", "mIU/l"),
        ("9/L", "g/L"),
        ("10°/L", "10⁹/L"),
        ("10%/L", "10⁹/L"),
        # It is one, or may be several, or none.
        ("mg/dL", None),
        ("10/L", None),
        ("10%/uL", None),
        ("Test", None),
    ],
)
def test_a_unit_that_was_misread_is_told_only_where_it_can_be_one(read: str, unit: str | None) -> None:
    assert repaired(read) == unit


def test_a_unit_is_the_same_however_it_is_printed() -> None:
    assert same_unit("10*3/uL", "x10^3/µL")
    assert same_unit("MG/DL", "mg/dL")
    assert not same_unit("mg/dL", "mmol/L")
    assert not same_unit("mg/dL", None)
