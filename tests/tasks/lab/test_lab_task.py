"""The task `lab-report` through a run: rows that cite their place, another patient, a second reading by a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.runner import Runner
from assistant.settings import Settings
from pipelines.checks.lab_report import check
from pipelines.errors import DONE, PERSON_NEEDED
from pipelines.evidence.documents.document import Document
from pipelines.evidence.documents.page import Page
from pipelines.evidence.documents.text_file import text_pages
from pipelines.models.medgemma.generator import MedGemma
from pipelines.records import Engine, Kind, PageCitation, TaskName
from pipelines.tasks.lab.report import reports_in
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.support.engines import ScriptedGenerator
from tests.support.lab_layouts import result_first, urinalysis
from tests.support.lab_made_up import made_up
from tests.support.opening import result_of
from tests.support.scanned import page_of
from tests.support.tiny_medgemma import build_random

REPORT = b"""\
Mill Lane Clinical Laboratory

Patient: Ada Example   DOB: 1980-02-03   MRN: 4711
Collected: 2024-03-01

Chemistry
Test          Result   Flag   Units     Reference
Potassium     5.9      L      mmol/L    3.5-5.1
Sodium        139             mmol/L    135-145
Ferritin                      ng/mL     15-150
"""
GERMAN = """\
Der Patient wurde mit Schmerzen in der Brust aufgenommen und nach zwei Tagen wieder nach Hause entlassen.
Die Werte waren bei der Aufnahme nicht auffällig, und das Blutbild ist auch nach der Behandlung normal.
Untersuchung    Ergebnis   Einheit   Referenz
Kalium          5,9        mmol/l    3,5-5,1
"""


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator(ready=False)


def given(path: Path, *, patient: str | None = None, kind: Kind | None = Kind.LAB_REPORT) -> Given:
    return Given(
        text="list the values of this lab report", task=TaskName.LAB_REPORT, patient=patient,
        attachments=(GivenAttachment(path, kind),),
    )  # fmt: skip


def written(tmp_path: Path, content: bytes = REPORT, name: str = "report.txt") -> Path:
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def test_every_row_is_a_statement_that_cites_its_place(runner: Runner, tmp_path: Path) -> None:
    done = runner.submit(given(written(tmp_path)))
    assert done.exit_code == DONE
    result = result_of(done)
    potassium, sodium, ferritin = result.statements
    assert potassium.text == (
        "Potassium: 5.9 mmol/L; reference 3.5-5.1; flagged L (low); "
        "the flag does not agree with the range, by which it is high."
    )
    assert (potassium.origin, potassium.section) == ("read", "Chemistry")
    [cited] = sodium.citations
    assert isinstance(cited, PageCitation)
    assert (cited.page, cited.text) == (1, "Sodium 139 mmol/L 135-145")
    assert cited.box is not None
    assert ferritin.text == "Not understood: Ferritin ng/mL 15-150 (no result stands in the row)."
    assert {check.verdict for check in done.view.checks} == {"supported"}
    [(sha256, report)] = reports_in(result)
    assert sha256 == done.view.attachments[0].sha256
    assert report.rows[0].flag_disagrees


def test_a_report_in_a_pdf_is_shown_with_its_rows_marked(runner: Runner, tmp_path: Path) -> None:
    done = runner.submit(given(written(tmp_path, urinalysis(made_up(3)), "urine.pdf")))
    [report] = result_of(done).data["reports"]
    [shown] = report["shown"]
    assert shown["page"] == 1
    assert runner.log.store.get(shown["picture"]).startswith(b"\x89PNG")
    assert runner.log.verify().ok
    runner.log.store.path(shown["picture"]).unlink()
    assert "is missing (results row" in (runner.log.verify().problem or "")
    assert {check.verdict for check in done.view.checks} == {"supported"}


def test_another_patient_s_report_waits_for_a_person(runner: Runner, tmp_path: Path) -> None:
    waiting = runner.submit(given(written(tmp_path), patient="12"))
    assert waiting.exit_code == PERSON_NEEDED
    assert "Ada Example (4711), the run about patient 12" in (result_of(waiting).message or "")
    assert runner.resume(waiting.view.id, same_patient=True).exit_code == DONE


def test_the_patient_s_own_report_asks_nothing(runner: Runner, tmp_path: Path) -> None:
    done = runner.submit(given(written(tmp_path), patient="4711"))
    assert done.exit_code == DONE
    assert done.view.attachments[0].patient is not None


def test_without_a_table_that_is_said(runner: Runner, tmp_path: Path) -> None:
    letter = written(tmp_path, b"Dear colleague,\nall is well with the patient.\n", "letter.txt")
    waiting = runner.submit(given(letter))
    assert waiting.exit_code == PERSON_NEEDED
    assert result_of(waiting).message == (
        "letter.txt: no table of results was found in it. Go on with another: "
        f"assistant resume {waiting.view.id} --without NAME --attach lab-report=PATH"
    )
    report = GivenAttachment(written(tmp_path), Kind.LAB_REPORT)
    done = runner.resume(waiting.view.id, without=["letter.txt"], attach=[report])
    assert done.exit_code == DONE
    assert len(result_of(done).statements) == 3


def test_a_report_in_another_language_is_said_and_not_guessed(runner: Runner, tmp_path: Path) -> None:
    waiting = runner.submit(given(written(tmp_path, GERMAN.encode())))
    assert waiting.exit_code == PERSON_NEEDED
    assert result_of(waiting).statements == ()
    assert "German" in (result_of(waiting).message or "")


def test_without_a_report_one_is_asked_for(runner: Runner) -> None:
    waiting = runner.submit(Given(text="list the lab values", task=TaskName.LAB_REPORT))
    assert waiting.exit_code == PERSON_NEEDED
    assert "--attach lab-report=PATH" in (result_of(waiting).message or "")


def test_a_row_that_does_not_stand_there_is_contradicted(runner: Runner, tmp_path: Path) -> None:
    result = result_of(runner.submit(given(written(tmp_path))))
    data = json.loads(json.dumps(result.data))
    data["reports"][0]["report"]["rows"][1]["value"] = "193"
    wrong = result.statements[1].model_copy(update={"text": "Sodium: 193 mmol/L; reference 135-145."})
    forged = result.model_copy(update={"data": data, "statements": (result.statements[0], wrong)})
    verdicts = {(c.statement, c.aspect): c.verdict for c in check(forged, runner.log.store)}
    assert verdicts[0, "figures"] == "supported"
    assert verdicts[1, "place"] == "supported"
    assert verdicts[1, "figures"] == "contradicted"
    assert verdicts[1, "flag"] == "contradicted"


def as_picture(
    monkeypatch: pytest.MonkeyPatch, confidence: float = 1.0, reads: Mapping[str, str] | None = None
) -> None:
    """Whatever is attached reads as the report above, as text recognition would give it."""
    [page] = text_pages(REPORT, "report.txt")
    words = tuple(
        word.model_copy(update={"confidence": confidence, "text": (reads or {}).get(word.text, word.text)})
        for word in page.words
    )
    read = Page(number=1, width=page.width, height=page.height, source="ocr", words=words)
    engine = Engine(name="rapidocr", version="1", weights_sha256="1" * 64)
    document = Document(pages=(read,), page_count=1, engines=(engine,), language="en")
    monkeypatch.setattr("pipelines.evidence.documents.reading.read_document", lambda data, name, **_: document)


def test_a_picture_that_was_read_once_says_so_and_what_is_unsure(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_picture(monkeypatch, confidence=0.5)
    page_of(result_first(made_up(1))).save(tmp_path / "scan.png")
    done = runner.submit(given(tmp_path / "scan.png"))
    result = result_of(done)
    assert "no model that sees images is ready for a second reading" in (result.message or "")
    assert "2 of 2 rows are to be checked" in (result.message or "")
    assert "TO BE CHECKED: the value is doubtful" in result.statements[1].text
    assert {c.verdict for c in done.view.checks if c.aspect == "figures"} == {"not-checkable"}
    assert [call.engine.name for call in done.view.model_calls] == ["rapidocr"]


def test_a_figure_that_seems_raised_is_one_of_the_number_and_doubtful(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_picture(monkeypatch, reads={"139": "13⁹"})
    page_of(result_first(made_up(1))).save(tmp_path / "scan.png")
    done = runner.submit(given(tmp_path / "scan.png"))
    assert done.exit_code == DONE
    [(_, report)] = reports_in(result_of(done))
    assert (report.rows[1].value, report.rows[1].read) == ("139", "Sodium 13⁹ mmol/L 135-145")
    assert [doubt.cell for doubt in report.rows[1].doubts] == ["value"]


ROW = {"test": "Sodium", "value": "139", "unit": "mmol/L", "ref_low": "135", "ref_high": "145", "flag": ""}
WRONG = {"test": "Potassium", "value": "5.4", "unit": "mmol/L", "ref_low": "3.5", "ref_high": "5.1", "flag": "L"}
MORE = {**ROW, "test": "Chloride", "value": "101"}


def test_only_pictures_are_shown_to_a_model_and_only_after_that_was_confirmed(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator.ready = True
    assert runner.submit(given(written(tmp_path))).exit_code == DONE
    as_picture(monkeypatch)
    page_of(result_first(made_up(1))).save(tmp_path / "scan.png")
    asked = runner.submit(given(tmp_path / "scan.png"))
    assert asked.exit_code == PERSON_NEEDED
    assert "assistant confirm research-use" in (result_of(asked).message or "")
    assert generator.asks == []


def test_a_model_reads_the_picture_as_well_and_both_readings_are_shown(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_picture(monkeypatch)
    generator.ready = True
    generator.answers = (json.dumps({"rows": [ROW, WRONG]}), json.dumps({"rows": [ROW, MORE]}))
    confirm(runner.log, RESEARCH_USE)
    page_of(result_first(made_up(1))).save(tmp_path / "scan.png")
    done = runner.submit(given(tmp_path / "scan.png"))
    result = result_of(done)
    [(_, report)] = reports_in(result)
    potassium, sodium = report.rows
    assert potassium.value == "5.9"
    assert "the model reads 5.4" in [doubt.why for doubt in potassium.doubts]
    assert sodium.doubts == ()
    assert "only the model reads Chloride: 101 mmol/L (135-145)" in (result.message or "")
    assert len(generator.asks) == 2
    assert [len(ask.frames) for ask in generator.asks] == [1, 1]
    first = next(iter((generator.asks[0].json_schema or {"properties": {"rows": 0}})["properties"]))
    assert first == "rows"


def test_a_model_that_comes_to_no_end_leaves_the_first_reading(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_picture(monkeypatch)
    generator.ready, generator.finish_reason = True, "loop"
    confirm(runner.log, RESEARCH_USE)
    page_of(result_first(made_up(1))).save(tmp_path / "scan.png")
    result = result_of(runner.submit(given(tmp_path / "scan.png")))
    [(_, report)] = reports_in(result)
    assert [row.value for row in report.rows] == ["5.9", "139"]
    assert "page 1 has no second reading that can be used: the model said the same over and over" in (
        result.message or ""
    )


@pytest.mark.long
def test_the_real_engine_is_shown_the_page_and_held_to_the_form(tmp_path: Path) -> None:
    """The real classes on random weights, with real pictures and a real reader: what they write is rows or is cut, and
    the first reading stands."""
    folder = build_random(tmp_path / "model", text={"max_position_embeddings": 8192})
    generator = MedGemma(ModelFolder(folder, MEDGEMMA), 1, "cpu", "float32")
    (tmp_path / "prompts").mkdir()
    shipped = (Path(__file__).parents[3] / "prompts" / "lab-report.md").read_text()
    (tmp_path / "prompts" / "lab-report.md").write_text(shipped.replace("budget = 4000", "budget = 200"))
    page_of(result_first(made_up(1))).save(tmp_path / "scan.png")
    settings = Settings(data_dir=tmp_path / "data", prompts_dir=tmp_path / "prompts")
    with open_runner(settings, generator=generator) as runner:
        confirm(runner.log, RESEARCH_USE)
        done = runner.submit(given(tmp_path / "scan.png"))
        assert done.exit_code == DONE, done.view.error
        calls = [call for call in done.view.model_calls if call.engine.name == "medgemma"]
        assert calls
        assert all((call.prompt or "").startswith("lab-report@1") for call in calls)
        asked = [exchange.ask for exchange in runner.log.exchanges(done.view.id)]
        assert all(len(ask.frames) == 1 and ask.json_schema for ask in asked)
        [(_, report)] = reports_in(result_of(done))
        assert len(report.rows) > 20
        assert "second" in (result_of(done).message or "") or "twice" in (result_of(done).message or "")
        assert runner.log.verify().ok
