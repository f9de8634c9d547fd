"""Repetition is found soon, and what only looks like it is let through."""

from __future__ import annotations

import random
import uuid
from itertools import count, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.models.loops import LoopWatch

#: Text that models write, and people read.
LEGITIMATE = {
    "rule of a table": "| Test | Result |\n|------|------|\n" + "|------" * 40 + "|\n",
    "ruler": "-" * 80 + "\n" + "=" * 80 + "\n",
    "negatives": "".join(f"- {name}: Negative\n" for name in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    "bare negatives": "Negative\n" * 40,
    "slices": "".join(f"Slice {number}: no abnormality is seen in the liver.\n" for number in range(1, 86)),
    "slices as data": "".join(f'{{"slice":{number},"finding":"none","side":"both"}},' for number in range(1, 86)),
    "one value a slice": "[" + '"absent",' * 85 + "]",
    "equal rows": "| Glucose | 5.4 | mmol/L | 3.9 - 6.1 | normal |\n" * 12,
    "no": "no no no no no no no no",
    "long id": "Patient/" + "0" * 64 + "1234567890" * 6,
    "columns": "".join(f"{name:<120}{value:>80}\n" for name, value in (("Sodium", "140"), ("Potassium", "4.1"))),
    "nested": "\n".join(" " * 4 * depth + "{" for depth in range(40)),
}


def characters(text: str) -> bool:
    return LoopWatch.of_text().add_all(text)


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_people_write_is_no_loop(name: str) -> None:
    assert not characters(LEGITIMATE[name])


@pytest.mark.parametrize(
    "text",
    [
        "The lungs are clear. " * 60,
        "The patient is stable.\n\nThe heart is of normal size, and there is no effusion on either side. " * 12,
        "Findings: " + "no " * 400,
        '{"rows":[' + '{"name":"Glucose","value":5.4,"unit":"mmol/L"},' * 30,
        '{"rows":[' + " \n" * 200,
        "Answer: " + "\t" * 300,
        "-" * 1100,
        "β-Blocker 💊 " * 90,
    ],
)
def test_a_loop_in_text_is_found(text: str) -> None:
    assert characters(text)


@given(
    st.lists(st.integers(0, 1 << 18), max_size=600),
    st.lists(st.integers(0, 1 << 18) | st.integers(0, 2), min_size=1, max_size=256),
)
@settings(max_examples=40, deadline=None)
def test_any_piece_is_found_once_it_is_there_four_times(before: list[int], piece: list[int]) -> None:
    watch = LoopWatch.of_tokens()
    watch.add_all(before)
    most = max(256, 4 * len(piece))
    assert watch.add_all(piece[index % len(piece)] for index in range(most))


@given(st.text(min_size=1, max_size=1000), st.text(max_size=500))
@settings(max_examples=25, deadline=None)
def test_any_text_is_found_once_it_is_there_often(piece: str, before: str) -> None:
    most = max(1000, 4 * len(piece))
    assert characters(before + piece * (most // len(piece)) + piece[: most % len(piece)])


@given(st.integers(0, 1000), st.integers(1, 255), st.integers(0, 1 << 17))
@settings(max_examples=25, deadline=None)
def test_what_stops_in_time_is_no_loop(seed: int, length: int, item: int) -> None:
    """Right up to the bound: one item short of it, then something else."""
    piece = random.Random(seed).sample(range(1 << 18, 1 << 19), length)
    watch = LoopWatch.of_tokens()
    most = max(256, 4 * length)
    for _ in range(3):
        assert not watch.add_all(piece[index % length] for index in range(most - 1))
        assert not watch.add_all([item, item + 1])


@given(st.permutations("abc"), st.integers(2_000, 4_000))
@settings(max_examples=10, deadline=None)
def test_text_without_repetition_is_never_a_loop(letters: list[str], length: int) -> None:
    """The ternary word of Thue and Morse, in which nothing ever stands twice in a row."""
    bits = (number.bit_count() % 2 for number in count())
    ones_between = []
    ones = 0
    next(bits)
    for bit in bits:
        if bit:
            ones += 1
        else:
            ones_between.append(ones)
            ones = 0
        if len(ones_between) == length:
            break
    assert not characters("".join(letters[ones] for ones in ones_between))


@given(st.integers(0, 1 << 30), st.integers(2, 40))
@settings(max_examples=10, deadline=None)
def test_random_text_is_no_loop(seed: int, alphabet: int) -> None:
    draw = random.Random(seed)
    assert not LoopWatch.of_tokens().add_all(draw.randrange(alphabet) for _ in range(4_000))


def test_numbered_lines_are_no_loop_however_many() -> None:
    lines = (f"Slice {number}: no abnormality. " for number in count(1))
    assert not characters("".join(islice(lines, 500)))
    draw = random.Random(1)
    ids = (f"Observation/{uuid.UUID(int=draw.getrandbits(128))}\n" for _ in range(300))
    assert not characters("".join(ids))


def test_blank_tokens_are_a_loop_though_they_differ() -> None:
    draw = random.Random(3)
    blanks = [draw.choice((1, 2, 3)) for _ in range(65)]
    watch = LoopWatch.of_tokens(lambda token: token < 10)
    assert not watch.add_all(blanks[:64])
    assert not watch.add(50)
    assert not watch.add_all(blanks[:64])
    assert watch.add(blanks[64])
    assert not LoopWatch.of_tokens().add_all(blanks)


def test_asks_once_whether_an_item_is_blank() -> None:
    asked: list[int] = []
    LoopWatch.of_tokens(lambda token: bool(asked.append(token))).add_all([1, 2, 1, 2, 3])
    assert asked == [1, 2, 3]


def test_a_loop_stays_one() -> None:
    watch = LoopWatch.of_text()
    assert not watch.looping
    assert watch.add_all("a" * 1000)
    assert watch.add("b")
    assert watch.looping
    assert watch.add_all("")
