"""Result cells: which mark is the decimal one, what is a number, what is a text, and what is neither."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tasks.lab.numbers import decimal_mark, plain_number, read_result


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["3.5", "140"], "."),
        (["3,5", "140"], ","),
        (["1,234", "5.6"], "."),
        (["1.234", "5,6"], ","),
        (["1,234", "140"], "?"),
        (["0,123"], ","),
        (["3.5", "3,5"], "?"),
        (["01.02.2024"], "?"),
    ],
)
def test_the_decimal_mark_is_told_by_numbers_that_can_only_be_read_in_one_way(texts: list[str], mark: str) -> None:
    assert decimal_mark(texts) == mark


@pytest.mark.parametrize(
    ("printed", "mark", "number"),
    [
        ("0.80", ".", "0.80"),
        ("0,80", ",", "0.80"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("1,234", "?", None),
        ("245,000", ".", "245000"),
        ("1.234,5", ",", "1234.5"),
        ("250 000", ".", "250000"),
        ("1'250", ".", "1250"),
        ("-2.5", ".", "-2.5"),
        ("−2.5", ".", "-2.5"),
        (".5", ".", "0.5"),
        ("5,2", ".", None),
        ("12.3.4", ".", None),
    ],
)
def test_numbers_keep_their_figures(printed: str, mark: str, number: str | None) -> None:
    assert plain_number(printed, mark) == number  # type: ignore[arg-type]


@given(
    st.decimals(min_value=0, max_value=999999, places=2, allow_nan=False, allow_infinity=False),
    st.sampled_from([".", ","]),
)
def test_every_number_is_read_back_as_it_was_written(value: Decimal, mark: str) -> None:
    whole, fraction = f"{value:,.2f}".split(".")
    group = "," if mark == "." else "."
    assert plain_number(f"{value:.2f}".replace(".", mark), mark) == f"{value:.2f}"  # type: ignore[arg-type]
    assert plain_number(f"{whole.replace(',', group)}{mark}{fraction}", mark) == f"{value:.2f}"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("printed", "value", "comparator", "rest"),
    [
        ("<0.5", "0.5", "<", ""),
        ("> 90", "90", ">", ""),
        ("≥ 60", "60", ">=", ""),
        ("5.2 H", "5.2", None, "H"),
        ("5.2*", "5.2", None, "*"),
        ("H 5.2", "5.2", None, "H"),
        ("5.2 mmol/L", "5.2", None, "mmol/L"),
        ("450 x10^9/L", "450", None, "x10^9/L"),
    ],
)
def test_numbers_with_what_stands_beside_them(printed: str, value: str, comparator: str | None, rest: str) -> None:
    result = read_result(printed, ".")
    assert result is not None
    assert (result.value, result.comparator, result.rest) == (value, comparator, rest)


@pytest.mark.parametrize("printed", ["Negative", "1:80", "2-5", "1+", "+1", "Not detected", "See note", "2024-03-01"])
def test_results_that_are_no_measure_stay_texts(printed: str) -> None:
    result = read_result(printed, ".")
    assert result is not None
    assert (result.value, result.text) == (None, printed)


@pytest.mark.parametrize("printed", ["1O.5", "4.48?", "12.3.4", "5,2", "69..8", "3 apples"])
def test_what_may_be_a_number_misread_is_nothing(printed: str) -> None:
    assert read_result(printed, ".") is None


@given(st.text(max_size=12))
def test_any_cell_is_read_or_refused(printed: str) -> None:
    result = read_result(printed, ".")
    if result is not None and result.value is not None:
        Decimal(result.value)
