"""Dictated notes: the clinician's own sentences, each once, where they belong."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.checks.verbatim import check
from pipelines.records import Engine, Result, Segment, Span, Status, TaskName, Transcript, TranscriptCitation, Word
from pipelines.tasks.note.filed import file_note
from pipelines.tasks.note.templates import load_template, templates


def typed(text: str) -> Transcript:
    return Transcript(recording=None, raw=text, text=text, engine=Engine(name="typed", version="1"))


def note(text: str, template: str = "soap") -> Result:
    return file_note(typed(text), load_template(template))


def filed(text: str, template: str = "soap") -> dict[str, list[str]]:
    return {key: sentences for key, sentences in note(text, template).data["sections"].items() if sentences}


def test_result() -> None:
    text = "Plan: rest. Subjective: cough. It is dry."
    result = note(text)
    template = load_template("soap")
    assert (result.task, result.status) == (TaskName.DICTATION_NOTE, Status.DRAFT)
    assert [(s.section, s.text, s.origin) for s in result.statements] == [
        ("subjective", "cough.", "dictated"),
        ("subjective", "It is dry.", "dictated"),
        ("plan", "rest.", "dictated"),
    ]
    assert result.data == {
        "template": "soap",
        "template_version": template.version,
        "template_sha256": template.sha256,
        "sections": {"subjective": ["cough.", "It is dry."], "objective": [], "assessment": [], "plan": ["rest."]},
        "filed_by": {"heading": 3, "wording": 0},
    }


def test_citations_carry_the_time_of_the_words() -> None:
    raw = "cough is dry"
    words = tuple(
        Word(text=m.group(), start=i, end=i + 0.5, confidence=1, raw_start=m.start(), raw_end=m.end())
        for i, m in enumerate(re.finditer(r"\S+", raw))
    )
    transcript = Transcript(
        recording="0" * 64,
        raw=raw,
        text="Cough is dry.",
        engine=Engine(name="some", version="1"),
        segments=(Segment(start=0, end=3, words=words),),
        spans=tuple(Span(start=w.raw_start, end=w.raw_end, raw_start=w.raw_start, raw_end=w.raw_end) for w in words),
    )
    (statement,) = file_note(transcript, load_template("soap")).statements
    assert statement.citations == (TranscriptCitation(start=0, end=13, audio_start=0.0, audio_end=2.5),)


@pytest.mark.parametrize("text", ["", "  \n ", "FINDINGS:\n"])
def test_nothing_said(text: str) -> None:
    result = note(text)
    assert (result.status, result.statements) == (Status.NEEDS_INPUT, ())
    assert result.message


def test_a_heading_rules_until_the_next() -> None:
    assert filed("OBJECTIVE:\nHe denies pain.\n\nWe will wait.\n\nPLAN:\nLungs clear.") == {
        "objective": ["He denies pain.", "We will wait."],
        "plan": ["Lungs clear."],
    }


def test_a_heading_without_a_section_stays_in_the_text() -> None:
    assert filed("PLAN:\nRest.\n\nTECHNIQUE:\nCT of the head without contrast.")["objective"] == [
        "TECHNIQUE:",
        "CT of the head without contrast.",
    ]


def test_a_label_stays_with_what_it_labels() -> None:
    assert filed("Subjective: well. Allergies: penicillin. Family history: diabetes. Plan: rest.") == {
        "subjective": ["well.", "Allergies: penicillin.", "Family history: diabetes."],
        "plan": ["rest."],
    }


def test_a_label_never_leads_back() -> None:
    assert filed("Plan: rest. Medications: continue all.") == {"plan": ["rest.", "Medications: continue all."]}


def test_a_heading_with_nothing_under_it_is_a_sentence() -> None:
    assert filed("PLAN:\nFollow up.", "radiology-report") == {"impression": ["Follow up."]}


def test_a_heading_for_two_sections_leaves_the_choice_to_the_wording() -> None:
    assert filed("Assessment and plan: gout. Start colchicine 500 mcg twice daily.") == {
        "assessment": ["gout."],
        "plan": ["Start colchicine 500 mcg twice daily."],
    }


def test_the_colon_of_the_bowel_is_kept() -> None:
    assert filed("Impression colon cancer. Plan colon allopurinol.") == {
        "assessment": ["colon cancer."],
        "plan": ["allopurinol."],
    }


def test_an_opening_phrase_is_speech_and_the_rest_is_filed_by_wording() -> None:
    said = [
        "He has no urinary symptoms.",
        "On examination, his blood pressure was 148 over 86, and there was no swelling of the legs.",
        "An ultrasound showed two small kidneys without obstruction.",
        "I believe this is diabetic kidney disease, stage 3.",
        "I recommend a diet low in salt.",
    ]
    places = ["history", "examination", "investigations", "impression", "recommendations"]
    one_each = {place: [sentence] for place, sentence in zip(places, said, strict=True)}
    assert filed(" ".join(said), "consult-letter") == one_each
    headed = filed("History. " + " ".join(said), "consult-letter")
    assert headed == one_each


def test_an_opening_phrase_ends_a_heading_but_never_leads_back() -> None:
    assert filed("Findings, clear lungs. In summary, this is a normal chest.", "radiology-report") == {
        "findings": ["clear lungs."],
        "impression": ["In summary, this is a normal chest."],
    }
    assert filed("Plan, rest. On examination, we will look again.") == {
        "plan": ["rest.", "On examination, we will look again."]
    }


def test_a_true_heading_of_the_same_words_opens_its_section() -> None:
    text = "On examination. Pulse 70. The scan was clear. Impression: well."
    assert filed(text, "consult-letter") == {
        "examination": ["Pulse 70.", "The scan was clear."],
        "impression": ["well."],
    }


def test_headings_in_a_list_of_commas() -> None:
    text = (
        "Indication, cough and fever for three days, technique, frontal and lateral views of the chest, comparison, "
        "no prior studies are available. Findings, the heart is normal in size. The lungs are clear."
    )
    assert filed(text, "radiology-report") == {
        "indication": ["cough and fever for three days,"],
        "technique": ["frontal and lateral views of the chest,"],
        "comparison": ["no prior studies are available."],
        "findings": ["the heart is normal in size.", "The lungs are clear."],
    }


def test_a_heading_of_several_words_within_a_sentence() -> None:
    text = (
        "He was eating a normal diet by the second day, discharge medications, acetaminophen 1 gram every six hours, "
        "and ibuprofen 400 mg if needed. At discharge, he was comfortable"
    )
    sections = filed(text, "discharge-summary")
    assert sections["discharge_medications"] == [
        "acetaminophen 1 gram every six hours, and ibuprofen 400 mg if needed."
    ]
    assert sections["condition_at_discharge"][-1] == "At discharge, he was comfortable"
    assert filed("Hospital course, surgery. " + text, "discharge-summary")["hospital_course"] == [
        "surgery.",
        "He was eating a normal diet by the second day,",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Objective, clear lungs, subjective, cough.",
        "Objective, clear lungs, objective, cough.",
    ],
)
def test_a_heading_between_commas_never_goes_back(text: str) -> None:
    assert list(filed(text)) == ["objective"]


def test_a_single_word_between_commas_needs_a_heading_before_it() -> None:
    assert sum(map(len, filed("She was content, treatment, rest at home.").values())) == 1
    assert filed("Subjective, she was content, treatment, rest at home.") == {
        "subjective": ["she was content,"],
        "plan": ["rest at home."],
    }


def test_a_filler_goes_with_its_heading() -> None:
    assert filed("Subjective, cough. Okay, plan. Rest. So, findings, clear lungs.") == {
        "subjective": ["cough."],
        "objective": ["So,", "clear lungs."],
        "plan": ["Okay,", "Rest."],
    }


def test_letters_and_numbered_headings() -> None:
    expected = {"subjective": ["cough."], "objective": ["clear."], "assessment": ["cold."], "plan": ["rest."]}
    assert filed("S: cough. O: clear. A: cold. P: rest.") == expected
    assert filed("1. Subjective: cough. 2. Objective: clear. 3) Assessment: cold. 4) Plan: rest.") == expected
    assert filed("S: cough. O: clear. A/P: gout. Start colchicine.") == {
        "subjective": ["cough."],
        "objective": ["clear."],
        "assessment": ["gout."],
        "plan": ["Start colchicine."],
    }


def test_what_answers_a_heading_is_no_label() -> None:
    assert filed("Chief complaint. Follow-up. History, she is well.") == {"subjective": ["Follow-up.", "she is well."]}


def test_under_assessment_and_plan_labels_lead_to_and_fro() -> None:
    text = (
        "Assessment and plan. Gout. Medical reasoning: Typical pain. Medical treatment: Start colchicine. "
        "Hypertension. Medical reasoning: Well controlled. Medical treatment: Continue lisinopril."
    )
    assert filed(text) == {
        "assessment": [
            "Gout.",
            "Medical reasoning: Typical pain.",
            "Hypertension.",
            "Medical reasoning: Well controlled.",
        ],
        "plan": ["Medical treatment: Start colchicine.", "Medical treatment: Continue lisinopril."],
    }


def test_labels_rule_where_the_speaker_gives_the_note_its_form() -> None:
    assert filed("Sore throat. PMH: nil. DH: nil. FH: father had gout. Exam: red tonsils.") == {
        "subjective": ["Sore throat.", "PMH: nil.", "DH: nil.", "FH: father had gout."],
        "objective": ["red tonsils."],
    }


def test_what_is_said_around_a_heading_goes_with_it_and_a_label_stays() -> None:
    text = "Let's go to the history. Cough. Moving on to family history. None. As for the plan, rest."
    assert filed(text) == {"subjective": ["Cough.", "family history.", "None."], "plan": ["rest."]}
    statements = note(text).statements
    checks = check(statements, typed(text), load_template("soap").parts)
    assert [one for one in checks if one.verdict != "supported"] == []


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        (
            "Story: cough.\nWhen I examined the patient: crackles.\nSo what we agreed: rest.",
            "subjective objective plan",
        ),
        ("History. Cough. Home meds. Aspirin. Labs and imaging. Clear. Plan. Rest.", "subjective objective plan"),
        ("History: cough. I think this is: bronchitis. What we are doing. Rest.", "subjective assessment plan"),
    ],
)
def test_announcements_that_no_template_lists_open_their_section_and_stay(text: str, sections: str) -> None:
    assert list(filed(text)) == sections.split()
    said = [" ".join(sentences) for sentences in filed(text).values()]
    assert "agreed" not in text or "So what we agreed: rest." in said[-1]


def test_what_a_note_begins_with_is_no_announcement_of_its_end() -> None:
    text = "Follow up. He feels well. PMH: gout. SH: retired. Exam: clear lungs. Plan: none."
    assert filed(text)["subjective"][0] == "Follow up."


def test_a_heading_that_says_again_what_is_open_stays() -> None:
    assert filed("Physical exam. Alert. Examination: Right knee swollen.") == {
        "objective": ["Alert.", "Examination: Right knee swollen."]
    }


@pytest.mark.parametrize("template", templates())
def test_without_headings_the_same_words_are_filed_the_same_way(template: str) -> None:
    text = "She denies fever. Blood pressure 120/80. Likely viral. We will wait. Follow up in 2 weeks."
    assert note(text, template) == note(text, template)
    assert note(text, template).data["filed_by"] == {"heading": 0, "wording": 5}


def test_own_template_without_roles_is_filed_by_headings(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("own") / "round.toml"
    file.write_text(
        'title = "Round"\nversion = "1"\n[[sections]]\nkey = "notes"\nheading = "Notes"\n'
        '[[sections]]\nkey = "jobs"\nheading = "Jobs"\nsynonyms = ["to do"]\n'
    )
    assert filed("Seen today. To do: bloods. Scan.", str(file)) == {
        "notes": ["Seen today."],
        "jobs": ["bloods.", "Scan."],
    }


SAID = (
    "Findings|Impression|Plan|plan:|PLAN:\n|TECHNIQUE:\n|Assessment.|assessment colon|colon cancer|the plan is to"
    "|as follows|under objective|history|Follow up.|Medications.|Allergies:|She denies|we will|lungs clear|moving on"
    "|on examination|On examination,|At discharge he|In summary,|okay so|Okay, plan.|, technique, |, comparison, none"
    "|, discharge medications, |, plan, and|S:|O: clear.|A/P:|P colon|1. Plan:|2) Assessment.|(3) Findings,"
    "|What she takes:|so, the numbers.|what I found|on the family side,|where we go from here|bloods, colon.|Gout."
    "|Medical reasoning: pain.|Medical treatment: rest."
    '|next heading|120/80|3.5 cm|Dr.|b.i.d.|"said"|1.|-|.|,|:|;|?|\n|\n\n'
)
PIECES = st.lists(st.sampled_from(SAID.split("|")), max_size=40)


@settings(deadline=None, max_examples=150)
@given(PIECES, st.sampled_from(templates()))
def test_no_word_is_lost_or_added(pieces: list[str], template: str) -> None:
    text = " ".join(pieces)
    result = note(text, template)
    assert [c for c in check(result.statements, typed(text)) if c.verdict != "supported"] == []
    spans = sorted((c.start, c.end) for s in result.statements for c in s.citations if c.kind == "transcript")
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet=st.sampled_from("ab .:,\n1-é{}[]?"), max_size=60))
def test_text_without_heading_words_is_filed_whole(text: str) -> None:
    result = note(text)
    said = sorted("".join(text.split()))
    assert sorted("".join("".join(s.text.split()) for s in result.statements)) == said
