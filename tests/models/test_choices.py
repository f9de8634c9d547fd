"""Tries of tokens, without a model: a random walk stands for weights that want anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import UsageProblem
from pipelines.models.choices import Choices
from pipelines.models.generator import Slot

END = 300
_option = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n"), max_size=6)
_slots = st.lists(
    st.builds(
        Slot,
        lead=st.text(st.characters(blacklist_categories=["Cs"]), max_size=4),
        options=st.lists(st.one_of(_option, st.sampled_from(["a", "ab", "abc"])), min_size=1, max_size=5).map(tuple),
    ),
    min_size=1,
    max_size=3,
)


def _encode(text: str) -> list[int]:
    return list(text.encode())


@given(_slots, st.data())
def test_any_walk_ends_in_one_option_of_each_slot(slots: list[Slot], data: st.DataObject) -> None:
    choices = Choices(slots, _encode, END)
    written: list[int] = []
    while allowed := choices.allowed(written):
        written.append(data.draw(st.sampled_from(allowed)))
    chosen = choices.chosen(written)
    assert all(option in slot.options for option, slot in zip(chosen, slots, strict=True))
    assert written[-1] == END
    assert len(written) <= choices.most_tokens
    assert bytes(written[:-1]).decode() == choices.lines(chosen)


@given(_slots, st.data())
def test_every_option_can_be_reached(slots: list[Slot], data: st.DataObject) -> None:
    choices = Choices(slots, _encode, END)
    wanted = tuple(data.draw(st.sampled_from(slot.options)) for slot in slots)
    written: list[int] = []
    for token in [*_encode(choices.lines(wanted)), END]:
        assert token in choices.allowed(written)
        written.append(token)
    assert choices.chosen(written) == wanted
    assert choices.allowed(written) == []


def test_only_whole_lines_count() -> None:
    choices = Choices([Slot(options=("a", "ab")), Slot(options=("c",))], _encode, END)
    assert choices.chosen(_encode("a")) == ()
    assert choices.allowed(_encode("a")) == sorted(_encode("\nb"))
    assert choices.chosen(_encode("a\n")) == ("a",)


@pytest.mark.parametrize(
    ("slots", "problem"),
    [
        ([], "has no slots"),
        ([Slot(options=("a\nb",))], "more than one line"),
        ([Slot(options=("a", "A"))], "the same to the model"),
    ],
)
def test_refuses_what_cannot_be_told_apart(slots: list[Slot], problem: str) -> None:
    with pytest.raises(UsageProblem, match=problem):
        Choices(slots, lambda text: _encode(text.lower()), END)


def test_an_option_given_twice_is_one() -> None:
    assert Choices([Slot(options=("a", "a"))], _encode, END).allowed([]) == _encode("a")
