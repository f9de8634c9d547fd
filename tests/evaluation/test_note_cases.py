"""Dictations made from written notes."""

import json
from pathlib import Path

import pytest

from pipelines.errors import BadInput
from pipelines.evaluation.data import read_cases
from pipelines.evaluation.note_cases import SPLITS, VARIANTS, main
from pipelines.evaluation.notes import evaluate

VISIT = """CHIEF COMPLAINT

Sore elbow

SOCIAL HISTORY

Plays the cello.

PHYSICAL EXAM

• Elbow: Tender at the lateral epicondyle.

ASSESSMENT AND PLAN

1. Tennis elbow.
- Medical Reasoning: Typical tenderness.
- Medical Treatment: Rest for 2 weeks.
"""
SHORT = (
    "2/7 hx of sore throat. No cough\n\nPMH: Nil\nDH: nil regular,\nImp: pharyngitis\n\n"
    "Plan:\n1.\tFluids\n2.\tReview in 3d\n"
)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "primock57_notes").mkdir()
    visits = {"data": [{"file": f"visit-{n}", "tgt": VISIT, "src": "..."} for n in range(2)]}
    (tmp_path / "aci_bench_tiny.json").write_text(json.dumps(visits))
    for n in (1, 2):
        note = {"day": 1, "consultation": n, "note": SHORT}
        (tmp_path / "primock57_notes" / f"consultation{n}.json").write_text(json.dumps(note))
    main(tmp_path, tmp_path / "cases")
    return tmp_path / "cases"


def test_three_variants_in_two_halves(made: Path) -> None:
    names = {f"{split}-{variant}.jsonl" for split in SPLITS for variant in VARIANTS}
    assert {path.name for path in made.iterdir()} == names
    assert all(len(list(read_cases(made / name))) == 2 for name in names)


def test_what_a_note_says_where_it_belongs(made: Path) -> None:
    visit, short = read_cases(made / "development-removed.jsonl")
    assert visit["expected"] == {
        "subjective": ["Sore elbow.", "Plays the cello."],
        "objective": ["Elbow: Tender at the lateral epicondyle."],
        "assessment": ["Tennis elbow.", "Medical Reasoning: Typical tenderness."],
        "plan": ["Medical Treatment: Rest for 2 weeks."],
    }
    assert short["transcript"] == (
        "2/7 hx of sore throat. No cough. Nil. nil regular. pharyngitis. Fluids. Review in 3d."
    )
    assert short["headings"] == []


def test_headings_are_spoken_in_full(made: Path) -> None:
    visit, short = read_cases(made / "development-spoken.jsonl")
    assert visit["headings"] == ["Chief complaint.", "Social history.", "Physical exam.", "Assessment and plan."]
    assert short["headings"] == ["Past medical history:", "Drug history:", "Impression:", "Plan:"]


def test_the_halves_hear_other_speakers(made: Path) -> None:
    def styles(split: str) -> set[str]:
        return {case["id"].rpartition("/")[2] for case in read_cases(made / f"{split}-paraphrased.jsonl")}

    assert not styles("development") & styles("report")


def test_figures_over_them(made: Path) -> None:
    for variant in VARIANTS:
        figures = evaluate(read_cases(made / f"development-{variant}.jsonl"))
        assert (figures["n"], figures["words_lost"], figures["words_added"]) == (2, 0, 0)
    assert evaluate(read_cases(made / "development-spoken.jsonl"))["sentence_accuracy"] == 1.0


def test_no_notes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no notes"):
        main(tmp_path, tmp_path / "out")
    (tmp_path / "aci_bench_x.json").write_text("[]")
    with pytest.raises(BadInput, match="aci_bench_x"):
        main(tmp_path, tmp_path / "out")
