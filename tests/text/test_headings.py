"""Headings as they are spoken, and ordinary speech that looks like one."""

import pytest

from pipelines.text.headings import find
from pipelines.text.sentences import split

PHRASES = {"history", "examination", "findings", "impression", "plan", "assessment", "objective", "subjective"}
PHRASES |= {"indication", "technique", "comparison", "assessment plan", "follow up"}
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
    ],
)
def test_ordinary_speech(text: str) -> None:
    assert found(text) == []


def test_a_whole_note_in_one_breath() -> None:
    text = "indication cough technique two views findings clear lungs impression no pneumonia"
    assert [phrase for phrase, _ in found(text)] == ["indication", "technique", "findings", "impression"]


def test_two_heading_words_in_one_breath_are_speech() -> None:
    assert found("he had an examination and the findings of an objective nature were recorded") == []
