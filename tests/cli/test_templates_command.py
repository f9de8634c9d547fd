"""``assistant templates`` as its user calls it."""

from pathlib import Path

import pytest

from pipelines.errors import BAD_INPUT, DONE, USAGE
from tests.cli.conftest import Call


def test_a_template_of_ones_own(call: Call, data_dir: Path) -> None:
    made = call("templates", "new", "ward-round")
    path = data_dir / "templates" / "ward-round.toml"
    assert (made.code, made.out) == (DONE, f"{path}\n")
    assert call("templates", "check", str(path)).code == DONE
    again = call("templates", "new", "ward-round")
    assert (again.code, len(again.problems)) == (USAGE, 1)
    done = call("ask", "History. Cough. Plan. Rest.", "--task", "dictation-note", "--template", "ward-round", "--json")
    assert done.code == DONE
    (run,) = done.objects
    assert isinstance(result := run["result"], dict)
    assert result["data"]["template"] == "ward-round"
    assert result["data"]["missing"] == ["opinion"]
    assert "Opinion" in result["message"]


def test_list(call: Call, data_dir: Path) -> None:
    call("templates", "new", "soap")
    (data_dir / "templates" / "broken.toml").write_text("x")
    listed = call("templates", "list", "--json")
    assert [(one["name"], one["own"]) for one in listed.objects] == [
        ("soap", True),
        ("radiology-report", False),
        ("discharge-summary", False),
        ("consult-letter", False),
    ]
    assert "broken" in listed.err
    assert "normal heart" in str(listed.objects[1]["macros"])
    shown = call("templates", "list").out
    assert "soap.toml" in shown
    assert "History*" in shown


def test_check_says_where(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('title = "x"\nversion = "1"\n[[sections]]\nkey = "X"\nheading = "X"\n')
    checked = call("templates", "check", str(file))
    assert checked.code == BAD_INPUT
    assert checked.out == f"{file}:4: sections.1.key: write small letters, digits and _ only, a letter first\n"
    assert call("templates", "check", str(tmp_path / "nowhere.toml")).code == BAD_INPUT


@pytest.mark.parametrize("name", ["../x", "A", "", "a/b", "-a", "a" * 70])
def test_names_that_are_none(call: Call, name: str, data_dir: Path) -> None:
    assert call("templates", "new", "--", name).code == USAGE
    assert not (data_dir / "templates").exists()


def test_another_folder(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_TEMPLATES_DIR", str(tmp_path / "mine"))
    assert call("templates", "new", "x").out == f"{tmp_path / 'mine' / 'x.toml'}\n"
