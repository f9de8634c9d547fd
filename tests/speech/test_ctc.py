from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.records import Word
from pipelines.speech.ctc import PAUSE_SECONDS, Alphabet, Token, best_path, collapse, segments, spell, words
from pipelines.speech.posteriors import softmax
from tests.support.tiny_medasr import tiny_processor

HEAD = 512
THE, LU, NG, SPACE, BRACE, PER, IOD, CLOSE, UNKNOWN, END = 5, 6, 7, 4, 8, 9, 10, 11, 3, 2
FEW = Alphabet((None, None, None, "<unk>", "▁", "▁the", "▁lu", "ng", "▁{", "per", "iod", "}"), blank=0)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_processor().tokenizer


@pytest.fixture(scope="module")
def alphabet(tokenizer: Any) -> Alphabet:
    return Alphabet((None, None, None, *tokenizer.convert_ids_to_tokens(list(range(3, HEAD)))), blank=0)


def moments(row: int) -> tuple[float, float]:
    return row * 0.04, row * 0.04 + 0.04


def frames(ids: list[int]) -> NDArray[np.int32]:
    return np.array(ids, np.int32)


def heard(ids: list[int], probabilities: list[float] | None = None) -> tuple[str, tuple[Word, ...]]:
    known = np.array(probabilities or [0.5] * len(ids), np.float32)
    return words(collapse(frames(ids), known, FEW), FEW, moments)


# Few ids, so that repeats are common, and every id now and then.
paths = st.lists(st.one_of(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 40, 300]), st.integers(0, HEAD - 1)), max_size=40)


@given(ids=paths)
def test_text_is_what_the_tokeniser_decodes_without_its_marks_of_beginning_and_end(
    tokenizer: Any, alphabet: Alphabet, ids: list[int]
) -> None:
    theirs = tokenizer.decode(ids).replace("</s>", "").replace("<s>", "").strip()
    tokens = collapse(frames(ids), np.ones(len(ids), np.float32), alphabet)
    assert spell(tokens, alphabet)[0] == theirs


@given(ids=paths, chances=st.lists(st.floats(0.0625, 1.0, width=32), min_size=40, max_size=40))
def test_words_are_slices_in_order_with_times_that_never_fall(
    alphabet: Alphabet, ids: list[int], chances: list[float]
) -> None:
    tokens = collapse(frames(ids), np.array(chances[: len(ids)], np.float32), alphabet)
    raw, found = words(tokens, alphabet, moments)
    assert [word.text for word in found] == raw.split()
    at, moment = 0, 0.0
    for word in found:
        assert raw[word.raw_start : word.raw_end] == word.text
        assert word.raw_start >= at
        assert moment <= word.start < word.end <= len(ids) * 0.04 + 1e-9
        assert 0.0624 <= word.confidence <= 1.0
        at, moment = word.raw_end, word.end


def test_runs_become_one_token_and_a_blank_parts_two() -> None:
    tokens = collapse(frames([0, LU, LU, NG, 0, NG, NG, END]), np.linspace(0.1, 0.8, 8, dtype=np.float32), FEW)
    assert [(token.id, token.first, token.last) for token in tokens] == [(LU, 1, 2), (NG, 3, 3), (NG, 5, 6)]
    assert [token.probability for token in tokens] == pytest.approx([0.3, 0.4, 0.7])


def test_only_blanks_and_marks_say_nothing() -> None:
    for ids in ([], [0], [0, 0, 2, 0, 1], [SPACE, 0, SPACE, 2]):
        assert heard(ids) == ("", ())
    assert segments(()) == ()


def test_ids_beyond_the_alphabet_write_nothing() -> None:
    assert heard([THE, 12, 600, -1, LU, NG])[0] == "the lung"


def test_commands_of_ordinary_pieces_and_the_unknown_stay_verbatim() -> None:
    raw, found = heard([THE, 0, LU, NG, BRACE, PER, IOD, CLOSE, 0, SPACE, UNKNOWN, END])
    assert raw == "the lung {period} <unk>"
    assert [word.text for word in found] == ["the", "lung", "{period}", "<unk>"]


def test_a_word_lasts_from_its_first_piece_to_its_last() -> None:
    _, (the, lung) = heard([0, SPACE, 0, THE, THE, 0, LU, 0, 0, NG, 0, SPACE])
    assert (the.start, the.end) == (moments(3)[0], moments(4)[1])
    assert (lung.start, lung.end) == (moments(6)[0], moments(9)[1])


def test_confidence_is_the_geometric_mean_over_a_words_pieces_at_their_best() -> None:
    _, (the, lung) = heard([THE, THE, 0, LU, NG, NG, 0], [0.2, 0.9, 0.1, 0.5, 0.3, 0.8, 0.1])
    assert the.confidence == pytest.approx(0.9)
    assert lung.confidence == pytest.approx((0.5 * 0.8) ** 0.5)


def test_a_piece_with_a_space_inside_belongs_to_both_words() -> None:
    odd = Alphabet((None, "▁a▁b", "c"), blank=0)
    raw, found = words((Token(2, 0, 0, 0.9), Token(1, 1, 1, 0.4)), odd, moments)
    assert raw == "c a b"
    assert [(word.text, word.start, word.end) for word in found[1:]] == [("a", 0.04, 0.08), ("b", 0.08, 0.08)]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 30.0, 3000.0]))
def test_the_best_path_has_the_probabilities_of_a_softmax(seed: int, size: float) -> None:
    logits = np.random.default_rng(seed).standard_normal((7, 20)).astype(np.float32) * np.float32(size)
    ids, probabilities = best_path(softmax(logits))
    exact = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    assert ids.tolist() == logits.argmax(axis=1).tolist()
    assert probabilities == pytest.approx(exact.max(axis=1), rel=1e-5)
    assert (probabilities <= 1).all()


def test_flatter_logits_are_less_sure_of_the_same_words() -> None:
    logits = np.random.default_rng(1).standard_normal((60, len(FEW.pieces))).astype(np.float32) * 4
    said = []
    for flatness in (1.0, 2.0, 8.0):
        ids, probabilities = best_path(softmax(logits / np.float32(flatness)))
        said.append(words(collapse(ids, probabilities, FEW), FEW, moments))
    assert said[0][0] == said[1][0] == said[2][0] != ""
    for sharp, flat in pairwise(said):
        assert all(a.confidence > b.confidence for a, b in zip(sharp[1], flat[1], strict=True))


def test_segments_part_where_the_speaker_pauses() -> None:
    blanks = [0] * round(PAUSE_SECONDS / 0.04)
    _, found = heard([THE, LU, NG, *blanks, 0, THE, *blanks[:-1], LU])
    first, second = segments(found)
    assert [word.text for word in first.words] == ["the", "lung"]
    assert [word.text for word in second.words] == ["the", "lu"]
    assert (first.start, first.end) == (found[0].start, found[1].end)
    assert (second.start, second.end) == (found[2].start, found[3].end)
