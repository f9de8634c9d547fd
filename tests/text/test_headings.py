"""Headings as they are spoken, and ordinary speech that looks like one."""

import pytest

from pipelines.text.headings import find, is_filler
from pipelines.text.sentences import split

PHRASES = {"history", "examination", "findings", "impression", "plan", "assessment", "objective", "subjective"}
PHRASES |= {"indication", "technique", "comparison", "assessment plan", "follow up", "on examination", "investigations"}
LABELS = {"family history", "allergies"}


def found(text: str) -> list[tuple[str, str]]:
    """Per heading: its phrase, and the words that it takes."""
    headings = find(text, split(text), PHRASES, LABELS)
    return [(heading.phrase, text[heading.start : heading.end].strip()) for heading in headings]


@pytest.mark.parametrize(
    ("text", "phrase", "taken"),
    [
        ("FINDINGS:\nThe lungs are clear.", "findings", "FINDINGS:"),
        ("findings: the lungs are clear", "findings", "findings:"),
        ("Assessment. Gout.", "assessment", "Assessment."),
        ("assessment colon gout", "assessment", "assessment colon"),
        ("Findings, the lungs are clear.", "findings", "Findings,"),
        ("Plan is as follows: rest.", "plan", "Plan is as follows:"),
        ("The plan is as follows. Rest.", "plan", "The plan is as follows."),
        ("Under objective, blood pressure is normal.", "objective", "Under objective,"),
        ("Under objective blood pressure is normal.", "objective", "Under objective"),
        ("Moving on to the plan. Rest.", "plan", "Moving on to the plan."),
        ("Next heading plan. Rest.", "plan", "Next heading plan."),
        ("Impression - pneumonia.", "impression", "Impression -"),
        ("Indication chest pain.", "indication", "Indication"),
        ("Findings the lungs are clear.", "findings", "Findings"),
        ("Plan continue aspirin.", "plan", "Plan"),
        ("Assessment/Plan: gout.", "assessment plan", "Assessment/Plan:"),
        ("Follow-up: two weeks.", "follow up", "Follow-up:"),
        ("No fever. FINDINGS: clear.", "findings", "FINDINGS:"),
        ("well today objective colon pulse 70", "objective", "objective colon"),
        ("Impression colon cancer.", "impression", "Impression"),
        ("Family history: gout.", "family history", "Family history:"),
        ("1. Plan: rest.", "plan", "1. Plan:"),
        ("2) Assessment.", "assessment", "2) Assessment."),
        ("(3) Plan is as follows, rest.", "plan", "(3) Plan is as follows,"),
        ("Okay, plan.", "plan", "plan."),
        ("So, findings, clear lungs.", "findings", "findings,"),
        ("All right, and now the plan.", "plan", "the plan."),
        ("On examination: pulse 70.", "on examination", "On examination:"),
        ("On examination.", "on examination", "On examination."),
    ],
)
def test_heading(text: str, phrase: str, taken: str) -> None:
    assert found(text) == [(phrase, taken)]


@pytest.mark.parametrize(
    "text",
    [
        "The plan is to wait.",
        "Plan is to wait.",
        "Findings are consistent with asthma.",
        "Findings, including the effusion, are new.",
        "History, examination and imaging suggest gout.",
        "Impression is that of gout.",
        "Subjective fever at home.",
        "Objective findings were few.",
        "Comparison is made with the film of May.",
        "Technique was good.",
        "Plan the operation for May.",
        "He has sigmoid colon cancer.",
        "Plan colon resection.",
        "We saw the following findings colon clear.",
        "I agree with the plan.",
        "Allergies, mostly to pollen, are worse.",
        "Family history of gout.",
        "On examination, his blood pressure was 148 over 86, and there was no swelling.",
        "On examination his blood pressure was normal.",
        "Her past history, examination, and plan were reviewed.",
        "We discussed her symptoms, examination, and the way forward.",
        "The notes, plan, scans and letters were read.",
        "She brought her notes, investigations, old letters and scans.",
        "Everything, plan and all, is clear.",
        "We went over the scan, impression, and what it means.",
        "1. Plan to rest.",
        "Hepatitis A: negative.",
    ],
)
def test_ordinary_speech(text: str) -> None:
    assert found(text) == []


def test_a_whole_note_in_one_breath() -> None:
    text = "indication cough technique two views findings clear lungs impression no pneumonia"
    assert [phrase for phrase, _ in found(text)] == ["indication", "technique", "findings", "impression"]


def test_headings_between_commas_are_marked_as_such() -> None:
    text = "Indication, cough, technique, frontal and lateral views were obtained, comparison, none."
    headings = find(text, split(text), PHRASES, LABELS)
    assert [(heading.phrase, heading.listed) for heading in headings] == [
        ("indication", False),
        ("technique", True),
        ("comparison", True),
    ]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("S: cough. O: clear. A: cold. P: rest.", ["s", "o", "a", "p"]),
        ("S colon cough. A/P colon a cold.", ["s", "a p"]),
        ("A: colon cancer. P: colon resection.", ["a", "p"]),
        ("A: negative. Nothing else.", []),
        ("Hepatitis A: negative. Protein S: low.", []),
        ("s: cough. o: clear.", []),
    ],
)
def test_letters_head_sections_only_together(text: str, phrases: list[str]) -> None:
    headings = find(text, split(text), PHRASES, LABELS, {"s", "o", "a", "p", "a p"})
    assert [heading.phrase for heading in headings] == phrases


@pytest.mark.parametrize(
    ("text", "filler"), [("Okay, ", True), ("so now", True), ("And then,", True), ("Okay, cough", False), ("", False)]
)
def test_filler(text: str, filler: bool) -> None:
    assert is_filler(text) is filler


def test_two_heading_words_in_one_breath_are_speech() -> None:
    assert found("he had an examination and the findings of an objective nature were recorded") == []
