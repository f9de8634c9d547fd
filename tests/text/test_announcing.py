"""Headings among the words by which speakers announce them."""

import pytest

from pipelines.text.headings import find
from pipelines.text.sentences import split

PHRASES = {"plan", "history", "examination", "assessment", "treatment", "assessment and plan"}
LABELS = {"family history", "vital signs", "medications", "review of systems"}
ANNOUNCEMENTS = {"what we'll do", "what we ll do", "story"}


def found(text: str) -> list[tuple[str, str]]:
    """Per heading: its phrase, and the words that go with it."""
    headings = find(text, split(text), PHRASES, LABELS, announcements=ANNOUNCEMENTS)
    return [(heading.phrase, text[heading.start : heading.said]) for heading in headings]


@pytest.mark.parametrize(
    ("text", "phrase", "around"),
    [
        ("Let's go to the examination. Clear.", "examination", "Let's go to the "),
        ("Now turning to the plan. Rest.", "plan", "Now turning to the "),
        ("As for the plan, we will wait.", "plan", "As for the "),
        ("For the assessment, this is gout.", "assessment", "For the "),
        ("Next heading, plan. Rest.", "plan", "Next heading, "),
        ("Last section, plan. Rest.", "plan", "Last section, "),
        ("That brings me to the plan. Rest.", "plan", "That brings me to the "),
        ("Moving on to the examination the lungs are clear.", "examination", "Moving on to the "),
        ("Let's start with the history. Cough.", "history", "Let's start with the "),
        ("Here's the story. Cough.", "story", "Here's the "),
        ("What we'll do: wait.", "what we ll do", ""),
        ("The plan going forward. Rest.", "plan", "The "),
        ("Moving on to family history. None.", "family history", "Moving on to "),
        ("Vital signs, temperature 37.", "vital signs", ""),
        ("Examination, examination of the knee shows an effusion.", "examination", ""),
    ],
)
def test_announced(text: str, phrase: str, around: str) -> None:
    assert found(text) == [(phrase, around)]


@pytest.mark.parametrize(
    "text",
    [
        "Let's start with treatment.",
        "We will go to theatre.",
        "As for the knee, it is stable.",
        "Moving on to the examination of the knee.",
        "For the examination, he was sedated.",
        "What we'll do is wait.",
        "The story is long.",
        "Medications, mostly for pain, were stopped.",
        "Medications, scans and letters were reviewed.",
        "Examination, investigations and plan were agreed.",
        "This is the plan that she wants.",
    ],
)
def test_ordinary_speech(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("Family history he was adopted. Review of systems denies fever.", ["family history", "review of systems"]),
        ("[HISTORY] Cough. [ FAMILY HISTORY ] None. Clear lungs [PLAN] rest.", ["history", "family history", "plan"]),
        (
            "History: cough. Family history: none. Examination: clear. Plan Rest at home.",
            [
                "history",
                "family history",
                "examination",
                "plan",
            ],
        ),
        ("Plan Rest at home.", []),
        ("Family history was reviewed. Review of systems is negative.", []),
        ("Family history of gout. Vital signs were stable.", []),
        (
            "History: cough. Family history: none. Examination: clear. Plan is to wait.",
            [
                "history",
                "family history",
                "examination",
            ],
        ),
    ],
)
def test_headings_that_run_into_what_follows(text: str, phrases: list[str]) -> None:
    assert [phrase for phrase, _ in found(text)] == phrases
