"""Dictated notes as runs: own templates, texts that are called for, and drafts by a model."""

import json
from pathlib import Path

import pytest

from assistant.intake import Given
from assistant.opening import open_runner
from assistant.settings import Settings
from pipelines.errors import DONE
from pipelines.models.generator import Words
from pipelines.records import Result, TaskName, TranscriptCitation
from tests.support.engines import ScriptedGenerator

NOTE = "Objective. 5 mm nodule in the left lung. BP 120/80. Assessment. Likely a granuloma. {more}"
SENTENCES = [
    {"sources": ["1", "3"], "text": "The 5 mm nodule in the left lung is likely a granuloma."},
    {"sources": ["1"], "text": "It measures 9 mm."},
    {"sources": ["1"], "text": "It lies on the right."},
    {"sources": [], "text": "He should stop smoking."},
    {"sources": ["77"], "text": "The pressure is normal."},
]


def told(*sentences: dict[str, object], answered: str = "yes") -> str:
    return json.dumps({"answered": answered, "sentences": list(sentences)})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def noted(settings: Settings, generator: ScriptedGenerator, more: str = "", template: str = "soap") -> Result:
    with open_runner(settings, generator=generator) as runner:
        given = Given(text=NOTE.format(more=more), task=TaskName.DICTATION_NOTE, template=template)
        done = runner.submit(given)
        assert done.exit_code == DONE
        assert done.view.result is not None
        assert runner.log.verify().ok
        return done.view.result


def test_nothing_is_drafted_unasked(settings: Settings) -> None:
    generator = ScriptedGenerator(answer=told(*SENTENCES))
    result = noted(settings, generator)
    assert generator.asks == []
    assert {one.origin for one in result.statements} == {"dictated"}
    assert "drafted" not in result.data


def test_a_draft_stands_apart_and_holds_what_the_note_bears_out(settings: Settings) -> None:
    generator = ScriptedGenerator(answer=told(*SENTENCES))
    result = noted(settings, generator, "Draft an impression.")
    *dictated, draft = result.statements
    assert {one.origin for one in dictated} == {"dictated"}
    assert (draft.origin, draft.section, draft.text) == (
        "generated",
        "drafted_impression",
        "The 5 mm nodule in the left lung is likely a granuloma.",
    )
    assert {*draft.citations} == {*dictated[0].citations, *dictated[2].citations}
    assert all(isinstance(citation, TranscriptCitation) for citation in draft.citations)
    drafted = result.data["drafted"]
    assert (drafted["kind"], drafted["done"], drafted["section"]) == ("impression", True, "drafted_impression")
    assert sum(drafted["left_out"].values()) == 4
    assert "named a side that its lines do not" in drafted["left_out"]
    assert drafted["prompt"].startswith("note-draft@1 ")
    assert "drafted" in (result.message or "")
    assert "Left out" in (result.message or "")
    assert "drafted_impression" not in result.data["sections"]
    (ask,) = generator.asks
    shown = " ".join(part.text for part in ask.parts if isinstance(part, Words))
    assert "[1] Objective: 5 mm nodule in the left lung." in shown
    assert "Draft the impression" in shown
    assert "Draft an impression." not in shown


def test_a_setting_asks_for_every_note(settings: Settings) -> None:
    generator = ScriptedGenerator(answer=told(SENTENCES[0]))
    result = noted(settings.model_copy(update={"draft": "summary"}), generator)
    assert result.statements[-1].section == "drafted_summary"
    assert "Draft a summary" in generator.asks[0].parts[1].text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "generator",
    [
        ScriptedGenerator(ready=False),
        ScriptedGenerator(answer=told(*SENTENCES[1:])),
        ScriptedGenerator(answer=told(answered="no")),
        ScriptedGenerator(answer="no JSON"),
        ScriptedGenerator(answer=told(SENTENCES[0]), finish_reason="length"),
    ],
    ids=["no model", "nothing borne out", "nothing to say", "no JSON", "cut"],
)
def test_without_a_draft_the_note_is_done_and_says_so(settings: Settings, generator: ScriptedGenerator) -> None:
    result = noted(settings, generator, "Draft an impression.")
    assert [one.text for one in result.statements] == [
        "5 mm nodule in the left lung.",
        "BP 120/80.",
        "Likely a granuloma.",
    ]
    assert result.data["drafted"]["done"] is False
    assert "No impression was drafted: " in (result.message or "")


def test_a_spoken_template_wins_and_own_macros_are_found(settings: Settings) -> None:
    folder = settings.templates_folder
    folder.mkdir(parents=True)
    (folder / "lung.toml").write_text(
        'title = "Lung clinic"\nversion = "1"\n'
        '[[sections]]\nkey = "seen"\nheading = "Seen"\nsynonyms = ["objective"]\n'
        '[[sections]]\nkey = "thought"\nheading = "Thought"\nsynonyms = ["assessment"]\n'
        '[[macros]]\nname = "advice"\ntext = "Come back in a year."\nheadings = ["thought"]\n'
    )
    result = noted(settings, ScriptedGenerator(), "Use template lung clinic. Insert advice.", "soap")
    assert result.data["template"] == "lung"
    assert [(one.origin, one.section) for one in result.statements] == [
        ("dictated", "seen"),
        ("dictated", "seen"),
        ("dictated", "thought"),
        ("inserted", "thought"),
    ]
