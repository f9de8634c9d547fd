"""Templates and macros as people write them: what is wrong is said with its line, and what is right is used."""

from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput, UsageProblem
from pipelines.tasks.note.template_file import parse_macros, parse_template, problems_of
from pipelines.tasks.note.templates import load_template, macros_for, templates

HEAD = 'title = "Round"\nversion = "1"\n'
SECTION = '[[sections]]\nkey = "jobs"\nheading = "Jobs"\n'


def lines(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.text) for problem in problems_of(text.encode())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + SECTION, []),
        ("title = \n", [(1, "is not TOML: invalid value")]),
        (HEAD + "[[sections]\n", [(3, "is not TOML: expected ']]' at the end of an array declaration")]),
        (SECTION, [(1, "title is missing"), (1, "version is missing")]),
        (HEAD + "sections = []\n", [(3, "sections is empty")]),
        (
            HEAD + '[[sections]]\nkey = "A b"\nheading = "A"\n' + SECTION + 'colour = "red"\n',
            [
                (4, "sections.1.key: write small letters, digits and _ only, a letter first"),
                (9, "sections.2.colour: there is no such entry"),
            ],
        ),
        (HEAD + SECTION + SECTION, [(1, "two sections have the same key")]),
        (HEAD + SECTION + '[[sections.normals]]\ntext = "Fine."\n', [(6, "sections.1.normals.1.unless is missing")]),
        (
            HEAD + SECTION + 'synonyms = ["plan", "x"]\nparts = ["X"]\n[[sections]]\nkey = "plan"\nheading = "Plan"\n',
            [
                (6, "'plan' is the name of section plan"),
                (7, "'x' is a synonym and a part: it can go or stay, not both"),
            ],
        ),
        (
            '[[macros]]\nname = "a"\ntext = "A."\n\n[[macros]]\nname = "A"\ntext = "B."\n',
            [(6, "two macros are called 'a'")],
        ),
        ('[[macros]]\nname = "-"\ntext = "A."\n', [(2, "a macro's name holds no letter")]),
        ('[[macros]]\nname = "a"\n', [(1, "macros.1.text is missing")]),
    ],
)
def test_problems(text: str, expected: list[tuple[int, str]]) -> None:
    assert lines(text) == expected


def test_an_unknown_role_lists_the_known() -> None:
    [(line, text)] = lines(HEAD + SECTION + 'holds = ["plan", "nope"]\n')
    assert line == 6
    assert text.startswith("unknown role nope; known: closing, comparison")


def test_bytes_that_are_no_text() -> None:
    assert problems_of(b"title = 1\n\xff")[0] == (2, "is not UTF-8 text")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_told_about_and_raise_nothing_else(data: bytes) -> None:
    problems = problems_of(data)
    if problems:
        for parse in (parse_template, parse_macros):
            with pytest.raises(BadInput) as raised:
                parse("x", data)
            assert len(str(raised.value).splitlines()) == 1


def test_the_same_name_for_other_templates_is_no_problem() -> None:
    text = '[[macros]]\nname = "a"\ntext = "A."\ntemplates = ["soap"]\n[[macros]]\nname = "a"\ntext = "B."\n'
    assert lines(text) == []


def test_the_new_template_can_be_used_and_so_can_what_it_has_in_comments() -> None:
    text = resources.files("pipelines.tasks.note").joinpath("new_template.toml").read_text("utf-8")
    template = parse_template("mine", text.encode())
    assert [section.key for section in template.sections] == ["history", "examination", "opinion", "plan"]
    entries = ("announcements", "[[", "text", "unless", "name", "says", "headings")
    uncommented = "\n".join(
        line[2:] if line.startswith("# ") and line[2:].startswith(entries) else line for line in text.splitlines()
    )
    whole = parse_template("mine", uncommented.encode())
    assert whole.sections[1].normals
    assert [macro.name for macro in whole.macros] == ["normal knee"]


def test_own_templates_come_before_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "soap.toml").write_text(HEAD + SECTION)
    (tmp_path / "round.toml").write_text(HEAD + SECTION)
    (tmp_path / "broken.toml").write_text("[[sections]]\n")
    (tmp_path / ".hidden.toml").write_text(HEAD + SECTION)
    (tmp_path / "notes.txt").write_text("x")
    assert templates(tmp_path) == ["soap", "radiology-report", "discharge-summary", "consult-letter", "round"]
    assert load_template("soap", tmp_path).title == "Round"
    assert load_template("soap").title == "SOAP note"
    with pytest.raises(BadInput, match="broken"):
        load_template("broken", tmp_path)
    with pytest.raises(UsageProblem, match="consult-letter, round"):
        load_template("nowhere", tmp_path)


def test_a_folder_that_is_not_there_is_no_problem(tmp_path: Path) -> None:
    assert templates(tmp_path / "nowhere") == templates()
    assert macros_for(load_template("soap"), tmp_path / "nowhere") == macros_for(load_template("soap"))


def test_a_file_of_macros_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[macros]]\nname = "a"\ntext = "A."\n')
    with pytest.raises(BadInput, match="holds macros and no sections"):
        load_template("mine", tmp_path)
    assert "mine" not in templates(tmp_path)


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.toml").write_bytes(b"#" * 1_100_000)
    with pytest.raises(BadInput, match="too large"):
        load_template("huge", tmp_path)


@pytest.mark.parametrize("name", templates())
def test_shipped_macros_say_what_is_normal_and_name_their_place(name: str) -> None:
    template = load_template(name)
    for phrase, macro in macros_for(template).items():
        assert phrase.startswith("normal ")
        assert macro.headings
        assert not macro.templates or name in macro.templates
