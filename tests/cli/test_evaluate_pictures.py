"""``assistant evaluate localization`` and ``images`` as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, USAGE, VERIFICATION_FAILED
from tests.cli.conftest import Call
from tests.support.engines import ScriptedGenerator

CASES = {
    "localization": {"image": "film.png", "label": "heart", "box": [100, 200, 300, 400]},
    "images": {"image": ["film.png"], "question": "Is it?", "answer": "yes", "kind": "closed"},
}
RIGHT = {"localization": '[{"box_2d": [200, 100, 400, 300], "label": "heart"}]', "images": "Yes."}
FIGURES = {"localization": {"mean_iou": 1.0, "found_rate": 1.0}, "images": {"accuracy": 1.0, "token_f1": None}}


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> ScriptedGenerator:
    made = ScriptedGenerator()
    monkeypatch.setattr("assistant.engines.generator_of", lambda _: made)
    return made


@pytest.fixture(params=CASES)
def skill(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """With a data file in a folder of its own, the film beside it."""
    name = str(request.param)
    (tmp_path / "cases").mkdir()
    Image.new("L", (1000, 1000), 80).save(tmp_path / "cases" / "film.png")
    (tmp_path / "cases" / f"{name}.jsonl").write_text(json.dumps(CASES[name]))
    return name


def test_figures_and_a_baseline(call: Call, generator: ScriptedGenerator, skill: str, tmp_path: Path) -> None:
    data, baseline = tmp_path / "cases" / f"{skill}.jsonl", tmp_path / "baseline.json"
    generator.answer = RIGHT[skill]
    first = call("evaluate", skill, "--data", data, "--baseline", baseline, "--json")
    assert first.code == DONE, first.err
    [figures] = first.objects
    assert figures.items() >= {**FIGURES[skill], "n": 1, "engines": ["scripted"], "failures": []}.items()
    generator.answer = "I cannot tell."
    worse = call("evaluate", skill, "--data", data, "--baseline", baseline)
    assert worse.code == VERIFICATION_FAILED
    assert "worse than the baseline" in worse.err


def test_without_a_model_nothing_is_measured(
    call: Call, generator: ScriptedGenerator, skill: str, tmp_path: Path
) -> None:
    generator.ready = False
    waiting = call("evaluate", skill, "--data", tmp_path / "cases" / f"{skill}.jsonl", "--json")
    assert (waiting.code, waiting.out, len(waiting.problems)) == (MODEL_NEEDED, "", 1)


def test_what_is_wrong_is_said_in_one_line(call: Call, skill: str, tmp_path: Path) -> None:
    data = tmp_path / "cases" / f"{skill}.jsonl"
    unknown = call("evaluate", skill, "--data", data, "--engine", "nobody")
    assert (unknown.code, len(unknown.problems)) == (USAGE, 1)
    gone = call("evaluate", skill, "--data", tmp_path / "gone.jsonl")
    assert (gone.code, len(gone.problems)) == (BAD_INPUT, 1)
