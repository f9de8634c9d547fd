"""FHIR JSON in one form, numbers as they stand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records.written import NotJson, NotWritable, read, write

NUMBERS = ["6.10", "0.0", "1E+2", "1e-400", "-0.50", "98765432109876543210", "1.00000000000000000001", "7"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_stays_as_it_is_written(number: str) -> None:
    assert write(read(f'{{"value": {number}}}'.encode())) == f'{{"value":{number}}}'.encode()


@given(VALUES)
def test_what_is_written_says_the_same(value: Any) -> None:
    assert json.loads(write(read(json.dumps(value).encode()))) == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal(number: Decimal) -> None:
    assert json.loads(write(read(f"[{number}]".encode())), parse_float=Decimal, parse_int=Decimal) == [number]


def test_order_and_space_make_no_difference() -> None:
    assert write(read(b'{"b": [1, 2],\n "a": "\\u00e4"}')) == write(read('{"a":"ä","b":[1,2]}'.encode()))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"NaN", b"[Infinity]", b"\xff\xfe\xfa", b"[" * 100_000, b'{"a": 01}', b"<a/>"]
)
def test_what_is_no_json(data: bytes) -> None:
    with pytest.raises(NotJson):
        read(data)


@given(st.binary(max_size=40))
def test_any_bytes_are_json_or_not(data: bytes) -> None:
    try:
        value = read(data)
        write(value)
    except (NotJson, NotWritable):
        return


@pytest.mark.parametrize("data", [b'"\\ud800"', b"[" * 400 + b"]" * 400])
def test_what_cannot_be_kept(data: bytes) -> None:
    with pytest.raises(NotWritable):
        write(read(data))
