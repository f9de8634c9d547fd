"""What a second hearing may change: the words that differ, where they sound alike, and where the sound bears it out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech.audio import read_speech
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.second_hearing import Spelt, alternatives, applied, proposals, spelt
from pipelines.speech.whisper import WhisperRecognizer
from pipelines.speech.whisper_model import WhisperModel
from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.lexicon_builtin import builtin
from tests.support.spoken import DECOYS, DICTATION, recording

SAMPLES = Path(__file__).parents[2] / "samples" / "recordings"
LEXICON = Lexicon(builtin())


def _tokens(text: str) -> tuple[int, ...]:
    return tuple(map(ord, text))


def _words(text: str) -> tuple[Spelt, ...]:
    return spelt([(f" {word}", _tokens(f" {word}")) for word in text.split()])


def _changed(first: str, second: str, lexicon: Lexicon = LEXICON) -> tuple[str, list[str]]:
    """The first text with every proposal in it, and the kind of each."""
    words = _words(first)
    found = proposals(words, _words(second), lexicon, _tokens)
    return "".join(map(chr, applied(words, found))).strip(), [proposal.kind for proposal in found]


def test_a_term_takes_the_place_of_the_words_that_sound_like_it() -> None:
    changed = _changed("I would add spinal act on 25 mg.", "I would add spironolactone 25 mg.")
    assert changed == ("I would add spironolactone 25 mg.", ["name"])


def test_of_a_long_difference_only_the_term_is_proposed() -> None:
    first, second = "The bell tired unmet from in now.", "The spell tarded metformin cow."
    assert _changed(first, second) == ("The bell tired metformin now.", ["name"])


def test_two_terms_in_one_difference_are_two_proposals() -> None:
    changed = _changed("He had closterdeoids difus alcolitis.", "He had Clostridioides difficile colitis.")
    assert changed[0].endswith("colitis.")
    assert set(changed[1]) == {"term"}


def test_the_users_own_terms_are_names() -> None:
    lexicon = Lexicon((Entry("Quillmark protocol", own=True),))
    assert _changed("the quill mark proto call", "the Quillmark protocol", lexicon)[1] == ["name"]


def test_a_misspelt_term_is_proposed_as_the_lexicon_spells_it() -> None:
    changed = _changed("Give man-cum-ice in now.", "Give mancomycin, now.")
    assert changed == ("Give vancomycin now.", ["name"])


def test_a_word_that_is_none_is_put_in_question_even_if_both_hearings_have_it() -> None:
    same = "We will double her dose of furosmide, and repeat it."
    assert _changed(same, same) == ("We will double her dose of furosemide, and repeat it.", ["name"])


def test_terms_alike_are_alternatives() -> None:
    first = _words("He takes oxocotum, daily.")
    (proposal,) = proposals(first, _words("He takes OxyContin daily."), Lexicon((Entry("OxyContin"),)), _tokens)
    lexicon = Lexicon((Entry("OxyContin", category="drug"), Entry("oxycodone", category="drug"), Entry("heparin")))
    others = alternatives(first, proposal, lexicon, _tokens)
    assert ["".join(map(chr, applied(first, (other,)))) for other in others] == [" He takes oxycodone, daily."]
    assert others[0].kind == "name"


def test_the_punctuation_stays() -> None:
    changed = _changed("There is no pneumothorex. Impression.", "There is no pneumothorax, impression.")
    assert changed == ("There is no pneumothorax. Impression.", ["term"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("He was well.", "He was well on metformin."),
        ("He was well on metformin today.", "He was well."),
        ("She has a cough and a fever.", "She has a cough and a femur."),
        ("The tonsils are red.", "The tonsil are red."),
        ("The liver shows ketosis.", "The liver shows etosis."),
        ("One two three.", "Warfarin."),
        ("He is well.", "He is well!"),
        ("", "Metformin."),
        ("Metformin.", ""),
        ("", ""),
    ],
)
def test_nothing_is_proposed(first: str, second: str) -> None:
    assert _changed(first, second) == (first, [])


def test_without_a_lexicon_only_other_words_are_proposed() -> None:
    assert _changed("the schematic changes", "the ischemic changes", Lexicon())[1] == ["words"]


def test_a_term_of_few_sounds_is_no_term() -> None:
    assert _changed("he has two", "he as two", Lexicon((Entry("AS"),)))[1] == ["words"]


_SPEECH = st.lists(
    st.sampled_from("met for men metformin warfare in warfarin fever femur 25 mg a mancomycin colitis, listen".split()),
    max_size=14,
).map(" ".join)


@given(_SPEECH, _SPEECH)
def test_proposals_are_in_order_and_leave_the_rest_as_it_was(first: str, second: str) -> None:
    words = _words(first)
    found = proposals(words, _words(second), LEXICON, _tokens)
    at = 0
    for proposal in found:
        assert at <= proposal.first < proposal.last <= len(words)
        assert proposal.words
        at = proposal.last
    kept = [word for i, word in enumerate(words) if not any(it.first <= i < it.last for it in found)]
    assert len(applied(words, found)) == sum(len(word.tokens) for word in kept) + sum(
        len(word.tokens) for proposal in found for word in proposal.words
    )
    assert applied(words, ()) == tuple(token for word in words for token in word.tokens)


def test_words_stand_between_spaces() -> None:
    pieces = [(" A", (1,)), (" 64", (2, 3)), ("-", (4,)), ("year", (5,)), (" man", (6,)), (".", (7,))]
    assert [(word.text, word.tokens) for word in spelt(pieces)] == [
        (" A", (1,)),
        (" 64-year", (2, 3, 4, 5)),
        (" man.", (6, 7)),
    ]


@pytest.fixture(scope="module")
def whisper() -> WhisperRecognizer:
    return WhisperRecognizer(threads=2)


def _samples(path: Path) -> Samples:
    return correct_level(read_speech(path, path.name).samples)[0]


@pytest.mark.long
def test_a_drug_that_was_misheard_is_heard_with_the_lexicon(whisper: WhisperRecognizer) -> None:
    (name,) = DICTATION
    samples = _samples(recording(name))
    alone, heard = whisper.recognise(samples), whisper.recognise(samples, lexicon=LEXICON)
    assert "spironolactone" not in alone.raw.lower()
    assert "spironolactone" in heard.raw.lower()
    assert heard.parameters["lexicon"] == LEXICON.digest
    (second,) = heard.parameters["second_hearing"]
    assert second["taken"] >= 1
    assert len(second["prompt"]) == 64
    assert "lexicon" not in alone.parameters
    words = [word for segment in heard.segments for word in segment.words]
    assert "".join(word.text for word in words) == "".join(heard.raw.split())
    assert whisper.recognise(samples, lexicon=LEXICON).parameters == heard.parameters


@pytest.mark.long
@pytest.mark.parametrize("name", DECOYS)
def test_no_term_is_put_into_ordinary_speech(whisper: WhisperRecognizer, name: str) -> None:
    samples = _samples(recording(name))
    heard = whisper.recognise(samples, lexicon=LEXICON)
    assert heard.raw == whisper.recognise(samples).raw
    (second,) = heard.parameters["second_hearing"]
    assert second["taken"] == 0


@pytest.mark.long
def test_the_prompt_alone_would_put_a_term_into_ordinary_speech(
    whisper: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard is what keeps it out: with an ear that likes every text as well, the drug is in."""
    samples = _samples(recording("met-four-men"))
    monkeypatch.setattr(WhisperModel, "log_probabilities", lambda _model, _sound, tokens, *_: (-1.0,) * len(tokens))
    assert "metformin" in whisper.recognise(samples, lexicon=LEXICON).raw.lower()


@pytest.mark.long
@pytest.mark.parametrize("name", ["surgery-discharge", "question-a1c"])
def test_no_sentence_is_dropped_for_a_term(whisper: WhisperRecognizer, name: str) -> None:
    samples = _samples(SAMPLES / f"{name}.flac")
    alone, heard = whisper.recognise(samples), whisper.recognise(samples, lexicon=LEXICON)
    assert abs(len(heard.raw.split()) - len(alone.raw.split())) <= 3
    assert heard.raw.count(".") >= alone.raw.count(".") - 1
    assert heard.warnings == alone.warnings
