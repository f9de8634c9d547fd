"""Near misses: what was misheard is pointed at, what was said is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.lexicon_builtin import builtin
from pipelines.text.near_misses import HeardWord, NearMiss, suggest
from pipelines.text.ordinary import is_ordinary
from tests.support.misheard import dictations, found_in

LEXICON = Lexicon(builtin())


def _heard(text: str, sure: float = 0.95, doubted: dict[str, float] | None = None) -> list[HeardWord]:
    words, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        words.append(HeardWord(word, start, at, (doubted or {}).get(word.strip(".,"), sure)))
    return words


def _suggested(text: str, lexicon: Lexicon = LEXICON, **words: object) -> list[tuple[str, str]]:
    found = suggest(_heard(text, **words), lexicon)  # type: ignore[arg-type]
    return [(text[miss.start : miss.end], miss.term) for miss in found]


@pytest.mark.parametrize(
    ("text", "doubted", "expected"),
    [
        ("He takes carvidol daily.", {"carvidol": 0.6}, ("carvidol", "carvedilol")),
        ("He takes met for men now.", {"met": 0.4, "for": 0.5, "men": 0.4}, ("met for men", "metformin")),
        ("and list in a pril", {"list": 0.5, "in": 0.6, "a": 0.6, "pril": 0.3}, ("list in a pril", "lisinopril")),
        ("her create a 9 rose", {"create": 0.3, "a": 0.5, "9": 0.5}, ("create a 9", "creatinine")),
        ("Start Adorvastatin, please.", {"Adorvastatin": 0.6}, ("Adorvastatin", "atorvastatin")),
        ("The plural effusion persists.", {"plural": 0.3, "effusion": 0.8}, ("plural", "pleural")),
    ],
)
def test_what_was_misheard_is_pointed_at(text: str, doubted: dict[str, float], expected: tuple[str, str]) -> None:
    assert _suggested(text, doubted=doubted) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "He met four men for lunch.",
        "The patient takes metformin and carvedilol, and haemoglobin A1c is pending.",
        "Fevers, tremors and paresthesias were denied.",
        "I'm sure it's fine, there's no change, and we didn't see any.",
        "He is feverish and jaundiced.",
        "BP is fine, HCTZ and the MRI were discussed.",
    ],
)
def test_what_was_surely_said_is_left_alone(text: str) -> None:
    assert _suggested(text, sure=0.97) == []


def test_a_term_of_the_lexicon_is_never_taken_for_another_however_unsure() -> None:
    for entry in builtin()[::20]:
        if not is_ordinary(entry.phrase):
            assert _suggested(f"Give {entry.phrase} now", sure=0.05) == []


def test_the_same_words_are_doubted_or_not_by_how_sure_the_recogniser_was() -> None:
    assert _suggested("he met for men", sure=0.98) == []
    assert _suggested("he met for men", sure=0.4) == [("met for men", "metformin")]


def test_a_term_does_not_go_on_beyond_a_sentence() -> None:
    assert ("met. For men", "metformin") not in _suggested("he met. For men", sure=0.4)


def test_shared_words_do_not_make_two_terms_alike() -> None:
    lexicon = Lexicon((Entry("compartment syndrome", category="condition"),))
    assert _suggested("an impingement syndrome", lexicon, sure=0.5) == []
    assert _suggested("a comportment syndrome", lexicon, sure=0.5) == [("comportment syndrome", "compartment syndrome")]


def test_an_entry_of_the_users_is_found_by_how_it_sounds_and_named_as_it_is_to_be_written() -> None:
    own = Entry("Kowalczyk", sounds_like=("cow all chick",), replacement="Dr Kowalczyk", own=True)
    assert _suggested("seen by cow all check", Lexicon((own,)), sure=0.4) == [("cow all check", "Dr Kowalczyk")]


def test_punctuation_around_the_stretch_is_not_part_of_it() -> None:
    assert _suggested('on "carvidol", daily', sure=0.5) == [("carvidol", "carvedilol")]


def test_without_a_lexicon_or_words_there_is_nothing() -> None:
    assert suggest([], LEXICON) == ()
    assert suggest(_heard("carvidol", 0.1), Lexicon()) == ()


def test_what_whisper_made_of_dictated_terms() -> None:
    """Held out: the weights were fitted to other terms. Nearly every suggestion stands where a term was misheard."""
    clear, robotic = found_in(dictations("piper"), LEXICON), found_in(dictations("espeak"), LEXICON)
    assert clear.right_place >= 0.98 * clear.suggestions
    assert clear.named >= 0.68 * clear.misheard
    assert clear.placed >= 0.78 * clear.misheard
    assert robotic.right_place >= 0.94 * robotic.suggestions
    assert robotic.named >= 0.45 * robotic.misheard


WORD = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(["met", "for", "men", "create", "a", "nine", "carbadol", "•", "/", "it’s", "A1c", "pril."]),
)


@given(st.lists(st.tuples(WORD, st.floats(0, 1)), max_size=12))
def test_whatever_was_heard_suggestions_are_in_order_and_within_the_text(given_words: list[tuple[str, float]]) -> None:
    words, at = [], 0
    for text, sure in given_words:
        words.append(HeardWord(text, at, at + len(text), sure))
        at += len(text) + 1
    found = suggest(words, LEXICON)
    last = 0
    for miss in found:
        assert last <= miss.start < miss.end <= at
        assert 0 < miss.closeness <= 1
        last = miss.end
    assert all(isinstance(miss, NearMiss) for miss in found)
