"""Figures of a sentence that its sources do not hold are found, and none that they do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.figures import counts, unfounded
from pipelines.records import PageCitation, RecordCitation

SODIUM = ("2024-03-02 Sodium: 139.46 mmol/L; reference range 135 to 145", "139.456", "2024-03-02T08:05:00Z")
NUMBERS = st.decimals(min_value=0, max_value=100_000, places=3, allow_nan=False)
DAYS = st.dates()


@pytest.mark.parametrize(
    "said",
    [
        "Sodium was 139.46 mmol/L on 2024-03-02.",
        "It was 139.5 mmol/L on March 2, 2024.",
        "It was 139.456mmol/L on 2 March 2024, within 135 to 145.",
        "In March 2024 it was within its range.",
        "In 2024 it was measured once.",
        "It may be high; hemoglobin A1c and B12 were not asked for.",
    ],
)
def test_what_stands_there_may_be_said(said: str) -> None:
    assert unfounded(said, SODIUM) is None


@pytest.mark.parametrize(
    ("said", "aspect", "what"),
    [
        ("It was 140 mmol/L.", "number", "140"),
        ("It was 139 mmol/L.", "number", "139"),
        ("It was 139.4 mmol/L.", "number", "139.4"),
        ("It was -139.46 mmol/L.", "number", "-139.46"),
        ("It was 139.46 mg/dL.", "unit", "mg/dL"),
        ("It was 139.46 %.", "unit", "%"),
        ("It was taken on 2024-03-03.", "date", "2024-03-03"),
        ("It was taken in April 2024.", "date", "April 2024"),
        ("It was taken on 3 March.", "date", "3 March"),
        ("It was taken in 2023.", "number", "2023"),
        ("It was taken at 8:05.", "number", "8"),
        ("She is in stage 3.", "number", "3"),
        ("It fell over twelve months.", "number", "twelve"),
        ("It is about a hundred and forty.", "number", "hundred"),
        ("It has doubled: twice the value.", "number", "twice"),
        ("Twenty-one days later.", "number", "twenty"),
    ],
)
def test_what_does_not_is_found(said: str, aspect: str, what: str) -> None:
    found = unfounded(said, SODIUM)
    assert found is not None
    assert (found.aspect, found.said) == (aspect, what)


def test_pressures_pairs_and_thousands_are_read_as_they_are_written() -> None:
    assert unfounded("120/80 mm[Hg]", ["Blood pressure: 120/80 mmHg"]) is None
    assert unfounded("120/85 mmHg", ["Blood pressure: 120/80 mmHg"]) is not None
    assert unfounded("1200 mL", ["1,200 mL"]) is None
    assert unfounded("5 g/L", ["5 g/dL"]) is not None
    assert unfounded("2 tablets of 325 mg", ["Acetaminophen 325 MG Oral Tablet"]) is not None


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("The T-score is -2.57.", True),
        ("The T-score is −2.6.", True),
        ("The T-score is 2.57.", False),
        ("It fell by 2.57.", True),
        ("It rose by 2.57.", False),
        ("It is between 3.5 and 5.", True),
        ("It is -5.", False),
    ],
)
def test_a_sign_is_part_of_a_number_and_a_range_has_none(said: str, stands: bool) -> None:
    sources = ["T-score: -2.57 {score}", "-2.5678", "range 3.5-5"]
    assert (unfounded(said, sources) is None) is stands


def test_what_is_cited_may_be_counted() -> None:
    entry = {"attachment": "a" * 64, "path": "x", "value": "x"}
    cited = [RecordCitation(resource=f"Observation/{n}", **entry) for n in range(3)]
    reason = RecordCitation(resource="Condition/1", **entry)
    pages = [PageCitation(attachment="a" * 64, page=n, text="") for n in (1, 1, 2)]
    assert counts([*cited, reason]) == {1, 3, 4}
    assert counts(pages) == {2}
    assert unfounded("There are three values.", ["Sodium"], counts(cited)) is None
    assert unfounded("There are 3 values.", ["Sodium"], counts(cited)) is None
    assert unfounded("There are five values.", ["Sodium"], counts(cited)) is not None


@given(NUMBERS, NUMBERS, DAYS)
def test_any_number_and_date_is_borne_out_by_itself_alone(one: object, other: object, day: object) -> None:
    assert unfounded(f"It was {one} on {day}.", [str(one), str(day)]) is None
    if one != other:
        assert unfounded(f"It was {one} on {day}.", [str(other), str(day)]) is not None


@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=3))
def test_any_text_can_be_held_against_any_other(said: str, sources: list[str]) -> None:
    unfounded(said, sources)
    assert unfounded(said, [said]) is None or any(sign.isdigit() for sign in said)
