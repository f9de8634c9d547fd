"""Our beam search against pyctcdecode with KenLM's own binding: another implementation, the same language model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.speech.beam import ALPHA, BETA, BeamDecoder
from pipelines.speech.beam_search import PRUNE_LOGP, TOKEN_LOGP, UNKNOWN
from pipelines.speech.ctc import spell
from pipelines.speech.language_model import LanguageModel, lm_word
from tests.support.constructed import ALPHABET, SENTENCES, flat, ids_of, peaky

TOY = Path(__file__).parents[1] / "data" / "toy-trie.kenlm"
WIDTH = len(ALPHABET.pieces)
#: The columns that pyctcdecode is given: it has no notion of ids that write nothing but the blank.
COLUMNS = [0, *range(3, WIDTH)]


def oracle(model: LanguageModel | None) -> Any:
    import kenlm
    from pyctcdecode.alphabet import Alphabet
    from pyctcdecode.decoder import BeamSearchDecoderCTC
    from pyctcdecode.language_model import LanguageModel as Theirs

    labels = ["", *(f"▁{lm_word(ALPHABET.pieces[id_] or '')}" for id_ in COLUMNS[1:])]
    theirs = model and Theirs(
        kenlm.Model(str(model.path)), list(model.words), alpha=ALPHA, beta=BETA, unk_score_offset=UNKNOWN
    )
    return BeamSearchDecoderCTC(Alphabet(labels, True), theirs)


def silent_ids_out(log_probs: NDArray[np.float32]) -> NDArray[np.float32]:
    """With the ids that write nothing as good as impossible, so that both see the same."""
    found = log_probs.copy()
    found[:, 1:3] = -60.0
    return found


def share_of_equal_texts(model: LanguageModel | None, cases: list[NDArray[np.float32]], width: int) -> float:
    ours, theirs = BeamDecoder(ALPHABET, language_model=model, width=width), oracle(model)
    equal = 0
    for log_probs in map(silent_ids_out, cases):
        text = theirs.decode(log_probs[:, COLUMNS], width, beam_prune_logp=PRUNE_LOGP, token_min_logp=TOKEN_LOGP)
        mine = spell(ours.decode(log_probs), ALPHABET)[0]
        equal += mine == text.replace(" ", "").replace("#", " ").strip()
    return equal / len(cases)


@pytest.fixture(scope="module", params=[True, False], ids=["with a language model", "without"])
def model(request: pytest.FixtureRequest) -> LanguageModel | None:
    return LanguageModel(TOY, ALPHABET) if request.param else None


@pytest.mark.parametrize("width", [8, 32])
def test_the_same_text_from_a_sure_network(model: LanguageModel | None, width: int) -> None:
    """Texts that the language model knows and such that it does not, with neighbours at every third token."""
    rng = np.random.default_rng(7)
    cases = []
    for _ in range(15):
        known = list(ids_of(str(rng.choice(SENTENCES))))
        unknown = rng.integers(4, WIDTH, 12).tolist()
        for ids in (known, unknown):
            instead = {at: {int(rng.integers(4, WIDTH)): float(rng.uniform(-1, 1))} for at in range(0, len(ids), 3)}
            cases.append(peaky(ids, WIDTH, rng, instead=instead))
    assert share_of_equal_texts(model, cases, width) == 1.0


def test_nearly_always_the_same_text_from_one_that_knows_nothing(model: LanguageModel | None) -> None:
    """Beams that score alike to the last digit are kept by the oracle in the order of a Python set."""
    rng = np.random.default_rng(8)
    assert share_of_equal_texts(model, [flat(25, WIDTH, rng) for _ in range(20)], 8) >= 0.95
