"""What a speaker calls for in a note: put in, marked, and never anything else."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.checks.note import check
from pipelines.records import Engine, Result, Statement, Status, Transcript, TranscriptCitation
from pipelines.tasks.note.calls import calls_for, spoken_template
from pipelines.tasks.note.filed import file_note
from pipelines.tasks.note.template import Macro
from pipelines.tasks.note.templates import load_template, macros_for, templates
from tests.support.pictures import PictureStore

CHEST_FILM = """\
title = "Chest film"
version = "1"

[[sections]]
key = "findings"
heading = "Findings"
holds = ["finding"]
required = true

[[sections.normals]]
text = "The lungs are clear."
unless = ["lung", "nodule"]

[[sections.normals]]
text = "The heart is normal in size."
unless = ["heart", "cardiac silhouette"]

[[sections]]
key = "impression"
heading = "Impression"
holds = ["diagnosis"]
required = true
"""
MACROS = """\
[[macros]]
name = "knee"
says = ["my knee"]
headings = ["examination"]
text = "The knee is stable. It is not swollen."

[[macros]]
name = "normal chest"
text = "My own words for a chest."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chest-film.toml").write_text(CHEST_FILM)
    (tmp_path / "mine.toml").write_text(MACROS)
    return tmp_path


def typed(text: str) -> Transcript:
    return Transcript(recording=None, raw=text, text=text, engine=Engine(name="typed", version="1"))


def noted(text: str, template: str = "soap", folder: Path | None = None) -> Result:
    """The note, with all its checks supported."""
    form = load_template(template, folder)
    result = file_note(typed(text), form, read_call=calls_for(form, folder))
    if result.status is Status.NEEDS_INPUT:
        # Nothing but calls that put nothing in: there is no note to check.
        return result
    checks = check(result, typed(text), form, folder, PictureStore())
    assert [one for one in checks if one.verdict != "supported"] == []
    return result


def told(result: Result) -> list[tuple[str, str | None, str]]:
    return [(one.origin, one.section, one.text) for one in result.statements]


def test_a_macro_is_put_in_where_it_belongs_and_marked() -> None:
    text = "Cough for 3 days. Insert normal chest. Likely viral."
    result = noted(text)
    inserted = [one for one in result.statements if one.origin == "inserted"]
    assert [one.text for one in inserted] == [
        "Breathing is unlabored.",
        "The lungs are clear to auscultation on both sides, without wheezes or crackles.",
    ]
    assert {one.section for one in inserted} == {"objective"}
    (citation,) = {citation for one in inserted for citation in one.citations}
    assert isinstance(citation, TranscriptCitation)
    assert text[citation.start : citation.end] == "Insert normal chest."
    (account,) = result.data["inserted"]
    macro = macros_for(load_template("soap"))["normal chest"]
    assert (account["macro"], account["sha256"]) == ("normal chest", macro.digest())
    assert [result.statements[index] for index in account["statements"]] == inserted
    assert not any("nsert" in one.text for one in result.statements)


def test_under_a_heading_it_goes_where_it_is_said() -> None:
    assert told(noted("Plan: rest. Insert normal heart."))[1:] == [
        ("inserted", "plan", "Heart rate and rhythm are regular."),
        ("inserted", "plan", "The heart sounds are normal, without murmurs, rubs or gallops."),
    ]


@pytest.mark.parametrize(
    "said",
    [
        "Insert normal chest",
        "insert normal chest.",
        "Please insert the normal chest macro.",
        "Insert macro normal chest.",
        "Insert text normal chest",
        "Paste normal lungs.",
        "Macro normal chest.",
    ],
)
def test_ways_to_call(said: str) -> None:
    result = noted(f"Objective. {said}")
    assert {one.origin for one in result.statements} == {"inserted"}


def test_several_at_once_and_a_filler_before_them() -> None:
    result = noted("Objective. Okay, insert normal chest, normal heart and normal abdomen.")
    assert [account["macro"] for account in result.data["inserted"]] == [
        "normal chest",
        "normal heart",
        "normal abdomen",
    ]
    assert told(result)[0] == ("dictated", "objective", "Okay,")


def test_the_same_name_is_another_text_in_another_template() -> None:
    (first, *_) = noted("Findings. Insert normal chest.", "radiology-report").statements
    assert (first.text, first.section) == ("The lungs are clear.", "findings")


def test_own_macros_come_first(folder: Path) -> None:
    assert told(noted("Insert normal chest. Insert my knee.", "soap", folder)) == [
        ("inserted", "subjective", "My own words for a chest."),
        ("inserted", "objective", "The knee is stable."),
        ("inserted", "objective", "It is not swollen."),
    ]


def test_a_broken_file_of_macros_is_no_reason_to_wait(folder: Path) -> None:
    (folder / "broken.toml").write_text("[[macros]]\nname = ")
    assert noted("Insert knee.", "soap", folder).data["inserted"]


@pytest.mark.parametrize(
    "said",
    ["Insert normal spine.", "Insert the elbow macro.", "Insert normal chest and give aspirin.", "Macro elbow."],
)
def test_what_is_not_known_stays_and_is_told(said: str) -> None:
    text = f"Objective. {said}"
    result = noted(text)
    assert told(result) == [("dictated", "objective", said)]
    (place,) = result.data["unknown_calls"]
    assert text[place["start"] : place["end"]] == said
    assert result.message == "1 call is for a text or template that is not known; the words stay as dictated."
    assert "spine" not in result.message


