"""Parts of a note announced in words that no template lists, and ordinary sentences made of the same words."""

import pytest

from pipelines.records import Engine, Transcript
from pipelines.tasks.note.announcements import announcement_in
from pipelines.tasks.note.filed import file_note
from pipelines.tasks.note.templates import load_template

SAID = (
    ("subjective", "Cough for three days."),
    ("subjective", "She has had asthma since childhood."),
    ("objective", "Temperature 37.2."),
    ("objective", "Lungs are clear to auscultation."),
    ("assessment", "Most likely viral bronchitis."),
    ("plan", "Rest and fluids."),
)
SPEAKERS = {
    "in plain words": (
        "What brings her in:|Things she has had before:|The numbers:|What I found when I listened:|What I make of it:"
        "|Where we go from here:"
    ),
    "in sentences": (
        "Here is why she came.|Her background.|Measurements taken today.|On my exam.|So my thinking.|What happens next."
    ),
    "with marks said": (
        "New paragraph, complaint, colon.|New paragraph, background, colon.|New paragraph, obs, colon."
        "|New paragraph, on examination, colon.|New paragraph, diagnosis, colon.|New paragraph, management, colon."
    ),
    "in passing": (
        "On the complaint front,|Background wise,|Turning to the obs,|Having a look at her,|So my feeling,"
        "|By way of a plan,"
    ),
    "in words of another language": (
        "Now the reason.|Now the anamnesis.|Now the parameters.|Now the physical status.|Now the evaluation."
        "|Now the procedere."
    ),
}


def filed(text: str, template: str = "soap") -> dict[str, list[str]]:
    transcript = Transcript(recording=None, raw=text, text=text, engine=Engine(name="typed", version="1"))
    sections = file_note(transcript, load_template(template)).data["sections"]
    return {key: sentences for key, sentences in sections.items() if sentences}


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_speakers_with_words_of_their_own(speaker: str) -> None:
    announced = SPEAKERS[speaker].split("|")
    note = " ".join(f"{words} {said}" for words, (_, said) in zip(announced, SAID, strict=True))
    sections = {key: " ".join(sentences) for key, sentences in filed(note).items()}
    assert {key: key in sections and said in sections[key] for key, said in SAID} == dict.fromkeys(sections, True)
    assert [said for key, said in SAID if said not in sections[key]] == []


@pytest.mark.parametrize(
    ("template", "text", "sections"),
    [
        (
            "discharge-summary",
            "Reason he was brought in. Chest pain. The stay. He was treated with heparin. Tablets to take home. Aspirin"
            " 81 mg daily. State on leaving. Pain free. What happens next. Clinic in two weeks.",
            "reason_for_admission hospital_course discharge_medications condition_at_discharge follow_up",
        ),
        (
            "radiology-report",
            "Why this was done: Cough. How it was done: Two views. Old films: None. Here is what I see. No effusion."
            " What I make of it: No pneumonia.",
            "indication technique comparison findings impression",
        ),
        (
            "consult-letter",
            "Why you sent her: Knee pain. Her story so far: Worse on stairs. What I found: Swollen knee. What the"
            " pictures show: A tear of the meniscus. What I think: Meniscal tear. What I suggest: Physiotherapy.",
            "reason_for_referral history examination investigations impression recommendations",
        ),
    ],
)
def test_each_shipped_template_is_announced(template: str, text: str, sections: str) -> None:
    assert list(filed(text, template)) == sections.split()


NOTE = (
    "History: Knee pain for a week. {subjective} It is worse on stairs. Examination: Knee swollen. {objective}"
    " Lachman negative. Assessment: Likely meniscal tear. {assessment} Gout is unlikely. Plan: MRI of the knee. {plan}"
    " Review in two weeks."
)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("subjective", "She takes her medication."),
        ("subjective", "The plan then was to wait."),
        ("subjective", "We discussed the plan at the last visit."),
        ("subjective", "His GP ordered tests."),
        ("subjective", "What he did next: he went home."),
        ("subjective", "What she wants is a scan."),
        ("objective", "He followed instructions."),
        ("objective", "Treatment was not needed."),
        ("objective", "Results were discussed with her."),
        ("assessment", "He wants to know what happens next."),
        ("assessment", "The results are back."),
        ("plan", "We discussed the results."),
        ("plan", "Blood tests."),
        ("plan", "Bring all medications to the next visit."),
    ],
)
def test_a_sentence_of_the_same_words_announces_nothing(section: str, sentence: str) -> None:
    without = {"subjective": "", "objective": "", "assessment": "", "plan": ""}
    wanted = {key: list(sentences) for key, sentences in filed(NOTE.format(**without)).items()}
    wanted[section].insert(1, sentence)
    assert filed(NOTE.format(**without | {section: sentence})) == wanted


@pytest.mark.parametrize(
    "sentence",
    [
        "Headache.",
        "Right knee pain.",
        "No medication.",
        "Hypertension: well controlled.",
        "Assessment of mood: low.",
        "She takes her medication.",
        "The plan of his doctor was to wait.",
        "120/80.",
        "Check bloods.",
        "",
    ],
)
def test_findings_are_no_announcements(sentence: str) -> None:
    assert announcement_in(sentence) is None


def test_a_name_alone_rules_nothing_where_the_note_has_no_form() -> None:
    said = filed("Dysuria for three days. Likely a urinary infection. Push fluids. Blood tests. Review in a week.")
    assert said["plan"] == ["Push fluids.", "Blood tests.", "Review in a week."]


def test_the_sentences_after_it_say_what_an_announcement_without_a_name_opens() -> None:
    said = filed("The story: Cough. At the bedside: Lungs are clear. Where I have landed: Likely viral. To do: Rest.")
    assert said["assessment"] == ["Where I have landed: Likely viral."]


def test_what_is_said_for_the_complaint_is_no_label() -> None:
    said = filed("What brings him in. Follow up. The story so far. He feels well. What I found. Alert. To do: Rest.")
    assert said["subjective"] == ["What brings him in.", "Follow up.", "The story so far.", "He feels well."]


def test_the_name_of_a_problem_stands_before_its_first_label() -> None:
    said = filed(
        "Assessment and plan. Gout. Medical reasoning: Typical pain. Medical treatment: Colchicine 500 mg."
        " Systolic ejection murmur. Medical reasoning: Stable. Patient agreements: He agrees."
    )
    assert said["assessment"] == [
        "Gout.",
        "Medical reasoning: Typical pain.",
        "Systolic ejection murmur.",
        "Medical reasoning: Stable.",
    ]
    assert said["plan"][-1] == "Patient agreements: He agrees."


def test_a_label_among_others_of_its_section_stays() -> None:
    said = filed(
        "What he says: cough. What I can see and feel: Neck. Auscultation of heart: Regular. Examination: No edema."
        " What I think: a cold. What we do: wait."
    )
    assert said["objective"][-1] == "Examination: No edema."
