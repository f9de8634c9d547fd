"""What does not fit is told with the numbers, or, where a task allows it, shown in part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.models.budget import TooLong, as_many, evenly, within
from pipelines.models.generator import Ask, Generation, Part, Words
from pipelines.models.medgemma.generator import MedGemma
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import Pictures, an_ask
from tests.support.tiny_medgemma import shared


@given(count=st.integers(1, 700), most=st.integers(1, 700))
def test_places_are_evenly_spread(count: int, most: int) -> None:
    places = evenly(count, most)
    assert list(places) == sorted(set(places))
    assert len(places) == min(count, most)
    assert set(places) <= set(range(count))
    if len(places) > 1:
        assert (places[0], places[-1]) == (0, count - 1)
        steps = [after - before for before, after in pairwise(places)]
        assert max(steps) - min(steps) <= 1


def test_slices_are_left_out_until_the_rest_fits() -> None:
    """On the real classes: a context of 4,096 tokens, and pictures of 258 with a label each."""
    generator = MedGemma(ModelFolder(shared(), MEDGEMMA), 1, "cpu", "float32")
    pictures = Pictures()
    slices = [pictures.add(seed, (8, 8)) for seed in range(22)]

    def make(places: Sequence[int]) -> Ask:
        parts: list[Part] = []
        for place in places:
            parts += [slices[place], Words(text=f"SLICE {place + 1}")]
        return an_ask(*parts, Words(text="Is there a lesion?"), max_new_tokens=4)

    with pytest.raises(TooLong) as whole:
        generator.generate(make(range(22)), pictures)
    assert pictures.asked == []
    places, generation = within(22, make, lambda ask: generator.generate(ask, pictures))
    assert whole.value.pictures_that_fit <= len(places) == 14
    assert (places[0], places[-1]) == (0, 21)
    assert pictures.asked == [slices[place].frame for place in places]
    assert generation.prompt_tokens + 4 <= 4096


def test_text_that_is_too_long_by_itself_is_refused() -> None:
    asked: list[int] = []

    def generate(ask: Ask) -> Generation:
        asked.append(len(ask.frames))
        raise TooLong("medgemma", ask, 9000 + 258 * len(ask.frames), 258 * len(ask.frames), 100, 8192)

    pictures = Pictures()
    row = [pictures.add(seed, (8, 8)) for seed in range(3)]
    with pytest.raises(TooLong, match=r"^request: is too long .* 9774 tokens \(774 of them for 3 pictures\)"):
        within(3, lambda places: an_ask(*(row[place] for place in places)), generate)
    assert asked == [3]


@given(count=st.integers(1, 300), each=st.integers(1, 90), around=st.integers(0, 900), context=st.integers(1000, 9000))
@example(count=7, each=1, around=900, context=1000)
def test_as_many_lines_as_fit_are_shown_from_the_first(count: int, each: int, around: int, context: int) -> None:
    asked: list[int] = []

    def ask(shown: int) -> str:
        asked.append(shown)
        if around + each * shown + 100 > context:
            raise TooLong("medgemma", an_ask(Words(text="x")), around + each * shown, 0, 100, context)
        return "came"

    if around + each + 100 > context:
        with pytest.raises(TooLong):
            as_many(count, ask)
        assert asked[-1] == 1
        return
    shown, came = as_many(count, ask)
    assert (shown, came) == (asked[-1], "came")
    assert 1 <= shown <= count
    assert asked == sorted(set(asked), reverse=True)
    room = (context - around - 100) // each
    assert shown >= min(count, room // 3), "much more would have fitted"


def test_where_not_one_line_fits_the_numbers_are_told() -> None:
    def ask(shown: int) -> str:
        raise TooLong("medgemma", an_ask(Words(text="x")), 9000 + shown, 0, 100, 8192)

    with pytest.raises(TooLong, match="9001 tokens"):
        as_many(40, ask)
