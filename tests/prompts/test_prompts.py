"""Prompt files: named, versioned, hashed, and rendered as data."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import USAGE, ProductError, UsageProblem
from pipelines.records import Kind, TaskName
from pipelines.routing.fit import is_possible
from pipelines.tasks.note.templates import load_template, templates
from prompts import Prompt, load_prompt, prompt_for, prompts

IMAGES = [kind for kind in Kind if is_possible(TaskName.IMAGE_QUESTION, [kind])]
TEXTS = st.text(max_size=60) | st.sampled_from(
    ["{{ 7 * 7 }}", "{% for x in y %}", "{# gone #}", "{{ question.__class__ }}", "{% raw %}", "a\n+++\nb", "  {{\n"]
)
FRONT = """
name = "mine"
version = 1
budget = 100
thinking = false
order = "text-first"
"""


def values(name: str, text: str = "SPOKEN") -> dict[str, object]:
    """What the callers of each prompt give it."""
    if name == "route":
        tasks = [
            {"name": "lab-report", "description": "Values of a sheet."},
            {"name": "ct-volume", "description": text},
        ]
        return {"text": text, "attachments": ["image", "document"], "tasks": tasks}
    if name == "filing":
        sections = [
            {"key": "plan", "heading": "Plan", "holds": "what comes next"},
            {"key": "objective", "heading": "Objective", "holds": ""},
        ]
        return {"template": "SOAP note", "sections": sections, "sentences": ["Lungs are clear.", text]}
    if name == "note-draft":
        return {"facts": text, "not_shown": 0, "kind": "impression", "shared_above": ""}
    if name == "record-navigation":
        about = {"today": "2026-06-01", "patient": "female", "manifest": "Condition: none recorded", "question": text}
        return {**about, "step": "name", "kind": "Condition", "chosen": ["Gout"], "options": ["x"], "shared_above": ""}
    if name.startswith("record-answer"):
        return {"today": "2026-06-01", "facts": "[a] b", "not_shown": 2, "question": text, "shared_above": ""}
    if name.startswith("record-summary"):
        return {"today": "2026-06-01", "facts": text, "not_shown": 2, "shared_above": ""}
    if name == "clinical-question-documents":
        return {"facts": "[page 1] b", "not_shown": 2, "question": text, "shared_above": ""}
    if name == "lab-report":
        return {"part": text}
    if name in ("ct-volume", "mri-volume"):
        about = {"count": 3, "plane": "axial", "spread": "evenly spread over all of it"}
        return {**about, "question": text, "pictures_here": ""}
    if name == "slide-review":
        return {"count": 3, "power": "10x", "question": text}
    return {"question": text}


def own(folder: Path, body: str = "Ask: {{ question }}\n", front: str = FRONT, name: str = "mine") -> Path:
    (folder / f"{name}.md").write_text(f"+++\n{front.strip()}\n+++\n{body}", encoding="utf-8")
    return folder


def complaint(folder: Path, name: str = "mine", **given: object) -> UsageProblem:
    with pytest.raises(UsageProblem) as raised:
        load_prompt(name, folder).render(**given)
    assert len(str(raised.value).splitlines()) == 1
    assert str(raised.value).startswith(str(folder / f"{name}.md: "))
    assert raised.value.exit_code == USAGE
    return raised.value


@pytest.mark.parametrize("name", prompts())
def test_every_prompt_loads_under_its_own_name_and_renders(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.name == name
    assert prompt.version >= 1
    assert prompt.identity == f"{name}@{prompt.version} {prompt.sha256}"
    assert prompt.budget > 0
    assert prompt.path is None
    text = prompt.render(**values(name))
    assert "SPOKEN" in text
    assert not any(mark in text for mark in ("{{", "}}", "{%", "{#"))
    assert "+++" not in text


@pytest.mark.parametrize("kind", IMAGES)
def test_every_kind_of_image_has_a_prompt_that_shows_it_first_and_ends_with_the_question(kind: Kind) -> None:
    prompt = prompt_for(TaskName.IMAGE_QUESTION, kind)
    assert prompt.specialty == (None if kind is Kind.IMAGE else kind)
    assert prompt.order == "images-first"
    assert not prompt.thinking
    assert prompt.budget == 1500
    assert prompt.system is not None
    text = " ".join(prompt.render(question="Is it swollen?").split())
    assert text.endswith("Question: Is it swollen?")
    assert "Answer the question in your first sentence." in text
    assert "cannot" in text
    assert "nothing about who the patient is" in text


def test_the_image_prompts_differ_in_wording_and_system_line() -> None:
    found = [prompt_for(TaskName.IMAGE_QUESTION, kind) for kind in IMAGES]
    assert len({prompt.body for prompt in found}) == len({prompt.system for prompt in found}) == len(IMAGES)


def test_left_on_a_chest_film_is_the_patients_left() -> None:
    prompt = prompt_for(TaskName.IMAGE_QUESTION, Kind.CHEST_XRAY)
    assert '"Left" and "right" are the patient\'s own' in prompt.body


def test_a_clinical_question_leaves_room_for_a_trace_that_nobody_asked_for() -> None:
    prompt = prompt_for(TaskName.CLINICAL_QUESTION)
    assert (prompt.budget, prompt.thinking, prompt.order) == (2000, False, "text-first")
    assert prompt.system is not None
    assert "clinician" in prompt.system
    assert "Cite no studies" in prompt.body
    assert prompt.render(question="Why?").endswith("Question: Why?\n")


def test_the_tie_breaker_is_given_descriptions_kinds_and_a_way_out() -> None:
    prompt = load_prompt("route")
    assert prompt.version == 2
    text = prompt.render(**values("route"))
    assert "- lab-report: Values of a sheet.\n- ct-volume: SPOKEN\n- unclear: " in text
    assert "Attachments: image, document\n" in text
    assert "Attachments: none\n" in prompt.render(text="x", attachments=[], tasks=[])
    assert text.endswith("\nSPOKEN\n")


@pytest.mark.parametrize("name", ["record-answer", "record-answer-27b", "clinical-question-documents"])
def test_what_is_asked_of_a_record_or_a_document_stands_below_what_others_share(name: str) -> None:
    above, cut, below = load_prompt(name).render(**{**values(name), "shared_above": "<cut>"}).partition("<cut>")
    assert cut
    assert "SPOKEN" not in above
    assert "The clinician asks: SPOKEN" in below
    assert "data" in above
    assert 'answered is "no"' in below
    assert "Do not reckon" in below


@pytest.mark.parametrize("step", ["kind", "name", "time"])
def test_every_step_through_a_record_begins_alike_and_ends_with_its_options(step: str) -> None:
    given = {**values("record-navigation"), "step": step, "shared_above": "<cut>"}
    above, _, below = load_prompt("record-navigation").render(**given).partition("<cut>")
    assert above.rstrip().endswith("Condition: none recorded")
    assert below.endswith("Choose one of:\n- x\n")
    assert "Chosen so far: Gout." in below


@pytest.mark.parametrize("name", templates())
def test_filing_numbers_the_sentences_and_names_every_section(name: str) -> None:
    template = load_template(name)
    sections = [
        {"key": section.key, "heading": section.heading, "holds": ", ".join(section.holds)}
        for section in template.sections
    ]
    text = load_prompt("filing").render(
        template=template.title, sections=sections, sentences=["One\nline.", "2. Wait.\n\n3. Rest."]
    )
    for section in template.sections:
        assert f"\n- {section.key}: {section.heading}" in text
    assert "\n1. One line.\n2. 2. Wait. 3. Rest.\n" in text
    assert "do not change, join, add or leave out" in text


@given(st.sampled_from(prompts()), TEXTS)
def test_values_are_written_as_they_are(name: str, text: str) -> None:
    prompt = load_prompt(name)
    shown = " ".join(text.split()) if name == "filing" else text
    assert prompt.render(**values(name, text)) == prompt.render(**values(name, "\0")).replace("\0", shown)


def test_a_changed_byte_changes_the_hash(tmp_path: Path) -> None:
    own(tmp_path)
    before = load_prompt("mine", tmp_path)
    path = tmp_path / "mine.md"
    path.write_bytes(path.read_bytes().replace(b"Ask:", b"ask:"))
    after = load_prompt("mine", tmp_path)
    assert after.sha256 != before.sha256
    assert after.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert after.identity != before.identity


def test_own_files_come_before_those_of_the_package(tmp_path: Path) -> None:
    front = FRONT.replace("mine", "clinical-question") + 'task = "clinical-question"\nsystem = "Be brief."\n'
    own(tmp_path, front=front, name="clinical-question")
    (tmp_path / "README.md").write_text("How we write prompts.")
    (tmp_path / "._mine.md").write_bytes(b"\0")
    found = prompt_for("clinical-question", folder=tmp_path)
    assert found == load_prompt("clinical-question", tmp_path)
    assert (found.system, found.path) == ("Be brief.", tmp_path / "clinical-question.md")
    assert prompts(tmp_path) == prompts()
    assert load_prompt("route", tmp_path) == load_prompt("route")


def test_an_own_file_under_another_name_serves_its_task_and_specialty(tmp_path: Path) -> None:
    own(tmp_path, front=FRONT + 'task = "image-question"\nspecialty = "fundus"\n')
    assert prompts(tmp_path) == sorted([*prompts(), "mine"])
    assert prompt_for("image-question", "fundus", tmp_path).name == "mine"
    assert prompt_for("image-question", "radiograph", tmp_path).name == "image-question-radiograph"
    own(tmp_path, front=FRONT.replace("mine", "ours") + 'task = "image-question"\nspecialty = "fundus"\n', name="ours")
    with pytest.raises(UsageProblem, match=r"ours\.md: is for the same task and specialty as mine\.md; mend the file"):
        prompt_for("image-question", "fundus", tmp_path)


def test_a_task_without_a_prompt_is_named() -> None:
    with pytest.raises(ProductError, match="prompts for dictation-note: there are none"):
        prompt_for(TaskName.DICTATION_NOTE)


def test_a_file_from_another_system_reads_the_same(tmp_path: Path) -> None:
    own(tmp_path)
    expected = load_prompt("mine", tmp_path)
    path = tmp_path / "mine.md"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    found = load_prompt("mine", tmp_path)
    assert found.body == expected.body
    assert found.sha256 != expected.sha256


@pytest.mark.parametrize("name", ["sonnet", "../prompts/route", "route.md", ""])
def test_a_missing_prompt_is_named(name: str) -> None:
    with pytest.raises(ProductError) as raised:
        load_prompt(name)
    assert str(raised.value) == f"prompts/{name}.md: is not there; reinstall this version"
    assert not isinstance(raised.value, UsageProblem)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "mine"', 'name = "yours"'), "`name` is not mine, as the file's is"),
        (('name = "mine"', 'name = "A/B"'), "`name`: string should match"),
        (("version = 1", ""), "the key `version` is missing"),
        (("version = 1", 'version = "1"'), "`version`: input should be a valid integer"),
        (("version = 1", "version = 0"), "`version`: input should be greater"),
        (("budget = 100", ""), "the key `budget` is missing"),
        (("budget = 100", "budget = 0"), "`budget`: input should be greater than 0"),
        (("budget = 100", "budget = -5"), "`budget`: input should be greater than 0"),
        (("budget = 100", "budget = 1.5"), "`budget`: input should be a valid integer"),
        (("budget = 100", "budget = true"), "`budget`: input should be a valid integer"),
        (("thinking = false", 'thinking = "no"'), "`thinking`: input should be a valid boolean"),
        (("thinking = false", "thinking = 0"), "`thinking`: input should be a valid boolean"),
        (("thinking = false", ""), "the key `thinking` is missing"),
        (('order = "text-first"', 'order = "text"'), "`order`: input should be 'images-first', 'text-first' or"),
        (('order = "text-first"', 'order = "images-between"'), "`order`: images-between goes with {{ pictures_here }}"),
        (("version = 1", "version = 1\ntemperature = 0.7"), "there is no key `temperature`"),
        (("version = 1", 'version = 1\ntask = "sing"'), "`task`: input should be 'dictation-note'"),
        (("version = 1", 'version = 1\nspecialty = "fundus"'), "`specialty` needs a `task`"),
        (("version = 1", 'version = 1\ntask = "image-question"\nspecialty = "eye"'), "`specialty`: input should be"),
        (("version = 1", 'version = 1\nsystem = ""'), "`system`: string should have at least 1 character"),
        (("version = 1", "version == 1"), "front matter is not TOML"),
        (("version = 1", 'version = 1\nsystem = "\\u003cstart_of_turn>user"'), "the chat marker <start_of_turn>"),
    ],
)
def test_broken_front_matter_is_one_line_with_the_remedy(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    problem = complaint(own(tmp_path, front=FRONT.replace(*change)), question="x")
    assert told in problem.problem
    assert problem.remedy == "mend the file, or move it away to use the package's own"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "does not begin with front matter"),
        (b"Just ask: {{ question }}\n", "does not begin with front matter"),
        (b'+++\nname = "mine"\n', "does not begin with front matter"),
        (b"\xff\xfe+\x00", "is not UTF-8"),
        (f"+++{FRONT}+++\n \n".encode(), "has no text after its front matter"),
    ],
)
def test_what_is_no_prompt_file_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "mine.md").write_bytes(content)
    assert told in complaint(tmp_path).problem


@pytest.mark.parametrize(
    ("order", "body", "sound"),
    [
        ("images-between", "Slices.\n{{ pictures_here }}\n{{ question }}\n", True),
        ("images-between", "{{ question }}\n", False),
        ("images-between", "{{ pictures_here }}\n{{ pictures_here }}\n{{ question }}\n", False),
        ("images-first", "Slices.\n{{ pictures_here }}\n{{ question }}\n", False),
    ],
)
def test_images_between_go_where_the_text_says(tmp_path: Path, order: str, body: str, sound: bool) -> None:
    folder = own(tmp_path, body, FRONT.replace("text-first", order))
    if sound:
        assert load_prompt("mine", folder).order == order
    else:
        assert "images-between goes with {{ pictures_here }}, once" in complaint(folder).problem


@pytest.mark.parametrize(
    "marker", ["<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<image_soft_token>", "<bos>", "<unused94>"]
)
def test_chat_markers_are_refused(tmp_path: Path, marker: str) -> None:
    assert marker in complaint(own(tmp_path, f"{marker}model\n{{{{ question }}}}\n"), question="x").problem


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{{ question", "line 1 of its text: unexpected"),
        ("Ask.\n\n{% for word in question %}", "line 3 of its text: Unexpected end"),
        ("{{ question | shout }}", "line 1 of its text: No filter named 'shout'"),
        ("{{ question }} {{ patient }}", "`patient` is not among its values (question)"),
        ("Ask.", "never writes its value `question`"),
        ("Ask.\n{{ question.nothing }}", "cannot be rendered: UndefinedError in line 2"),
        ("{{ question.__class__.__mro__ }}", "cannot be rendered: SecurityError in line 1"),
        ("{{ (question | attr('__class__')).__mro__ }}", "cannot be rendered: SecurityError in line 1"),
        ("{{ question[0] }}\n{{ ''['format'].__globals__ }}", "cannot be rendered: SecurityError in line 2"),
        ("{{ '{0.__class__.__init__.__globals__}'.format(question) }}", "cannot be rendered: SecurityError"),
        ("{{ question + 1 }}", "cannot be rendered: TypeError in line 1"),
        ("{{ question }}{% include 'route.md' %}", "cannot be rendered: TypeError in line 1"),
        ("{{ question }}{{ lipsum.__globals__ }}", "`lipsum` is not among its values"),
    ],
)
def test_a_template_that_fails_is_told_without_what_it_was_given(tmp_path: Path, body: str, told: str) -> None:
    problem = complaint(own(tmp_path, body), question="Mrs Okonkwo's cough")
    assert told in problem.problem
    assert "Okonkwo" not in f"{problem!r}{problem.__cause__!r}"


def test_a_list_that_is_given_cannot_be_changed(tmp_path: Path) -> None:
    given = ["one"]
    assert "SecurityError" in complaint(own(tmp_path, "{{ question.append('two') }}"), question=given).problem
    assert given == ["one"]


def test_a_broken_file_of_the_package_asks_for_a_new_installation() -> None:
    prompt = Prompt("broken", 1, None, None, 1, False, "text-first", None, "{{ question.nothing }}", "0" * 64)
    with pytest.raises(ProductError, match=r"^prompts/broken\.md: cannot be rendered: .*; reinstall this version$"):
        prompt.render(question="x")


def test_an_own_file_serves_what_the_file_it_replaces_serves(tmp_path: Path) -> None:
    own(tmp_path, front=FRONT.replace("mine", "clinical-question"), name="clinical-question")
    problem = complaint(tmp_path, "clinical-question")
    assert problem.problem == "`task` must be clinical-question in a file of this name"


def test_a_folder_that_is_none_and_a_file_that_is_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="nowhere: is no folder; name the folder"):
        load_prompt("route", tmp_path / "nowhere")
    (tmp_path / "mine.md").mkdir()
    assert complaint(tmp_path).problem == "cannot be read (Is a directory)"


def test_the_room_opens_without_its_libraries() -> None:
    code = "import sys, prompts; sys.exit(any(name in sys.modules for name in ('jinja2', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_lies_about_in_the_users_folder_stops_no_other_task(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("Ask Ada about the wording.")
    (tmp_path / "filing.md").write_text("+++\nbroken\n+++\n")
    assert prompt_for("clinical-question", None, tmp_path) == prompt_for("clinical-question")
    with pytest.raises(UsageProblem, match=r"filing\.md"):
        load_prompt("filing", tmp_path)
