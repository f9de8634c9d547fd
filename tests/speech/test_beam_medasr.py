"""Beam search within MedASR: the engine with a language model of its own pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import ModelNeeded
from pipelines.speech.audio import read_speech
from pipelines.speech.ctc import Alphabet
from pipelines.speech.decoding import Decoding
from pipelines.speech.language_model import lm_word
from pipelines.speech.level import correct_level
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.medasr_model import load
from pipelines.text.lexicon import Entry, Lexicon
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.arpa import write_arpa
from tests.support.constructed import ids_of, write_toy
from tests.support.tiny_medasr import Hearing

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(hearing: Hearing) -> ModelFolder:
    return ModelFolder(hearing.folder, MEDASR)


@pytest.fixture(scope="module")
def alphabet(folder: ModelFolder) -> Alphabet:
    return load(folder, 1, "cpu").alphabet


def test_what_it_hears_for_sure_stays_and_the_log_names_the_language_model(
    hearing: Hearing, folder: ModelFolder, alphabet: Alphabet, tmp_path: Path
) -> None:
    words = [lm_word(piece) for piece in alphabet.pieces if piece]
    sentences = [
        [lm_word(alphabet.pieces[id_] or "") for id_ in ids_of(one.raw, alphabet)] for one in hearing.questions
    ]
    path = write_arpa(tmp_path / "own.arpa", sentences, words)
    recognizer = MedASRRecognizer(folder, 1, "cpu", decoding=Decoding(language_model=path, hot_words=True))
    lexicon = Lexicon((Entry(phrase="potassium"), Entry(phrase="metoprolol")))
    for spoken in hearing.questions[:2]:
        samples = correct_level(read_speech(spoken.flac, spoken.flac.name).samples)[0]
        heard = recognizer.recognise(samples, lexicon=lexicon)
        assert heard.raw == spoken.raw
        assert heard.parameters["decoder"] == "beam"
        assert len(heard.parameters["language_model"]) == 64
        assert heard.parameters["hot_words"] == 2
    assert "ctc-beam-decoder" in recognizer.libraries()


def test_a_language_model_made_for_other_pieces_is_one_line(
    hearing: Hearing, folder: ModelFolder, tmp_path: Path
) -> None:
    spoken = hearing.questions[0]
    samples = correct_level(read_speech(spoken.flac, spoken.flac.name).samples)[0]
    path = write_toy(tmp_path / "other.arpa")
    with pytest.raises(ModelNeeded, match=r"^other\.arpa: is a language model made for other pieces"):
        MedASRRecognizer(folder, 1, "cpu", decoding=Decoding(language_model=path)).recognise(samples)
