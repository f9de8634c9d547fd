"""The built-in lexicon is clean, and gives engines the terms that matter."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

import pipelines.text.lexicon_builtin as package
from pipelines.text.lexicon import CATEGORIES, Entry, Lexicon, candidates, hot_words
from pipelines.text.lexicon_builtin import builtin
from tests.support.misheard import candidate_recall, dictations

FILES = sorted(Path(package.__file__).parent.glob("*.txt"))
LEXICON = Lexicon(builtin())


def _phrase(line: str) -> str:
    return line.split("|", 1)[0].strip()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_file_is_sorted_and_clean(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    phrases = [_phrase(line) for line in lines]
    assert phrases == sorted(phrases, key=str.casefold)
    for line in lines:
        assert line == line.strip()
        assert "  " not in line
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9 .'-]*(?: \| [a-zA-Z0-9 ]+(?:, [a-zA-Z0-9 ]+)*)?", line), line


def test_no_term_stands_twice() -> None:
    phrases = [entry.phrase.casefold() for entry in builtin()]
    assert sorted(phrases) == sorted(set(phrases))


def test_it_is_as_large_as_promised() -> None:
    generic = (Path(package.__file__).parent / "drug.txt").read_text(encoding="utf-8").splitlines()
    assert len(generic) >= 1400
    assert sum(entry.category != "drug" for entry in builtin()) >= 1000
    assert {entry.category for entry in builtin()} == set(CATEGORIES)


@pytest.mark.parametrize(
    "term",
    [
        *("metformin", "tirzepatide", "empagliflozin", "apixaban", "pembrolizumab", "dolutegravir", "propofol"),
        *("quetiapine", "insulin glargine", "vincristine", "vancomycin", "hemoglobin A1c", "atelectasis"),
    ],
)
def test_it_holds_what_is_dictated_every_day(term: str) -> None:
    assert term in {entry.phrase for entry in builtin()}


def test_no_builtin_term_is_the_users_own_or_changes_text() -> None:
    assert not any(entry.own or entry.replacement for entry in builtin())


def test_drugs_come_first() -> None:
    order = [CATEGORIES.index(entry.category) for entry in builtin()]
    assert order == sorted(order)


def test_everything_is_ascii_but_for_names() -> None:
    assert all(unicodedata.is_normalized("NFC", entry.phrase) for entry in builtin())


def test_hot_words_are_the_users_own_then_drugs() -> None:
    lexicon = Lexicon((Entry("Zygon stent", own=True), Entry("fever"), Entry("apixaban", category="drug")))
    assert hot_words(lexicon, 2) == ("Zygon stent", "apixaban")
    assert hot_words(lexicon, 10) == ("Zygon stent", "apixaban", "fever")
    assert hot_words(lexicon, 0) == ()


def test_equal_lexicons_are_one_and_different_ones_are_not() -> None:
    one, same = (Lexicon((Entry("apixaban", category="drug"),)) for _ in range(2))
    assert (one, hash(one), one.digest) == (same, hash(same), same.digest)
    assert Lexicon((Entry("apixaban"),)).digest != one.digest


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("He takes met for men and list in a pril.", {"metformin", "lisinopril"}),
        ("create a nine was two", {"creatinine"}),
        ("hemoglobin a one see of nine", {"hemoglobin A1c"}),
        ("carbadol and Sacubitral Balsartin", {"sacubitril", "valsartan", "carvedilol"}),
    ],
)
def test_what_was_meant_is_among_the_candidates(text: str, meant: set[str]) -> None:
    assert meant <= {entry.phrase for entry in candidates(text, LEXICON, 10)}


def test_what_stands_there_as_written_comes_last() -> None:
    found = [entry.phrase for entry in candidates("apixaban and met for men", LEXICON, 1000)]
    assert found.index("metformin") < found.index("apixaban")
    assert found[-1] == "apixaban"


def test_the_users_own_terms_are_candidates_too() -> None:
    lexicon = Lexicon((Entry("Kowalczyk procedure", sounds_like=("cow all chick procedure",), own=True), *builtin()))
    assert candidates("a cow all check procedure was done", lexicon, 3)[0].phrase == "Kowalczyk procedure"


@pytest.mark.parametrize("text", ["", " .,; ", "a", "漢字", "1 2 3", "\x00\x1b[31m"])
def test_no_text_breaks_it(text: str) -> None:
    assert len(candidates(text, LEXICON, 5)) <= 5
    assert candidates(text, Lexicon(), 5) == ()


def test_most_misheard_terms_are_among_twenty_candidates() -> None:
    assert candidate_recall(dictations("piper"), LEXICON, 20) >= 0.88
    assert candidate_recall(dictations("espeak"), LEXICON, 20) >= 0.66
