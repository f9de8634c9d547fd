"""What a model said of a record or a document is held against it again; what does not stand there is contradicted."""

from __future__ import annotations

import pytest

from assistant.sessions import SessionLog
from pipelines.checks import cited, pages
from pipelines.evidence.documents.document import Document
from pipelines.evidence.documents.page import Page, PlacedWord
from pipelines.records import Citation, PageCitation, RecordCitation, Result, Statement, Status
from tests.support.charts import ATTACHMENT, LONG_ID, TODAY, record

POTASSIUM = f"Observation/{LONG_ID}3"


def at(resource: str, path: str, value: str, attachment: str = ATTACHMENT) -> RecordCitation:
    return RecordCitation(attachment=attachment, resource=resource, path=path, value=value)


VALUE = at(POTASSIUM, "valueQuantity.value", "5.9")
UNIT = at(POTASSIUM, "valueQuantity.unit", "mmol/L")
DATE = at(POTASSIUM, "effectiveDateTime", "2026-03-04T08:10:00Z")
EARLIER = at(f"Observation/{LONG_ID}1", "valueQuantity.value", "4.1")
BIRTH = at("Patient/p1", "birthDate", "1950-01-02")


def said(text: str, *citations: Citation, answer: str | None = None, **data: object) -> Result:
    statement = Statement(text=text, origin="generated", citations=citations)
    about = {"answer": text if answer is None else answer, "today": TODAY.isoformat(), **data}
    return Result(task=None, status=Status.DRAFT, statements=(statement,), data=about)


def wrong(result: Result, log: SessionLog) -> list[tuple[str, str | None]]:
    checks = cited.check(result, record(), log.store)
    return [(each.aspect, each.statement_text) for each in checks if each.verdict == "contradicted"]


@pytest.mark.parametrize(
    ("text", "citations"),
    [
        ("Potassium is 5.9 mmol/L on 4 March 2026.", (VALUE, UNIT, DATE)),
        ("It rose by 1.8 mmol/L.", (VALUE, UNIT, EARLIER)),
        ("She is 76 years old.", (BIRTH,)),
        ("Two values of potassium are recorded.", (VALUE, EARLIER)),
    ],
)
def test_what_stands_there_is_supported(log: SessionLog, text: str, citations: tuple[Citation, ...]) -> None:
    assert wrong(said(text, *citations), log) == []


@pytest.mark.parametrize(
    ("text", "citations", "aspect"),
    [
        ("Potassium is 5.9.", (), "citation"),
        ("Potassium is 5.9.", (at(POTASSIUM, "valueQuantity.value", "5.8"),), "citation"),
        ("Potassium is 5.9.", (at("Observation/none", "valueQuantity.value", "5.9"),), "citation"),
        ("Potassium is 5.9.", (at(POTASSIUM, "valueQuantity.value", "5.9", "f" * 64),), "citation"),
        ("Potassium is 6.9.", (VALUE,), "number"),
        ("Potassium is 5.9 mg/dL.", (VALUE, UNIT), "unit"),
        ("Potassium is 5.9 since 2025-03-04.", (VALUE, DATE), "date"),
        ("She is 77 years old.", (BIRTH,), "number"),
        ("Three values of potassium are recorded.", (VALUE, EARLIER), "number"),
    ],
)
def test_what_does_not_is_contradicted(
    log: SessionLog, text: str, citations: tuple[Citation, ...], aspect: str
) -> None:
    [(found, _)] = wrong(said(text, *citations), log)
    assert found == aspect


def test_words_that_the_model_did_not_say_are_contradicted(log: SessionLog) -> None:
    assert [aspect for aspect, _ in wrong(said("It is 5.9.", VALUE, answer="It was."), log)] == ["as-generated"]


def test_looked_up_and_generated_statements_keep_their_places(log: SessionLog) -> None:
    generated = said("It is 5.9.", VALUE).statements[0]
    absent = Statement(text="Vaccinations: none recorded in this record.", origin="looked-up")
    made_up = Statement(text="Allergies: none recorded in this record.", origin="looked-up")
    data = {"answer": "It is 5.9. It is 5.9.", "today": TODAY.isoformat()}
    result = Result(task=None, status=Status.DRAFT, statements=(absent, generated, made_up, generated), data=data)
    checks = cited.check(result, record(), log.store)
    assert [(each.statement, each.verdict) for each in checks if each.aspect == "absence"] == [
        (0, "supported"),
        (2, "contradicted"),
    ]
    assert {each.statement for each in checks if each.aspect == "figures"} == {1, 3}


def page(number: int, *lines: str) -> Page:
    words = tuple(
        PlacedWord(text=word, box=(n / 40, row / 40, (n + 0.9) / 40, (row + 1) / 40))
        for row, line in enumerate(lines)
        for n, word in enumerate(line.split())
    )
    return Page(number=number, width=400, height=400, source="text-layer", words=words)


@pytest.mark.parametrize(
    ("text", "cited_page", "line", "aspect"),
    [
        ("Give 5 mg once daily.", 1, "the dose is 5 mg once daily", None),
        ("Give 50 mg once daily.", 1, "the dose is 5 mg once daily", "number"),
        ("Give 5 mL once daily.", 1, "the dose is 5 mg once daily", "unit"),
        ("Give 5 mg once daily.", 1, "the dose is 7 mg once daily", "citation"),
        ("Give 5 mg once daily.", 2, "the dose is 5 mg once daily", "citation"),
        ("Give 5 mg once daily.", 9, "the dose is 5 mg once daily", "citation"),
    ],
)
def test_a_sentence_is_held_against_the_page_that_it_cites(
    log: SessionLog, text: str, cited_page: int, line: str, aspect: str | None
) -> None:
    document = Document(
        pages=(page(1, "Renalium", "the dose is 5 mg once daily"), page(2, "Avoid in pregnancy")), page_count=2
    )
    kept = {"attachment": ATTACHMENT, "text_sha256": log.store.put(document.canonical())}
    place = PageCitation(attachment=ATTACHMENT, page=cited_page, text=line)
    checks = pages.check(said(text, place, documents=[kept]), log.store)
    assert [each.aspect for each in checks if each.verdict == "contradicted"] == ([aspect] if aspect else [])