@pytest.mark.parametrize(
    "said",
    [
        "Insert a Foley catheter.",
        "The lead was inserted.",
        "The chest is otherwise normal and he is well.",
        "He uses a template for his diet.",
        "She drafted an impression of the leaf.",
        "Normal chest.",
    ],
)
def test_ordinary_speech_calls_for_nothing(said: str, folder: Path) -> None:
    result = noted(f"Findings. {said}", "chest-film", folder)
    assert told(result) == [("dictated", "findings", said)]
    assert not {"inserted", "unknown_calls", "calls", "draft"} & result.data.keys()


@pytest.mark.parametrize("said", ["Otherwise normal.", "The rest is unremarkable.", "Everything else is normal."])
def test_normals_of_what_was_not_spoken_of(said: str, folder: Path) -> None:
    result = noted(f"Findings. 5 mm nodule on the left. {said} Impression: nodule.", "chest-film", folder)
    assert told(result) == [
        ("dictated", "findings", "5 mm nodule on the left."),
        ("dictated", "findings", said),
        ("inserted", "findings", "The heart is normal in size."),
        ("dictated", "impression", "nodule."),
    ]
    (account,) = result.data["inserted"]
    assert (account["macro"], account["left_out"]) == ("normals", 1)
    assert result.message == "1 normal is left out, as the section speaks of its matter."
    assert account["sha256"] == load_template("chest-film", folder).sha256


def test_a_command_for_normals_goes_and_a_finding_stays(folder: Path) -> None:
    assert told(noted("Findings. Insert normals. Impression: normal.", "chest-film", folder))[0] == (
        "inserted",
        "findings",
        "The lungs are clear.",
    )


def test_normals_are_never_put_in_unasked(folder: Path) -> None:
    assert told(noted("Findings. No pneumothorax. Impression: normal film.", "chest-film", folder)) == [
        ("dictated", "findings", "No pneumothorax."),
        ("dictated", "impression", "normal film."),
    ]


def test_without_normals_otherwise_normal_is_a_finding_and_insert_normals_is_not_known() -> None:
    assert told(noted("Objective. Otherwise normal.")) == [("dictated", "objective", "Otherwise normal.")]
    assert noted("Objective. Insert normals.").data["unknown_calls"]


def test_what_is_required_and_wanting_is_named_and_never_filled(folder: Path) -> None:
    result = noted("Findings. Clear.", "chest-film", folder)
    assert result.data["missing"] == ["impression"]
    assert result.message == "Required by the template and not dictated: Impression."
    assert {one.section for one in result.statements} == {"findings"}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Use template chest film.", "chest-film"),
        ("Please use the radiology report template.", "radiology-report"),
        ("Template consult letter.", "consult-letter"),
        ("Cough. Load the SOAP note template. Rest.", "soap"),
        ("Use template elbow.", None),
        ("We use the template soap for that.", None),
        ("The template soap is old.", None),
    ],
)
def test_spoken_templates(said: str, name: str | None, folder: Path) -> None:
    assert spoken_template(said, folder) == name


def test_the_words_that_choose_a_template_do_not_stand_in_the_note(folder: Path) -> None:
    result = noted("Use template chest film. Findings. Clear lungs. Impression. Normal.", "chest-film", folder)
    assert [text for _, _, text in told(result)] == ["Clear lungs.", "Normal."]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Draft an impression.", "impression"),
        ("Please draft the assessment for me.", "impression"),
        ("Generate a summary.", "summary"),
    ],
)
def test_a_draft_is_asked_for_in_words(said: str, kind: str) -> None:
    result = noted(f"Objective. Clear lungs. {said}")
    assert result.data["draft"] == kind
    assert told(result) == [("dictated", "objective", "Clear lungs.")]


def test_an_inserted_statement_that_nobody_called_for_is_found_out() -> None:
    text = "Objective. Insert normal chest."
    form = load_template("soap")
    result = noted(text)
    first = result.statements[0]
    changed = first.model_copy(update={"text": "The lungs are full of water."})
    uncalled = first.model_copy(update={"citations": (TranscriptCitation(start=0, end=10),)})
    unaccounted = result.model_copy(update={"data": {**result.data, "inserted": []}})
    for wrong in (
        result.model_copy(update={"statements": (changed, *result.statements[1:])}),
        result.model_copy(update={"statements": (uncalled, *result.statements[1:])}),
        unaccounted,
    ):
        checks = check(wrong, typed(text), form, None, PictureStore())
        assert [one.aspect for one in checks if one.verdict == "contradicted"][:1] == ["inserted"]


def test_words_that_are_no_call_cannot_be_dropped_as_one() -> None:
    text = "Objective. Insert a drain. Clear lungs."
    form = load_template("soap")
    kept = Statement(
        text="Clear lungs.",
        origin="dictated",
        section="objective",
        citations=(TranscriptCitation(start=27, end=len(text)),),
    )
    whole = noted(text)
    wrong = whole.model_copy(
        update={"statements": (kept,), "data": {**whole.data, "calls": [{"start": 11, "end": 26}]}}
    )
    checks = check(wrong, typed(text), form, None, PictureStore())
    assert [one.source_text for one in checks if one.verdict == "contradicted"] == ["Objective. Insert a drain."]


def test_a_macros_hash_is_of_all_that_it_says() -> None:
    macro = Macro(name="knee", text="Stable.")
    assert macro.digest() != macro.model_copy(update={"text": "Swollen."}).digest()


PIECES = (
    "Insert normal chest.|insert normal heart and normal lungs|Insert normals.|Otherwise normal.|Draft a summary."
    "|Use template soap.|Insert normal spine.|Okay, insert macro normal neuro|Findings.|Plan:|He is well.|clear lungs"
    "|1.|-|moving on to|the family history.|Moving on to medications.|,|\n\n"
).split("|")


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(templates()))
def test_whatever_is_called_for_no_dictated_word_is_lost(pieces: list[str], template: str) -> None:
    text = " ".join(pieces)
    assert noted(text, template).statements or "well" not in text
