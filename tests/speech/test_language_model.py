"""Opening a language model: that it belongs to the pieces, and what is said of one that does not or is damaged."""

from __future__ import annotations

import gzip
import lzma
import os
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import ModelNeeded
from pipelines.speech.beam import BeamDecoder
from pipelines.speech.ctc import Alphabet
from pipelines.speech.language_model import LanguageModel, lm_word
from pipelines.weights.passport import describe, write_passport
from tests.support.arpa import write_arpa, write_random_arpa
from tests.support.constructed import ALPHABET, flat, ids_of, peaky, write_toy

DATA = Path(__file__).parents[1] / "data"
BINARIES = ("toy-trie.kenlm", "toy-probing.kenlm")
WIDTH = len(ALPHABET.pieces)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_toy(tmp_path / "toy.arpa")


def opened(path: Path) -> BeamDecoder:
    return BeamDecoder(ALPHABET, language_model=LanguageModel(path, ALPHABET))


def one_line(path: Path) -> str:
    with pytest.raises(ModelNeeded) as caught:
        opened(path)
    said = str(caught.value)
    assert said.startswith(path.name)
    assert "\n" not in said
    assert len(said) < 300
    assert said.isprintable()
    return said


@pytest.mark.parametrize("name", BINARIES)
def test_text_and_binary_are_the_same_model(toy: Path, name: str) -> None:
    text, binary = LanguageModel(toy, ALPHABET), LanguageModel(DATA / name, ALPHABET)
    assert (text.is_binary, binary.is_binary) == (False, True)
    assert text.words == binary.words
    assert set(text.words) == {lm_word(piece) for piece in ALPHABET.pieces if piece} - {"<unk>"}
    decoders = [BeamDecoder(ALPHABET, language_model=model) for model in (text, binary)]
    for seed in range(20):
        log_probs = flat(30, WIDTH, np.random.default_rng(seed))
        by_text, by_binary = (decoder.decode(log_probs) for decoder in decoders)
        assert by_text == by_binary


def test_the_order_that_google_s_has_can_be_read(tmp_path: Path) -> None:
    words = [lm_word(piece) for piece in ALPHABET.pieces if piece and piece != "<unk>"]
    opened(write_random_arpa(tmp_path / "six.arpa", words, order=6, length=200))


def test_nothing_is_drawn_on_the_terminal(toy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    opened(toy)
    assert capfd.readouterr() == ("", "")


def test_a_language_model_of_words_is_refused(tmp_path: Path) -> None:
    path = write_arpa(tmp_path / "words.arpa", [["the", "left", "lung"]], [f"word{n}" for n in range(500)])
    assert "made for other pieces: it knows 0 of" in one_line(path)


def test_one_of_more_words_than_could_be_pieces_is_refused_soon(tmp_path: Path) -> None:
    one_line(write_arpa(tmp_path / "words.arpa", [], [f"word{n}" for n in range(100_000)]))


def test_one_for_another_checkpoint_s_pieces_is_refused(toy: Path) -> None:
    """Single letters are in all of them."""
    other = Alphabet((*ALPHABET.pieces[:60], *(f"▁other{n}" for n in range(40))), blank=0)
    with pytest.raises(ModelNeeded, match=r"toy.arpa: is a language model made for other pieces"):
        LanguageModel(toy, other)
    with pytest.raises(ModelNeeded, match=r"toy-trie.kenlm: is a language model made for other pieces"):
        LanguageModel(DATA / "toy-trie.kenlm", other)


def test_a_rare_piece_may_be_missing(tmp_path: Path) -> None:
    words = [lm_word(piece) for piece in ALPHABET.pieces if piece]
    path = write_arpa(tmp_path / "few.arpa", [], words[: int(len(words) * 0.95)])
    missing = set(words) - set(LanguageModel(path, ALPHABET).words)
    assert 0 < len(missing) < 10
    log_probs = peaky(ids_of("the left lung is clear {period}"), WIDTH, np.random.default_rng(0))
    assert len(opened(path).decode(log_probs)) == len(ids_of("the left lung is clear {period}"))


def test_packed_files_are_named_as_such(toy: Path) -> None:
    for name, packed in (("gzip", gzip.compress(toy.read_bytes())), ("xz", lzma.compress(toy.read_bytes()))):
        path = toy.with_name(f"lm.{name}")
        path.write_bytes(packed)
        assert one_line(path) == f"lm.{name}: is packed ({name}); unpack it first"


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\0" * 5000, bytes(range(256)) * 50, b"\\data\\\n", b"\x1f", b"text\n"]
)
def test_what_is_no_language_model(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "lm.arpa"
    path.write_bytes(data)
    one_line(path)


def test_what_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    assert "is not there" in one_line(tmp_path / "none.arpa")
    assert "cannot be read" in one_line(tmp_path)


@pytest.mark.parametrize("name", ["toy.arpa", *BINARIES])
def test_cut_anywhere_it_is_one_line(toy: Path, tmp_path: Path, name: str) -> None:
    """But for the very end: what lacks nothing but its last line break is whole."""
    whole = toy.read_bytes() if name == "toy.arpa" else (DATA / name).read_bytes()
    path = tmp_path / "cut"
    for length in range(0, len(whole) - 1, max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        one_line(path)


def test_garbled_lines_are_one_line(toy: Path) -> None:
    lines = toy.read_bytes().splitlines(keepends=True)
    for at in range(4, len(lines) - 2, 7):
        path = toy.with_name("garbled.arpa")
        path.write_bytes(b"".join([*lines[:at], b"\xff\xfe rubbish\t\t\x1b[31m\n", *lines[at + 1 :]]))
        one_line(path)


def test_its_hash_is_taken_from_the_folder_s_passport_where_that_still_holds(toy: Path) -> None:
    model = LanguageModel(toy, ALPHABET)
    own = model.sha256
    passport = describe(toy.parent, "medasr", "import")
    stated = passport.files["toy.arpa"].model_copy(update={"sha256": "f" * 64})
    write_passport(toy.parent, passport.model_copy(update={"files": {"toy.arpa": stated}}))
    assert model.sha256 == "f" * 64
    os.utime(toy, ns=(1, 1))
    assert model.sha256 == own


def test_one_that_is_not_as_it_was_installed_is_refused(toy: Path) -> None:
    write_passport(toy.parent, describe(toy.parent, "medasr", "import"))
    os.utime(toy, ns=(1, 1))
    opened(toy)
    data = bytearray(toy.read_bytes())
    data[data.rindex(b"-1") + 1] ^= 1
    toy.write_bytes(data)
    assert "is damaged (SHA-256 differs); run: assistant models pull medasr" in one_line(toy)


def test_a_file_that_changed_is_read_anew(toy: Path) -> None:
    """Decoders of one process share what KenLM has loaded."""
    said = ids_of("the left lung is clear")
    place = said.index(ids_of("lung")[0])
    log_probs = peaky(said, WIDTH, np.random.default_rng(1), instead={place: {ids_of("heart")[0]: -1.0}})
    with_lung = opened(toy).decode(log_probs)
    words = [lm_word(piece) for piece in ALPHABET.pieces if piece]
    write_arpa(toy, [["#the", "#left", "#heart", "#is", "#clear"]] * 5, words)
    assert [token.id for token in with_lung] == list(said)
    assert [token.id for token in opened(toy).decode(log_probs)] != list(said)
