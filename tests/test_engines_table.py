"""The README's table of engines is that of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.engines import all_engines
from assistant.engines_table import BEGIN, END, markdown, written_into
from assistant.settings import Settings
from pipelines.errors import UsageProblem

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_has_the_table_of_the_code() -> None:
    text = README.read_text("utf-8")
    assert written_into(text) == text, "run: python -m assistant.engines_table README.md"


def test_every_engine_has_a_row_whatever_is_set_and_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = markdown()
    for name in ("GENERATOR", "RECOGNIZER", "MEDGEMMA", "OPENAI_URL", "MODELS_DIR", "ADAPTER"):
        monkeypatch.setenv(f"ASSISTANT_{name}", str(tmp_path))
    assert markdown() == before
    monkeypatch.undo()
    for engines in all_engines(Settings(models_dir=tmp_path)):
        for name in engines:
            assert before.count(f"| `{name}` |") == 1


def test_a_row_says_what_the_engine_says() -> None:
    rows = {line.split("`")[1]: line for line in markdown().splitlines() if line.startswith("| `")}
    assert rows["medgemma-27b-text"].split(" | ")[2] == "no"
    assert rows["medgemma"].split(" | ")[2] == "yes"
    assert "131,072" in rows["medgemma"]
    assert "is sent there" in rows["openai"]


def test_a_file_without_marks_is_left_alone() -> None:
    with pytest.raises(UsageProblem, match="has no marks"):
        written_into(f"{END} {BEGIN}")
