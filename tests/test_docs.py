"""The documents say what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from assistant.cli import _COMMANDS
from assistant.settings import Settings
from pipelines.records import Kind, RunState, Status, TaskName

ROOT = Path(__file__).parent.parent


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`ASSISTANT_([A-Z_]+)`", text("docs/settings.md")))
    assert {name.upper() for name in Settings.model_fields} == documented


@pytest.mark.parametrize("command", sorted(set(_COMMANDS) - {"demo", "models", "evaluate"}))
def test_every_command_is_shown(command: str) -> None:
    assert f"assistant {command}" in text("README.md")


def test_every_dependency_has_its_reason_and_its_pin() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    names = {re.split(r"[\[;<>= ]", name)[0] for name in wanted} - {"clinical-assistant"}
    reasons = text("docs/dependencies.md")
    pins = {line.split("==")[0].lower().replace("_", "-") for line in text("constraints.txt").splitlines()}
    for name in names:
        assert name.removesuffix("-part2") in reasons, name
        assert name in pins, name


def test_every_constraint_is_exact() -> None:
    lines = [line for line in text("constraints.txt").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+", line) for line in lines)
    assert "torch==2.13.0" in lines


@pytest.mark.parametrize("word", [*Kind, *(s for s in Status), *(s for s in RunState)])
def test_every_word_is_documented(word: str) -> None:
    assert f"`{word}`" in text("README.md") + text("docs/design.md")


def test_every_task_is_routed_to_in_the_documents() -> None:
    assert len(TaskName) == 12
    assert "twelve" in text("README.md")


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\(([^)#]+)\)", text(name)):
            if not target.startswith("http"):
                assert ((ROOT / name).parent / target).exists(), f"{name} -> {target}"
