"""What holds for written forms whatever the text: they fit, they settle, and they take linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.rewrite import Rewrite
from pipelines.text.written_forms import written_forms
from tests.support import spoken_numbers as spoken
from tests.support.rewritten import rewritten

KINDS = {
    "blood-pressure": "pressure one twenty over eighty",
    "level": "disc at l four l five",
    "dose": "five milligrams",
    "unit": "five percent",
    "range": "five to ten milligrams",
    "dimension": "two by three centimetres",
    "date": "on the third of may",
    "time": "at nine thirty a m",
    "age": "forty year old",
    "duration": "two week history",
    "stage": "t two n one m zero",
    "ratio": "pain eight out of ten",
    "frequency": "b i d",
    "name": "a one c",
    "number": "three pillows",
}
SHARDS = (
    *spoken.ONES,
    *spoken.TENS[2:],
    *(
        "hundred",
        "thousand",
        "point",
        "and a half",
        "over",
        "to",
        "by",
        "of",
        "the",
        "may",
        "third",
        "milligrams",
        "percent",
    ),
    *(
        "0.5",
        ".5",
        "120",
        "1,000",
        "5.0",
        "-",
        ".",
        ",",
        "/",
        " ",
        "\n",
        "{",
        "}",
        "l",
        "t",
        "n",
        "c",
        "q",
        "a m",
        "stage",
    ),
)


@pytest.mark.parametrize(("kind", "text"), KINDS.items())
def test_every_kind_is_told(kind: str, text: str) -> None:
    (rewrite,) = written_forms(text)
    assert rewrite.kind == kind


@given(st.one_of(st.text(), st.lists(st.sampled_from(SHARDS), max_size=25).map(" ".join)))
def test_any_text_is_rewritten_in_order_and_never_to_itself(text: str) -> None:
    rewrites = written_forms(text)
    rewritten(text, rewrites)
    assert all(text[one.start : one.end] != one.text for one in rewrites)


@pytest.mark.parametrize(
    "text",
    [
        "Furosemide 40 mg daily, 1.5 million units, 15,000 units, 0.125 mg and 5 to 10 mg.",
        "BP 120/80 mmHg, 98% on 2 L, 38.5°C, 72 bpm, 7.0 mmol/L, 0.1 mcg/kg/min.",
        "L4-L5 and C5-C6, T12, T2N1M0, stage IIIB, NYHA class III, type 2 diabetes, grade 2.",
        "March 3, 2025 at 9:30 am, 3 March 2025, 14:30, q8h, TID, a 45-year-old, 2-week history.",
        "3 x 4 x 2 cm, A1c 7.2%, B12, pain 8/10, 2+ edema, oriented x3, -2.5, 24-hour urine.",
        "MRN 123456, H1N1, COVID-19, 5mg, 1/2 tablet, 10-20, 3-4 days, 2019-2020, 70-4-year-old",
    ],
)
def test_what_is_written_already_stays(text: str) -> None:
    assert written_forms(text) == ()


def test_numerals_too_long_to_count_are_left() -> None:
    long = "9" * 5_000
    for text in (f"{long} milligrams", f"one in {long}", f"{long} point five", f"{long}.5 million units"):
        assert long in rewritten(text, written_forms(text))


@pytest.mark.parametrize(
    "shard",
    [
        "one ",
        "five five point ",
        "twenty one hundred ",
        "one hundred and ",
        "one to ",
        "l four ",
        "t two n one ",
        "point ",
        "a ",
        "march third ",
        "five by ",
        "1,000",
        "-",
        "stage ",
    ],
)
def test_hostile_text_takes_linear_time(shard: str) -> None:
    begun = time.process_time()
    written_forms(shard * (40_000 // len(shard)))
    # Quadratic handling of any of these takes minutes.
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "rewrites",
    [
        [Rewrite(0, 0, "x", "test")],
        [Rewrite(2, 1, "x", "test")],
        [Rewrite(0, 9, "x", "test")],
        [Rewrite(0, 2, "x", "test"), Rewrite(1, 3, "y", "test")],
        [Rewrite(2, 3, "x", "test"), Rewrite(0, 1, "y", "test")],
    ],
)
def test_rewrites_that_do_not_fit_are_refused(rewrites: list[Rewrite]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        rewritten("abcd", rewrites)
