from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Word
from pipelines.speech.ctc import PAUSE_SECONDS, Alphabet, Token, best_path, collapse, segments, spell, words
from tests.support.tiny_medasr import tiny_processor

HEAD = 512
LETTERS = Alphabet(("", None, None, "<unk>", "▁", "▁the", "▁lu", "ng", "s", "▁{", "per", "iod", "}"), blank=0)

TOKENIZER: Any = None


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_processor().tokenizer


def alphabet_of(tokenizer: Any) -> Alphabet:
    pieces = tokenizer.convert_ids_to_tokens(list(range(HEAD)))
    return Alphabet((None, None, None, *pieces[3:]), blank=0)


def moments(row: int) -> tuple[float, float]:
    return row * 0.04, row * 0.04 + 0.04


def heard(ids: list[int], alphabet: Alphabet = LETTERS, probability: float = 0.5) -> tuple[str, tuple[Word, ...]]:
    frames = np.array(ids, np.int32)
    return words(collapse(frames, np.full(len(ids), probability, np.float32), alphabet), alphabet, moments)


# Few ids, so that repeats are common; every id now and then.
paths = st.lists(st.one_of(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 40, 300]), st.integers(0, HEAD - 1)), max_size=40)


@given(paths)
def test_text_is_what_the_tokeniser_decodes_without_the_marks_of_beginning_and_end(ids: list[int]) -> None:
    tokenizer = _tokenizer()
    theirs = tokenizer.decode(ids).replace("</s>", "").replace("<s>", "").strip()
    assert heard(ids, alphabet_of(tokenizer))[0] == theirs


@given(paths, st.lists(st.floats(0.002, 1.0, width=32), min_size=40, max_size=40))
def test_words_are_slices_in_order_with_times_that_never_fall(ids: list[int], chances: list[float]) -> None:
    alphabet = alphabet_of(_tokenizer())
    probabilities = np.array(chances[: len(ids)], np.float32)
    raw, found = words(collapse(np.array(ids, np.int32), probabilities, alphabet), alphabet, moments)
    assert [word.text for word in found] == raw.split()
    at, moment = 0, 0.0
    for word in found:
        assert raw[word.raw_start : word.raw_end] == word.text
        assert word.raw_start >= at
        assert moment <= word.start <= word.end <= len(ids) * 0.04 + 1e-9
        assert min(chances) - 1e-6 <= word.confidence <= 1.0
        at, moment = word.raw_end, word.end


def _tokenizer() -> Any:
    global TOKENIZER  # noqa: PLW0603 -- hypothesis takes no fixtures of pytest's
    TOKENIZER = TOKENIZER or tiny_processor().tokenizer
    return TOKENIZER
