"""Figures over filed notes."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadInput, UsageProblem
from pipelines.evaluation.data import read_cases
from pipelines.evaluation.notes import evaluate

DATA = Path(__file__).parents[1] / "data"


def case(expected: dict[str, list[str]], **other: Any) -> dict[str, Any]:
    text = "Subjective: cough since May. Plan: rest."
    return {"id": "a", "transcript": text, "template": "soap", "expected": expected} | other


def test_all_right() -> None:
    figures = evaluate([case({"subjective": ["Cough since May"], "plan": ["Rest."]})])
    assert (figures["sentence_accuracy"], figures["words_lost"], figures["words_added"]) == (1.0, 0, 0)
    assert (figures["n"], figures["failures"]) == (1, [])
    assert figures["engines"][0]["version"] == "soap@2"


def test_wrong_section_is_named_with_where_it_went() -> None:
    figures = evaluate([case({"subjective": ["Cough since May."], "assessment": ["Rest."]})])
    assert figures["sentence_accuracy"] == 0.5
    assert figures["failures"] == [
        {"id": "a", "expected": {"section": "assessment", "sentence": "Rest."}, "got": "plan"}
    ]
    assert (figures["words_lost"], figures["words_added"]) == (0, 0)


def test_lost_and_added_words_are_counted() -> None:
    figures = evaluate([case({"subjective": ["Dry cough since."], "plan": ["Rest."]})])
    assert (figures["words_lost"], figures["words_added"]) == (1, 1)
    assert figures["failures"][0]["got"] is None


def test_labels_that_stay_are_not_added_words() -> None:
    text = "Subjective: cough. Family history: gout. Plan: rest."
    without = evaluate([case({"subjective": ["cough.", "gout."], "plan": ["rest."]}, transcript=text)])
    assert (without["words_lost"], without["words_added"], without["heading_words_kept"]) == (0, 0, 2)
    with_label = evaluate(
        [case({"subjective": ["cough.", "Family history: gout."], "plan": ["rest."]}, transcript=text)]
    )
    assert (with_label["words_added"], with_label["heading_words_kept"]) == (0, 0)
    assert without["sentence_accuracy"] == with_label["sentence_accuracy"] == 1.0


def test_words_that_a_line_names_as_headings_are_neither() -> None:
    text = "Here we go then. Subjective: cough."
    figures = evaluate([case({"subjective": ["cough."]}, transcript=text, headings=["Here we go then."])])
    assert (figures["words_lost"], figures["words_added"], figures["heading_words_kept"]) == (0, 0, 4)


def test_a_sentence_counts_wherever_the_filing_cuts() -> None:
    text = "Plan: rest at home, drink plenty, and rest."
    expected = {"plan": ["drink plenty", "rest at home", "and rest."]}
    assert evaluate([case(expected, transcript=text)])["sentence_accuracy"] == 1.0
    assert evaluate([case({"plan": ["rest", "rest", "rest"]}, transcript=text)])["sentence_accuracy"] == 2 / 3


def test_one_filed_sentence_answers_for_one_expected() -> None:
    assert evaluate([case({"plan": ["Rest.", "Rest."]})])["sentence_accuracy"] == 0.5


def test_without_a_template_the_wording_chooses() -> None:
    line = case({"subjective": ["Cough since May."], "plan": ["Rest."]})
    del line["template"]
    assert list(evaluate([line])["by_template"]) == ["soap"]


def test_no_cases() -> None:
    assert evaluate([])["sentence_accuracy"] is None


def test_bad_lines() -> None:
    with pytest.raises(BadInput):
        evaluate([{"id": "a"}])
    with pytest.raises(UsageProblem):
        evaluate([case({}, template="opnote")])


def test_notes_of_this_project() -> None:
    """Written while the cues were made: they hold them where they are, and measure nothing new."""
    figures = evaluate(read_cases(DATA / "notes.jsonl"))
    assert figures["n"] == 32
    assert figures["sentence_accuracy"] >= 0.99
    assert (figures["words_lost"], figures["words_added"]) == (0, 0)


def test_notes_in_another_voice() -> None:
    """Frozen before anything was measured on them; colloquial, and never used to mend a cue."""
    figures = evaluate(read_cases(DATA / "notes_blind.jsonl"))
    assert figures["n"] == 12
    assert figures["sentence_accuracy"] >= 0.7
    assert (figures["words_lost"], figures["words_added"]) == (0, 0)


def test_notes_written_after_the_cues() -> None:
    figures = evaluate(read_cases(DATA / "notes_unseen.jsonl"))
    assert figures["n"] == 8
    assert figures["sentence_accuracy"] >= 0.9
    assert (figures["words_lost"], figures["words_added"]) == (0, 0)
