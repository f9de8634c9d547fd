"""A clinical question with documents attached: answered from their pages, line by line, or said not to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.runner import Outcome, Runner
from assistant.settings import Settings
from pipelines.errors import BAD_INPUT, DONE, MODEL_NEEDED, OUR_FAULT
from pipelines.records import Kind, PageCitation, Result, RunState, Status, TaskName
from tests.support.led import LedGenerator, text_of

LEAFLET = """\
Renalium 10 mg film-coated tablets

Dose in adults: 10 mg once daily with food.
In severe renal impairment (eGFR below 30 mL/min) the dose is 5 mg once daily.
\fInteractions
Avoid with potassium supplements.
"""
ASKED = "what dose of renalium in severe renal impairment"


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> LedGenerator:
    made = LedGenerator(says=((("page 1",), "In severe renal impairment the dose is 5 mg once daily."),))
    monkeypatch.setattr("assistant.engines.generator_of", lambda _: made)
    return made


@pytest.fixture
def runner(tmp_path: Path, generator: LedGenerator) -> Iterator[Runner]:
    with open_runner(Settings(data_dir=tmp_path / "data"), generator=generator) as opened:
        yield opened


def question(tmp_path: Path, *texts: str, asked: str = ASKED) -> Given:
    attached = []
    for n, text in enumerate(texts or (LEAFLET,)):
        path = tmp_path / f"leaflet{n}.txt"
        path.write_text(text, encoding="utf-8")
        attached.append(GivenAttachment(path, Kind.DOCUMENT))
    return Given(text=asked, task=TaskName.CLINICAL_QUESTION, attachments=tuple(attached))


def result_of(outcome: Outcome) -> Result:
    assert outcome.view.result is not None, outcome.view.error
    return outcome.view.result


def test_every_sentence_cites_the_line_of_its_page(runner: Runner, generator: LedGenerator, tmp_path: Path) -> None:
    done = runner.submit(question(tmp_path))
    assert done.exit_code == DONE, done.view.error
    [statement] = result_of(done).statements
    [citation] = statement.citations
    assert isinstance(citation, PageCitation)
    assert (citation.page, citation.text) == (
        1,
        "In severe renal impairment (eGFR below 30 mL/min) the dose is 5 mg once daily.",
    )
    assert citation.box is not None
    assert {(each.verdict, each.aspect) for each in done.view.checks} == {
        ("supported", "as-generated"),
        ("supported", "citation"),
        ("supported", "figures"),
        ("not-checkable", "content"),
    }
    [ask] = generator.asks
    assert "[page 1]\nRenalium 10 mg film-coated tablets" in text_of(ask)
    assert "[page 2]\nInteractions" in text_of(ask)
    assert "leaflet0" not in text_of(ask)
    assert ask.prompt.startswith("clinical-question-documents@1 ")
    assert ask.shared == 1
    assert runner.log.verify().ok


@pytest.mark.parametrize(
    ("sources", "text", "said"),
    [
        (("page 1",), "The dose is 50 mg once daily.", "figure"),
        (("page 1",), "The dose is 5 mL once daily.", "figure"),
        (("page 7",), "The dose is 5 mg once daily.", "was not there"),
        ((), "The dose is 5 mg once daily.", "named nothing"),
        (("page 2",), "Hypertension is common.", "no words of the page"),
    ],
)
def test_what_the_pages_do_not_bear_out_is_left_out(
    runner: Runner, generator: LedGenerator, tmp_path: Path, sources: tuple[str, ...], text: str, said: str
) -> None:
    generator.says = (*generator.says, (sources, text))
    result = result_of(runner.submit(question(tmp_path)))
    assert [s.text for s in result.statements] == ["In severe renal impairment the dose is 5 mg once daily."]
    assert said in (result.message or "")
    assert text not in result.model_dump_json()


def test_what_the_documents_do_not_answer_is_said_to_be_not_of_them(
    runner: Runner, generator: LedGenerator, tmp_path: Path
) -> None:
    generator.answers = ('{"answered": "no", "sentences": []}', "It is 81 mg. Ask a pharmacist.")
    result = result_of(runner.submit(question(tmp_path, asked="what is the usual dose of aspirin")))
    assert [s.text for s in result.statements] == ["It is 81 mg.", "Ask a pharmacist."]
    assert all(statement.citations == () for statement in result.statements)
    assert "documents do not answer this; what follows is not of them" in (result.message or "")


def test_pages_of_several_documents_are_told_apart(runner: Runner, generator: LedGenerator, tmp_path: Path) -> None:
    generator.says = ((("B page 1",), "Avoid in pregnancy."), (("A page 2",), "Avoid with potassium supplements."))
    result = result_of(runner.submit(question(tmp_path, LEAFLET, "Warnings\nAvoid in pregnancy.\n")))
    cited = [(c.attachment, c.page) for s in result.statements for c in s.citations if isinstance(c, PageCitation)]
    names = {each["attachment"]: each["name"] for each in result.data["documents"]}
    assert [(names[attachment], page) for attachment, page in cited] == [("leaflet1.txt", 1), ("leaflet0.txt", 2)]


def test_the_pages_with_the_words_of_the_question_are_shown_first(
    runner: Runner, generator: LedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.tasks.clinical_documents._PAGES", 2)
    pages = [f"Chapter {n}\nNothing of the matter.\n" for n in range(1, 9)]
    pages[5] = "Chapter 6\nIn severe renal impairment the dose is 5 mg once daily.\n"
    generator.says = ((("page 6",), "In severe renal impairment the dose is 5 mg once daily."),)
    result = result_of(runner.submit(question(tmp_path, "\f".join(pages))))
    [citation] = result.statements[0].citations
    assert isinstance(citation, PageCitation)
    assert citation.page == 6
    assert "Of 8 pages the 2 that have most of the question's words were shown." in (result.message or "")


def test_without_a_model_it_waits_and_nothing_is_read(
    runner: Runner, generator: LedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator.ready = False
    monkeypatch.setattr("pipelines.documents.read_once", lambda *_: 1 / 0)
    waiting = runner.submit(question(tmp_path))
    assert waiting.exit_code == MODEL_NEEDED
    assert result_of(waiting).status is Status.NEEDS_MODEL


def test_an_answer_that_never_ended_fails_the_run(runner: Runner, generator: LedGenerator, tmp_path: Path) -> None:
    generator.finish_reason = "no-answer"
    failed = runner.submit(question(tmp_path))
    assert (failed.exit_code, failed.view.state) == (OUR_FAULT, RunState.FAILED)
    assert len(generator.asks) == 1, "what was not finished is no reason to answer without the documents"


def test_a_document_that_cannot_be_read_is_left_out_and_that_is_said_first(
    runner: Runner, generator: LedGenerator, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nno more of it")
    given = question(tmp_path)
    done = runner.submit(
        Given(text=given.text, task=given.task, attachments=(*given.attachments, GivenAttachment(broken)))
    )
    assert done.exit_code == DONE, done.view.error
    assert (result_of(done).message or "").startswith("broken.pdf is not used, it is a PDF that cannot be read")
    assert {c.attachment for s in result_of(done).statements for c in s.citations if isinstance(c, PageCitation)} == {
        done.view.attachments[0].sha256
    }
    refused = runner.submit(Given(text=given.text, task=given.task, attachments=(GivenAttachment(broken),)))
    assert refused.exit_code == BAD_INPUT
    assert (refused.view.error or "").startswith("broken.pdf: ")


def test_what_was_read_is_not_read_again(runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as cut:
        cut.setattr("pipelines.tasks.clinical_documents._told", lambda *_: 1 / 0)
        failed = runner.submit(question(tmp_path))
        assert failed.view.state is RunState.FAILED
    monkeypatch.setattr("pipelines.evidence.documents.reading.read_document", lambda *_, **__: 1 / 0)
    assert runner.resume(failed.view.id).exit_code == DONE
