"""The user's own replacements: whole words, the longest, once; nothing else ever changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.lexicon_builtin import builtin
from pipelines.text.replacing import replacements
from tests.support.rewritten import rewritten


def _own(phrase: str, replacement: str | None, *sounds: str) -> Entry:
    return Entry(phrase, sounds_like=sounds, replacement=replacement, own=True)


LEXICON = Lexicon(
    (
        _own("metformin", "Glucophage", "met for men"),
        _own("PE", "pulmonary embolism"),
        _own("PE protocol", "CT pulmonary angiogram"),
        _own("b.i.d.", "twice daily"),
        _own("twice daily", "2x"),
        _own("ray", "skate"),
        _own("straße", "street"),
        _own("=cmd", "command"),
        _own("apixaban", None, "a pixaban"),
    )
)


def _written(text: str, lexicon: Lexicon = LEXICON) -> str:
    return rewritten(text, replacements(text, lexicon))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Metformin and MET  for\nmen.", "Glucophage and Glucophage."),
        ("PE, PE protocol", "pulmonary embolism, CT pulmonary angiogram"),
        ("take it b.i.d. now", "take it twice daily now"),
        ("an x-ray, a ray, rays, ray's", "an x-ray, a skate, rays, ray's"),
        ("run =cmd, not cmd", "run command, not cmd"),
        ("Straße", "street"),
    ],
)
def test_whole_words_in_any_case_the_longest_first(said: str, written: str) -> None:
    assert _written(said) == written


def test_what_was_written_is_not_replaced_again() -> None:
    assert _written("b.i.d. and twice daily") == "twice daily and 2x"


def test_an_entry_without_replacement_changes_nothing() -> None:
    assert _written("a pixaban and apixaban") == "a pixaban and apixaban"


def test_builtin_entries_change_nothing() -> None:
    text = " ".join(entry.phrase for entry in builtin()) + " see diff, mersa"
    assert replacements(text, Lexicon(builtin())) == []
    assert replacements("the", Lexicon((Entry("the", replacement="teh", own=False),))) == []


def test_a_phrase_counts_before_the_same_words_as_a_sound() -> None:
    lexicon = Lexicon((_own("alpha", "1", "beta"), _own("beta", "2")))
    assert _written("alpha beta", lexicon) == "1 2"


def test_what_stands_there_already_is_no_change() -> None:
    assert replacements("Glucophage", Lexicon((_own("glucophage", "Glucophage"),))) == []


def test_letters_that_only_fold_alike_do_no_harm() -> None:
    assert replacements("ſtraße kılo İ K", Lexicon((_own("kilo", "k"), _own("strasse", "x")))) == []


PHRASE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10)


@given(st.lists(st.tuples(PHRASE, PHRASE), max_size=4), st.lists(PHRASE, max_size=6))
def test_any_entries_and_any_text(own: list[tuple[str, str]], words: list[str]) -> None:
    lexicon = Lexicon(tuple(_own(phrase, text) for phrase, text in own))
    text = " ".join([*words, *(phrase for phrase, _ in own)])
    written = _written(text, lexicon)
    if not own:
        assert written == text
