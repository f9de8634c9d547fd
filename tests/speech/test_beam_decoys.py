"""Hot words must not put words into a text that nobody spoke. The measure of that, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.speech.beam import HOT_WORD_WEIGHT
from pipelines.speech.language_model import LanguageModel
from tests.support.constructed import ALPHABET
from tests.support.decoys import invented_rate

SURE = (0.65, 0.99)
TOY = Path(__file__).parents[1] / "data" / "toy-trie.kenlm"


@pytest.mark.parametrize("weight", [0.0, HOT_WORD_WEIGHT])
def test_no_hot_word_is_invented_where_the_network_is_two_thirds_sure(weight: float) -> None:
    assert invented_rate(weight, SURE, rounds=5) == 0.0


def test_nor_with_a_language_model() -> None:
    assert invented_rate(HOT_WORD_WEIGHT, SURE, LanguageModel(TOY, ALPHABET), rounds=5) == 0.0


def test_the_measure_sees_what_a_heavy_weight_does() -> None:
    light, heavy = invented_rate(3.0, SURE, rounds=3), invented_rate(8.0, SURE, rounds=3)
    assert 0 < light < heavy
    assert heavy > 0.3
