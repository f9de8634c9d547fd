"""The routing rules, one by one, through the shipped router."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.records import Kind, TaskName
from pipelines.routing import Router

CXR, FILM, SKIN, EYE = Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.DERMATOLOGY, Kind.FUNDUS
IMAGE, CT, MR, SLIDE = Kind.IMAGE, Kind.CT_SERIES, Kind.MR_SERIES, Kind.WHOLE_SLIDE
LAB, CHART, PDF = Kind.LAB_REPORT, Kind.FHIR_RECORD, Kind.DOCUMENT


@pytest.fixture(scope="module")
def router() -> Router:
    return Router.load()


RULES = [
    (0, "This image is a chest x-ray. Please report it.", [IMAGE], "chest-xray-report"),
    (0, "The PDF is her lab report, what is the potassium?", [PDF], "lab-report"),
    (0, "The attached guideline PDF, what does it recommend for first line treatment?", [PDF], "clinical-question"),
    (1, "Not this film, in general, how do you treat a pneumothorax?", [CXR], "clinical-question"),
    (1, "What is the usual dose of enoxaparin in renal failure?", [], "clinical-question"),
    (2, "Chest clear, abdomen soft, no oedema. Plan is to go home tomorrow.", [], "dictation-note"),
    (
        2,
        "Comparison is made with the film of Monday. The effusion is smaller. No pneumothorax.",
        [CXR],
        "dictation-note",
    ),
    (2, "patient seen comma pain better full stop why did she fall question mark plan physio", [], "dictation-note"),
    (3, "Please read this chest film.", [CXR], "chest-xray-report"),
    (3, "Is there a pneumothorax?", [CXR], "image-question"),
    (3, "Where is the tip of the NG tube?", [CXR], "anatomy-localization"),
    (3, "outline the heart", [CXR], "anatomy-localization"),
    (3, "Please report the knee x-ray.", [FILM], "image-question"),
    (4, "What has changed between the two films?", [CXR, CXR], "chest-xray-comparison"),
    (4, "Report only the newer film please.", [CXR, CXR], "chest-xray-report"),
    (5, "Is there a clot?", [CT], "ct-volume"),
    (5, "Where is the tumour?", [MR], "mri-volume"),
    (5, "Summarise what the slide shows.", [SLIDE], "slide-review"),
    (6, "When was her last colonoscopy?", [CHART], "record-question"),
    (6, "Give me a handover on this patient.", [CHART], "record-summary"),
    (7, "Which values are flagged on this lab sheet?", [LAB], "lab-report"),
    (7, "Not the sheet, what was the creatinine in the chart last year?", [LAB, CHART], "record-question"),
    (8, "Read the chest film first, then summarise the chart.", [CXR, CHART], "chest-xray-report"),
    (8, "Report the chest film and list his allergies.", [CXR, CHART], None),
    (9, "What does the CT show?", [], None),
    (9, "Read this chest film.", [EYE], None),
    (9, "Report the scan please.", [CT, MR], None),
    (9, "read this", [PDF], None),
    (9, "Order a repeat potassium for tomorrow morning.", [CHART], None),
    (9, "play some music", [], None),
]


@pytest.mark.parametrize(("rule", "text", "kinds", "task"), RULES)
def test_rule(router: Router, rule: int, text: str, kinds: list[Kind], task: str | None) -> None:
    decision = router.decide(text, kinds)
    assert decision.task == task
    assert (decision.question is not None) == (task is None)


@pytest.mark.parametrize("text", ["", "   ", "uh", "thank you", "Um, okay.", "[cough]", "...", "{pause}"])
@pytest.mark.parametrize("kinds", [[], [CXR], [CT], [CHART, LAB]])
def test_noise_is_asked_back(router: Router, text: str, kinds: list[Kind]) -> None:
    decision = router.decide(text, kinds)
    assert decision.task is None
    assert decision.question is not None


def test_the_inferred_kind_of_an_image_is_recorded(router: Router) -> None:
    assert router.decide("This image is a chest x-ray. Please report it.", [CHART, IMAGE]).inferred_kinds == (CXR,)
    assert router.decide("The PDF is her lab report, what is the potassium?", [PDF]).inferred_kinds == (LAB,)


def test_a_known_kind_is_not_inferred_again(router: Router) -> None:
    decision = router.decide("Which values are flagged on this lab sheet?", [LAB, PDF])
    assert decision.task is TaskName.LAB_REPORT
    assert decision.inferred_kinds == ()


def test_the_question_names_what_is_missing(router: Router) -> None:
    question = router.decide("Read this chest film and write the report.", []).question
    assert question is not None
    assert "attach the chest film" in question


def test_order_of_attachments_means_nothing(router: Router) -> None:
    text = "Is there an effusion on the film?"
    assert router.decide(text, [CXR, CHART, LAB]) == router.decide(text, [LAB, CXR, CHART])


def test_hours_of_dictation_are_decided(router: Router) -> None:
    text = "The patient was seen on the ward. Chest clear, abdomen soft. Plan continue antibiotics. " * 2500
    assert router.decide(text, []).task is TaskName.DICTATION_NOTE


NEEDS = {
    TaskName.RECORD_QUESTION: {CHART},
    TaskName.RECORD_SUMMARY: {CHART},
    TaskName.LAB_REPORT: {LAB, PDF, IMAGE},
    TaskName.IMAGE_QUESTION: {CXR, FILM, SKIN, EYE, Kind.HISTOPATHOLOGY_PATCH, IMAGE},
    TaskName.CHEST_XRAY_REPORT: {CXR, IMAGE},
    TaskName.CHEST_XRAY_COMPARISON: {CXR, IMAGE},
    TaskName.ANATOMY_LOCALIZATION: {CXR, IMAGE},
    TaskName.CT_VOLUME: {CT},
    TaskName.MRI_VOLUME: {MR},
    TaskName.SLIDE_REVIEW: {SLIDE},
}


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.sampled_from([text for _, text, _, _ in RULES])),
    st.lists(st.sampled_from(list(Kind)), max_size=4),
)
def test_no_task_without_what_it_needs(text: str, kinds: list[Kind]) -> None:
    decision = SHIPPED.decide(text, kinds)
    assert 0 <= decision.confidence <= 1
    if decision.task in NEEDS:
        fitting = sum(kind in NEEDS[decision.task] for kind in kinds)
        assert fitting >= (2 if decision.task is TaskName.CHEST_XRAY_COMPARISON else 1)
    assert (decision.task is None) == (decision.question is not None)


SHIPPED = Router.load()
