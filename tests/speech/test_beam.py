"""Beam search on constructed posteriors: its text, its rows, its language model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.speech.align import align
from pipelines.speech.beam import BeamDecoder
from pipelines.speech.ctc import Alphabet, Token, best_path, collapse, spell
from pipelines.speech.language_model import LanguageModel
from tests.support.constructed import ALPHABET, flat, ids_of, log_softmax, peaky, write_toy

WIDTH = len(ALPHABET.pieces)


def greedy(log_probs: NDArray[np.float32], alphabet: Alphabet = ALPHABET) -> tuple[Token, ...]:
    return collapse(*best_path(np.exp(log_probs)), alphabet)


def text_of(tokens: Sequence[Token]) -> str:
    return spell(tokens, ALPHABET)[0]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    return LanguageModel(write_toy(tmp_path_factory.mktemp("lm") / "toy.arpa"), ALPHABET)


def collapsed(path: Sequence[int]) -> tuple[int, ...]:
    return tuple(id_ for id_, _ in itertools.groupby(path) if id_)


class TestAlignment:
    @given(data=st.data(), rows=st.integers(0, 8), seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=150, deadline=None)
    def test_is_the_likeliest_of_all_paths_with_this_text(self, data: st.DataObject, rows: int, seed: int) -> None:
        """Against every path that there is."""
        tokens = tuple(data.draw(st.lists(st.integers(1, 2), max_size=5)))
        log_probs = flat(rows, 3, np.random.default_rng(seed)) if rows else np.zeros((0, 3), np.float32)
        paths = [path for path in itertools.product(range(3), repeat=rows) if collapsed(path) == tokens]
        found = align(log_probs, tokens, 0)
        if not paths:
            assert found is None
            return
        assert found is not None
        scores = [float(sum(log_probs[row, id_] for row, id_ in enumerate(path))) for path in paths]
        assert found.score == pytest.approx(max(scores), abs=1e-4)
        path = [0] * rows
        for token, (first, last) in zip(tokens, found.rows, strict=True):
            path[first : last + 1] = [token] * (last + 1 - first)
        assert collapsed(path) == tokens
        assert sum(log_probs[row, id_] for row, id_ in enumerate(path)) == pytest.approx(found.score, abs=1e-4)

    @given(ids=st.lists(st.integers(4, WIDTH - 1), max_size=30), seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=50, deadline=None)
    def test_of_the_best_path_s_own_text_is_the_best_path(self, ids: list[int], seed: int) -> None:
        log_probs = peaky(ids, WIDTH, np.random.default_rng(seed))
        best = greedy(log_probs)
        found = align(log_probs, [token.id for token in best], 0)
        assert found is not None
        assert found.rows == tuple((token.first, token.last) for token in best)

    def test_a_minute_of_speech_is_aligned_token_by_token(self) -> None:
        ids = ids_of("the left lung is clear and the heart is normal {period} " * 25)
        log_probs = peaky(ids, WIDTH, np.random.default_rng(5))
        assert len(log_probs) > 1_000
        found = align(log_probs, ids, 0)
        assert found is not None
        assert [int(log_probs[first].argmax()) for first, _ in found.rows] == list(ids)


class TestBeam:
    @given(ids=st.lists(st.integers(4, WIDTH - 1), max_size=25), seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=60, deadline=None)
    def test_without_language_model_a_sure_network_is_taken_at_its_word(self, ids: list[int], seed: int) -> None:
        """Text, rows and probabilities alike."""
        log_probs = peaky(ids, WIDTH, np.random.default_rng(seed))
        found, best = BeamDecoder(ALPHABET).decode(log_probs), greedy(log_probs)
        assert [(t.id, t.first, t.last) for t in found] == [(t.id, t.first, t.last) for t in best]
        assert [t.probability for t in found] == pytest.approx([t.probability for t in best], rel=1e-4)

    @given(rows=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=60, deadline=None)
    def test_tokens_are_in_order_write_something_and_lie_within_the_rows(
        self, model: LanguageModel, rows: int, seed: int
    ) -> None:
        log_probs = flat(rows, WIDTH, np.random.default_rng(seed))
        found = BeamDecoder(ALPHABET, language_model=model, hot_words=("metoprolol", "left lung")).decode(log_probs)
        before = -1
        for token in found:
            assert ALPHABET.writes(token.id)
            assert before < token.first <= token.last < rows
            assert 0 < token.probability <= 1
            before = token.last

    def test_no_rows_are_no_tokens(self, model: LanguageModel) -> None:
        assert BeamDecoder(ALPHABET, language_model=model).decode(np.zeros((0, WIDTH), np.float32)) == ()

    def test_silence_stays_silent(self, model: LanguageModel) -> None:
        log_probs = peaky((), WIDTH, np.random.default_rng(0))
        decoder = BeamDecoder(ALPHABET, language_model=model, hot_words=("metoprolol", "clear"), hot_word_weight=50)
        assert decoder.decode(log_probs) == ()

    def test_the_language_model_turns_a_wrong_word_into_the_right_one(self, model: LanguageModel) -> None:
        said = ids_of("the left lung is clear")
        place, like = said.index(ids_of("lung")[0]), ids_of("heart")[0]
        log_probs = peaky(said, WIDTH, np.random.default_rng(1), instead={place: {like: -1.0}})
        assert text_of(greedy(log_probs)) == "the left heart is clear"
        assert text_of(BeamDecoder(ALPHABET).decode(log_probs)) == "the left heart is clear"
        with_model = BeamDecoder(ALPHABET, language_model=model).decode(log_probs)
        assert text_of(with_model) == "the left lung is clear"
        assert [token.id for token in with_model] == list(said)

    def test_the_weights_count(self, model: LanguageModel) -> None:
        said = ids_of("the left lung is clear")
        place = said.index(ids_of("lung")[0])
        log_probs = peaky(said, WIDTH, np.random.default_rng(1), instead={place: {ids_of("heart")[0]: -1.0}})
        unheard = BeamDecoder(ALPHABET, language_model=model, alpha=0.0, beta=0.0).decode(log_probs)
        assert text_of(unheard) == text_of(greedy(log_probs))

    def test_ids_that_write_nothing_count_as_blank(self) -> None:
        """What the network calls the end of a text parts tokens and is not in them."""
        scores = np.full((5, WIDTH), -9.0)
        for row, id_ in enumerate((4, 2, 4, 1, 7)):
            scores[row, id_] = 5.0
        log_probs = log_softmax(scores)
        assert [token.id for token in BeamDecoder(ALPHABET).decode(log_probs)] == [4, 4, 7]
        # Blank and end together are likelier than the token, each alone is not.
        scores = np.full((1, WIDTH), -9.0)
        scores[:, 0], scores[:, 2], scores[:, 4] = 1.0, 1.0, 1.2
        assert BeamDecoder(ALPHABET).decode(log_softmax(scores)) == ()

    def test_pieces_that_are_one_word_to_a_language_model_stay_two_pieces(self) -> None:
        alphabet = Alphabet((None, "▁", "#", "▁a", "#a", "a\u00a0", "b"), blank=0)
        for id_ in range(1, 7):
            scores = np.full((3, 7), -9.0)
            scores[0, 0] = scores[1, id_] = scores[2, 0] = 5.0
            found = BeamDecoder(alphabet).decode(log_softmax(scores))
            assert [token.id for token in found] == [id_]

    def test_names_what_decides_its_output(self, model: LanguageModel, tmp_path: Path) -> None:
        plain = BeamDecoder(ALPHABET).parameters()
        full = BeamDecoder(
            ALPHABET, width=4, language_model=model, alpha=0.7, beta=1.0, hot_words=("metoprolol", "naïve")
        ).parameters()
        assert plain["language_model"] is None
        assert "alpha" not in plain
        assert (full["beam_width"], full["alpha"], full["beta"]) == (4, 0.7, 1.0)
        assert full["language_model"] == model.sha256
        assert (full["hot_words"], full["hot_words_unspellable"]) == (2, 1)
        assert "metoprolol" not in str(full)


class TestHotWords:
    @staticmethod
    def near_miss(gap: float, seed: int = 3) -> NDArray[np.float32]:
        """Somebody says "start metoprolol daily"; the network hears "metoprokol", ``gap`` likelier."""
        said = ids_of("start metoprolol daily")
        place = said.index(ids_of("lol")[-1]) if ids_of("lol")[-1] in said else len(said) - 2
        wrong = next(i for i, piece in enumerate(ALPHABET.pieces) if piece == "ol")
        return peaky(said, WIDTH, np.random.default_rng(seed), instead={place: {wrong: -gap}})

    def test_a_hot_word_of_several_pieces_is_written_where_it_was_nearly_heard(self) -> None:
        log_probs = self.near_miss(0.6)
        plain = BeamDecoder(ALPHABET).decode(log_probs)
        assert "metoprolol" not in text_of(plain)
        found = BeamDecoder(ALPHABET, hot_words=("carvedilol", "metoprolol"), hot_word_weight=2.0).decode(log_probs)
        assert text_of(found) == "start metoprolol daily"
        assert len(ids_of("metoprolol")) > 2

    def test_not_where_it_was_less_nearly_heard(self) -> None:
        log_probs = self.near_miss(4.0)
        plain = BeamDecoder(ALPHABET).decode(log_probs)
        assert BeamDecoder(ALPHABET, hot_words=("metoprolol",), hot_word_weight=2.0).decode(log_probs) == plain
        assert "metoprolol" in text_of(
            BeamDecoder(ALPHABET, hot_words=("metoprolol",), hot_word_weight=9).decode(log_probs)
        )

    def test_a_phrase_is_a_hot_word(self) -> None:
        said = ids_of("the left lung is clear")
        place = said.index(ids_of("lung")[0])
        log_probs = peaky(said, WIDTH, np.random.default_rng(1), instead={place: {ids_of("heart")[0]: -1.0}})
        assert text_of(BeamDecoder(ALPHABET).decode(log_probs)) == "the left heart is clear"
        found = BeamDecoder(ALPHABET, hot_words=("left lung",), hot_word_weight=2.0).decode(log_probs)
        assert text_of(found) == "the left lung is clear"

    def test_hot_words_that_compete_are_judged_by_their_sound(self) -> None:
        log_probs = self.near_miss(0.6)
        heard = text_of(BeamDecoder(ALPHABET).decode(log_probs)).split()[1]
        found = BeamDecoder(ALPHABET, hot_words=("metoprolol", heard), hot_word_weight=2.0).decode(log_probs)
        assert text_of(found).split()[1] == heard

    def test_punctuation_beside_a_hot_word_stays(self) -> None:
        said = (*ids_of("left lung"), ALPHABET.pieces.index(","), *ids_of("clear {period}"))
        log_probs = peaky(said, WIDTH, np.random.default_rng(1), instead={1: {ids_of("heart")[0]: -1.0}})
        assert text_of(BeamDecoder(ALPHABET).decode(log_probs)) == "left heart, clear {period}"
        found = BeamDecoder(ALPHABET, hot_words=("lung",), hot_word_weight=2.0).decode(log_probs)
        assert text_of(found) == "left lung, clear {period}"

    def test_a_language_model_has_its_say(self, model: LanguageModel) -> None:
        """It knows that the left lung is clear; the hot word is not written against both of them."""
        said = ids_of("the left lung is clear")
        place = said.index(ids_of("lung")[0])
        pain = ids_of("pain")[0]
        log_probs = peaky(said, WIDTH, np.random.default_rng(1), instead={place: {pain: 1.0}})
        assert (
            text_of(BeamDecoder(ALPHABET, hot_words=("pain",), hot_word_weight=2.0).decode(log_probs))
            == "the left pain is clear"
        )
        found = BeamDecoder(ALPHABET, language_model=model, hot_words=("pain",), hot_word_weight=2.0).decode(log_probs)
        assert text_of(found) == "the left lung is clear"
