"""Templates: the shipped ones, and the user's own."""

import hashlib
from pathlib import Path

import pytest

from pipelines.errors import BadInput, UsageProblem
from pipelines.evaluation.data import read_cases
from pipelines.tasks.note.choosing import choose_template
from pipelines.tasks.note.cues import roles
from pipelines.tasks.note.templates import load_template, templates

SECTIONS = {
    "soap": ["subjective", "objective", "assessment", "plan"],
    "radiology-report": ["indication", "technique", "comparison", "findings", "impression"],
    "discharge-summary": [
        "reason_for_admission",
        "hospital_course",
        "discharge_medications",
        "condition_at_discharge",
        "follow_up",
    ],
    "consult-letter": [
        "reason_for_referral",
        "history",
        "examination",
        "investigations",
        "impression",
        "recommendations",
    ],
}


def test_four_are_shipped() -> None:
    assert templates() == list(SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_shipped_template(name: str) -> None:
    template = load_template(name)
    assert template.name == name
    assert [section.key for section in template.sections] == SECTIONS[name]
    assert [section.order for section in template.sections] == list(range(len(SECTIONS[name])))
    assert all(set(section.holds) <= roles() and section.holds for section in template.sections)
    assert not template.headings.keys() & template.parts.keys()


def test_a_section_name_is_never_lent_to_another_section() -> None:
    for name in templates():
        template = load_template(name)
        for section in template.sections:
            assert all(template.headings[phrase] == (section.key,) for phrase in section.names)


@pytest.mark.parametrize(
    ("template", "heading", "section"),
    [
        ("soap", "impression", "assessment"),
        ("soap", "findings", "objective"),
        ("soap", "history", "subjective"),
        ("radiology-report", "history", "indication"),
        ("consult-letter", "plan", "recommendations"),
        ("discharge-summary", "plan", "follow_up"),
    ],
)
def test_headings_of_other_templates_find_the_nearest_section(template: str, heading: str, section: str) -> None:
    assert load_template(template).headings[heading] == (section,)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageProblem, match="soap, radiology-report, discharge-summary, consult-letter"):
        load_template("opnote")


def test_own_template(tmp_path: Path) -> None:
    file = tmp_path / "ward-round.toml"
    file.write_text('title = "Ward round"\nversion = "3"\n[[sections]]\nkey = "jobs"\nheading = "Jobs"\n')
    template = load_template(str(file))
    assert (template.name, template.version) == ("ward-round", "3")
    assert template.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert template.headings == {"jobs": ("jobs",)}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"title = ",
        b'title = "x"\nversion = "1"\nsections = []',
        b'title = "x"\nversion = "1"\n[[sections]]\nkey = "A b"\nheading = "A"',
        b'title = "x"\nversion = "1"\n[[sections]]\nkey = "a"\nheading = "A"\n[[sections]]\nkey = "a"\nheading = "B"',
        b'title = "x"\nversion = "1"\n[[sections]]\nkey = "a"\nheading = "A"\nholds = ["no such role"]',
    ],
)
def test_bad_template_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="bad"):
        load_template(str(file))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Discharge summary for a lady with pneumonia.", "discharge-summary"),
        ("I read his discharge summary. He denies pain. Blood pressure 120 over 80.", "soap"),
        ("Dear Doctor, she is well.", "consult-letter"),
        ("Thank you for referring this man.", "consult-letter"),
        ("PA and lateral chest. No pneumothorax. Comparison none.", "radiology-report"),
        ("Cough for three days. Chest clear.", "soap"),
        ("", "soap"),
    ],
)
def test_choice_by_wording(text: str, name: str) -> None:
    assert choose_template(text) == name


def test_choice_for_the_notes_of_this_project() -> None:
    cases = read_cases(Path(__file__).parents[1] / "data" / "notes.jsonl")
    assert all(choose_template(case["transcript"]) == case["template"] for case in cases)
