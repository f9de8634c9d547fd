"""`assistant evaluate images`: scores worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.errors import BadInput, ModelNeeded
from pipelines.evaluation.data import read_cases
from pipelines.evaluation.images import evaluate, is_right, labels_in, macro_f1, normalised, token_f1
from tests.support.engines import ScriptedGenerator

LABELS = ["Effusion", "Mass", "No Finding", "Pleural_Thickening", "Pleural effusion"]


@pytest.mark.parametrize(
    ("expected", "said", "right"),
    [
        ("yes", "Yes.", True),
        ("Yes", "Yes, there is no doubt of it.", True),
        ("no", "There is no pneumothorax.", True),
        ("no", "Yes.", False),
        ("yes", "Nothing acute.", False),
        ("yes", "", False),
        ("left lung", "The left lung.", True),
        ("left lung", "Left lung, lower lobe", True),
        ("left", "leftover", False),
        ("B", "(B) pneumonia", True),
        ("A", "A: a nodule", True),
        ("A", "B", False),
        ("A", "An effusion", False),
        ("A", "A nodule of the left lung.", False),
        ("A", "A", True),
        ("A", "(a) a nodule", True),
        ("B", "B pneumonia", True),
    ],
)
def test_closed_answers(expected: str, said: str, right: bool) -> None:
    assert is_right(expected, said) is right


def test_words_as_squad_counts_them() -> None:
    assert normalised("The left-sided  Pleural Effusion, an acute one.") == "leftsided pleural effusion acute one"


@pytest.mark.parametrize(
    ("expected", "said", "score"),
    [
        ("left lower lobe", "The left lower lobe.", 1.0),
        ("left lower lobe", "left lung", 2 * 1 / 5),
        ("chest x-ray", "an xray of the chest", 2 * 2 / 5),
        ("liver", "the spleen", 0.0),
        ("liver", "", 0.0),
        ("lobe lobe", "lobe", 2 * 1 / 3),
        ("", "", 1.0),
    ],
)
def test_open_answers(expected: str, said: str, score: float) -> None:
    assert token_f1(expected, said) == pytest.approx(score)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Effusion, mass.", {"Effusion", "Mass"}),
        ("No finding", {"No Finding"}),
        ("Effusion, no mass", {"Effusion"}),
        ("There is no effusion and a mass", {"Mass"}),
        ("pleural thickening", {"Pleural_Thickening"}),
        ("Effusion without mass", {"Effusion"}),
        ("Without mass or effusion", set()),
        ("Pleural effusion", {"Pleural effusion"}),
        ("Massive heart", set()),
        ("none", set()),
        ("", set()),
    ],
)
def test_labels_that_are_named(said: str, found: set[str]) -> None:
    assert labels_in(said, LABELS) == found


def test_macro_f1() -> None:
    """a: 1 of 2 found, none wrongly: 2/3. b: found once, named twice: 2/3. c: named once, never true: 0."""
    sets = [("ab", "ab"), ("a", "b"), ("", "c")]
    assert macro_f1([(frozenset(true), frozenset(named)) for true, named in sets]) == pytest.approx(4 / 9)
    assert macro_f1([]) is None


def data(tmp_path: Path, *lines: dict[str, Any]) -> Path:
    for n in range(2):
        Image.new("L", (100, 80), 90 * n).save(tmp_path / f"{n}.png")
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps({"image": ["0.png"], **line}) + "\n" for line in lines))
    return path


CASES: tuple[dict[str, Any], ...] = (
    {"id": "c1", "question": "Is there a mass?", "answer": "yes", "kind": "closed"},
    {"id": "c2", "question": "Is there an effusion?", "answer": "no", "kind": "closed"},
    {"id": "o1", "question": "Where is the mass?", "answer": "left lower lobe", "kind": "open"},
    {"id": "o2", "question": "What is it?", "answer": "mass", "kind": "open", "image": ["0.png", "1.png"]},
    {"id": "l1", "question": "Which?", "answer": ["Mass", "Effusion"], "kind": "labels"},
    {"id": "l2", "question": "Which?", "answer": "Pleural_Thickening", "kind": "labels"},
)


def test_figures_of_all_kinds(tmp_path: Path) -> None:
    generator = ScriptedGenerator(
        answers=(
            "Yes. No effusion.",
            "Yes.",
            "Left lung. The lower lobe is dense.",
            "Nothing.",
            "- Mass\n- Effusion\n\nPleural thickening is not seen.",
            "Pleural thickening, mass",
        )
    )
    figures = evaluate(read_cases(data(tmp_path, *CASES)), generator)
    assert figures["accuracy"] == 1 / 2
    assert figures["token_f1"] == pytest.approx((2 / 5 + 0) / 2)
    # Effusion 1 of 1; mass 1 of 1 and once wrongly: 2/3; thickening 1 of 1.
    assert figures["macro_f1"] == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert [(one["id"], one["got"]) for one in figures["failures"]] == [
        ("c2", "Yes."),
        ("o2", "Nothing."),
        ("l2", ["Mass", "Pleural_Thickening"]),
    ]
    counts = [figures[name] for name in ("n", "n_closed", "n_open", "n_labels")]
    assert (counts, figures["engines"]) == ([6, 2, 2, 2], ["scripted"])
    assert [len(ask.frames) for ask in generator.asks] == [1, 1, 1, 2, 1, 1]
    assert "Choose from: Mass, Effusion, Pleural Thickening." in str(generator.asks[4].parts[-1])


def test_a_kind_without_a_question_has_no_figure(tmp_path: Path) -> None:
    figures = evaluate(read_cases(data(tmp_path, CASES[0])), ScriptedGenerator(answer="Yes."))
    assert (figures["accuracy"], figures["token_f1"], figures["macro_f1"]) == (1.0, None, None)


def test_what_was_cut_off_is_wrong(tmp_path: Path) -> None:
    generator = ScriptedGenerator(answer="Yes.", finish_reason="length")
    figures = evaluate(read_cases(data(tmp_path, *CASES)), generator)
    assert (figures["accuracy"], figures["token_f1"], figures["macro_f1"]) == (0, 0, 0)
    assert {one["got"] for one in figures["failures"]} == {"no answer (length)"}


def test_bad_cases_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'kind' is wrong"):
        evaluate(read_cases(data(tmp_path, {**CASES[0], "kind": "other"})), ScriptedGenerator())
    with pytest.raises(BadInput, match="c1: has a list as answer"):
        evaluate(read_cases(data(tmp_path, {**CASES[0], "answer": ["yes"]})), ScriptedGenerator())
    with pytest.raises(BadInput, match=r"gone\.png: is not there"):
        evaluate(read_cases(data(tmp_path, {**CASES[0], "image": "gone.png"})), ScriptedGenerator())
    with pytest.raises(ModelNeeded):
        evaluate(read_cases(data(tmp_path, CASES[0])), ScriptedGenerator(ready=False))


def test_a_picture_that_is_not_there_is_told_before_the_model_works(tmp_path: Path) -> None:
    generator = ScriptedGenerator(answer="Yes.")
    with pytest.raises(BadInput, match=r"gone\.png: is not there"):
        evaluate(read_cases(data(tmp_path, CASES[0], {**CASES[3], "image": ["0.png", "gone.png"]})), generator)
    assert generator.asks == []


def test_all_pages_of_a_picture_are_shown_as_in_a_run(tmp_path: Path) -> None:
    generator = ScriptedGenerator(answer="Yes.")
    path = data(tmp_path, {**CASES[0], "image": ["pages.tiff", "1.png"]})
    pages = [Image.new("L", (100, 80), 70 * n) for n in range(3)]
    pages[0].save(tmp_path / "pages.tiff", save_all=True, append_images=pages[1:])
    evaluate(read_cases(path), generator)
    assert [len(ask.frames) for ask in generator.asks] == [4]
