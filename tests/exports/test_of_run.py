"""What is written down of a run."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile

import pypdfium2
import pytest
from PIL import Image

from assistant.exports.document import Document, Picture, Said, Table
from assistant.exports.exporting import Format, export
from assistant.exports.of_run import document_of
from assistant.sessions import SessionLog
from pipelines.errors import UsageProblem
from pipelines.fhir.lab_reading import read_lab_bundle
from pipelines.ports import Key
from pipelines.records import (
    Check,
    Engine,
    ImageCitation,
    PageCitation,
    Result,
    Review,
    RunState,
    Statement,
    Status,
    TaskName,
)
from tests.sessions.a_run import exercise, request, result
from tests.support.fhir_validation import problems
from tests.support.lab_rows import REPORT

#: The others hold marked regions alone, and pictures alone.
FOR_ALL = tuple(format_ for format_ in Format if format_ not in (Format.DICOM_SR, Format.PNG))
READER = Engine(name="rapidocr", version="3.10.0", model="PP-OCRv6")


def finished(log: SessionLog, made: Result, checks: tuple[Check, ...] = ()) -> str:
    """A run that ends with this result."""
    run = log.accept(request(log), log.session("desk"), again=True)
    log.set_state(run, RunState.RUNNING)
    log.journal.record(Key(run, "task", "4" * 64), made)
    log.journal.record(Key(run, "check", "5" * 64), Review(result=made.digest(), checks=checks))
    log.finish(run, made.digest())
    return run


def document(log: SessionLog, run: str) -> Document:
    return document_of(log.run(run), log.store)


def lab_result(log: SessionLog) -> Result:
    attachment = request(log).attachments[0].sha256
    lines = (*REPORT.rows, *REPORT.not_understood)
    statements = tuple(
        Statement(
            text=f"Line {n}",
            origin="read",
            citations=(PageCitation(attachment=attachment, page=one.page, box=one.box, text="x"),),
        )
        for n, one in enumerate(lines)
    )
    read = {
        "attachment": attachment,
        "read_by": [READER.model_dump(mode="json")],
        "report": REPORT.model_dump(mode="json"),
    }
    return Result(
        task=TaskName.LAB_REPORT, status=Status.DRAFT, statements=statements, data={"reports": [read]}, message="Look."
    )


def test_who_what_and_by_whom(log: SessionLog) -> None:
    made = document(log, exercise(log))
    facts = dict(made.facts)
    assert facts["patient"] == "Ada Example (p-1), born 1950-01-02"
    assert facts["status"] == "draft"
    assert facts["heard by"] == "whisper, base, r1 (not MedASR)"
    assert facts["recording"] == "dictation.wav, 2.5 s"
    assert made.notices == ("For research and development, not for diagnosis.", "Draft: nobody has approved it.")
    [(heading, warnings)] = made.closing
    assert (heading, warnings) == ("Warnings", ("quiet", "two pages", "clipped"))


def test_every_statement_with_its_source_and_verdict(log: SessionLog) -> None:
    made = document(log, exercise(log))
    assert [(one.number, one.origin, one.verdict) for one in made.sources] == [
        (1, "dictated", "supported"),
        (2, "inserted", "not-checkable"),
    ]
    assert made.sources[0].where == "Observation/1: valueQuantity; said at 0.0-1.4 s"
    [first], [second] = (section.blocks for section in made.sections)
    assert first == Said(1, "Chest clear today.")
    assert second == Said(2, "Seen again.", ("inserted", "not checked: nothing to hold it against"))


@pytest.mark.parametrize(("verdict", "mark"), [("contradicted", "contradicted"), ("unsupported", "not supported")])
def test_what_does_not_hold_says_so_where_it_stands(log: SessionLog, verdict: str, mark: str) -> None:
    worst = Check(statement=0, verdict=verdict, aspect="numbers")  # type: ignore[arg-type]
    fine = Check(statement=0, verdict="supported", aspect="words")
    made = document(log, finished(log, result(), (fine, worst)))
    [said] = made.sections[0].blocks
    assert isinstance(said, Said)
    assert mark in said.marks[0]
    assert "not checked" in made.sources[1].verdict


def test_standing_is_told(log: SessionLog) -> None:
    assert "Rejected" in document(log, finished(log, result(status=Status.REJECTED))).notices[1]
    assert len(document(log, finished(log, result(status=Status.SIGNED))).notices) == 1


def test_rows_stand_in_tables_by_the_numbers_of_their_statements(log: SessionLog) -> None:
    made = document(log, finished(log, lab_result(log)))
    assert [section.heading for section in made.sections] == [
        "Basic Metabolic Panel",
        "Results",
        "Urine",
        "Lines that were not understood",
    ]
    tables = [block for section in made.sections for block in section.blocks if isinstance(block, Table)]
    assert [row[0] for table in tables for row in table.rows] == ["1", "2", "3", "4", "5"]
    assert dict(made.facts)["read by"] == "rapidocr, PP-OCRv6, 3.10.0"
    assert "the value is doubtful: two of its figures look alike" in tables[1].rows[0][-1]
    assert made.message == "Look."


def test_rows_that_were_corrected_stand_as_sentences_too(log: SessionLog) -> None:
    read = lab_result(log)
    corrected = read.statements[0].model_copy(update={"origin": "corrected", "text": "Potassium: 5.00 mmol/L."})
    made = document(log, finished(log, read.model_copy(update={"statements": (corrected, *read.statements[1:])})))
    said = [block for section in made.sections for block in section.blocks if isinstance(block, Said)]
    assert said[0].text == "Potassium: 5.00 mmol/L."
    assert "corrected by a person" in said[0].marks


def test_a_laboratory_report_in_every_format(log: SessionLog) -> None:
    run = finished(log, lab_result(log))
    for format_ in FOR_ALL:
        assert export(log, run, format_).data == export(log, run, format_).data
    data = export(log, run, Format.FHIR).data
    assert problems(data) == []
    assert read_lab_bundle(data, "report.json") == (REPORT,)


def test_plots_follow_their_statement(log: SessionLog) -> None:
    out = io.BytesIO()
    Image.new("L", (40, 20), 200).save(out, "PNG")
    plot = {"name": "Potassium", "unit": "mmol/L", "values": 3, "sha256": log.store.put(out.getvalue()), "statement": 1}
    summary = Result(
        task=TaskName.RECORD_SUMMARY,
        status=Status.DRAFT,
        statements=(
            Statement(text="Conditions: none recorded in this record.", origin="looked-up", section="Problems"),
            Statement(text="Potassium: 4.1 mmol/L.", origin="looked-up", section="Results"),
        ),
        data={"plots": [plot]},
    )
    run = finished(log, summary)
    made = document(log, run)
    said, drawn = made.sections[1].blocks
    assert isinstance(said, Said)
    assert drawn == Picture(out.getvalue(), "Potassium in mmol/L, 3 values")
    assert made.sources[0].where == "the whole record searched"
    for format_ in FOR_ALL:
        assert export(log, run, format_).data
    assert problems(export(log, run, Format.FHIR).data) == []


def test_what_a_model_drafted_says_so_in_its_heading(log: SessionLog) -> None:
    drafted = Statement(text="Likely angina.", origin="generated", section="drafted_impression")
    heading = "Drafted impression (generated, not dictated)"
    note = result().model_copy(
        update={
            "statements": (*result().statements, drafted),
            "data": {"template": "soap", "drafted": {"section": "drafted_impression", "heading": heading}},
        }
    )
    made = document(log, finished(log, note))
    assert made.title == "Dictated note: soap"
    assert made.sections[-1].heading == heading
    assert made.sections[-1].blocks == (Said(3, "Likely angina.", ("generated by a model", "not checked")),)


def test_no_result_no_document(log: SessionLog) -> None:
    waiting = log.accept(request(log), log.session("desk"))
    with pytest.raises(UsageProblem, match="has no result yet"):
        document(log, waiting)
    with pytest.raises(UsageProblem, match="without a statement"):
        document(log, finished(log, Result(task=TaskName.LAB_REPORT, status=Status.DRAFT)))


def png(width: int, height: int, colour: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def result_of_pictures(log: SessionLog, sheet: bytes, overlay: bytes) -> Result:
    """Two slices, one of them cited with a box, and what was drawn for readers."""
    attachment = request(log).attachments[0].sha256
    shown = [log.store.put(png(8, 8, n)) for n in (1, 2)]
    citations = (
        ImageCitation(attachment=attachment, frame=shown[0], label="SLICE 1 · 40 of 80", box=(10, 20, 110, 70)),
        ImageCitation(attachment=attachment, frame=shown[1], label="SLICE 2 · 80 of 80"),
    )
    drawn = {"sha256": log.store.put(overlay), "title": "Boxes on <slice> 1"}
    return Result(
        task=TaskName.CT_VOLUME,
        status=Status.DRAFT,
        statements=(Statement(text="Seen on SLICE 1 and SLICE 2.", origin="generated", citations=citations),),
        data={"frames": [{}, {}], "contact_sheet": log.store.put(sheet), "overlays": [drawn]},
    )


def test_what_the_model_was_shown_goes_with_the_result_and_before_it_what_was_drawn(log: SessionLog) -> None:
    sheet, overlay = png(1600, 900, 200), png(400, 300, 100)
    made = document(log, finished(log, result_of_pictures(log, sheet, overlay)))
    assert made.title == "Answer about a CT volume"
    last = made.sections[-1]
    assert last.heading == "What the model was shown"
    assert last.blocks == (
        Picture(overlay, "Boxes on <slice> 1. Drawn for readers; no model was shown it.", wide=True),
        Picture(sheet, "Both pictures that the model was shown.", wide=True),
    )
    assert "SLICE 1 · 40 of 80, shown files/" in made.sources[0].where
    assert "at 10, 20, 110, 70" in made.sources[0].where


@pytest.mark.parametrize("sheet_size", [(1600, 900), (1600, 3400), (40, 4000)])
def test_a_result_of_pictures_in_every_format(log: SessionLog, sheet_size: tuple[int, int]) -> None:
    sheet, overlay = png(*sheet_size, 200), png(400, 300, 100)
    run = finished(log, result_of_pictures(log, sheet, overlay))
    for format_ in FOR_ALL:
        assert export(log, run, format_).data == export(log, run, format_).data
    data = export(log, run, Format.FHIR).data
    assert problems(data) == []
    resources = [one["resource"] for one in json.loads(data)["entry"]]
    media = [one for one in resources if one["resourceType"] == "Media"]
    assert [base64.b64decode(one["content"]["data"]) for one in media] == [overlay, sheet]
    assert (media[1]["width"], media[1]["height"]) == sheet_size
    answer, shown, _ = resources[0]["section"]
    assert [one["reference"] for one in shown["entry"]] == [f"urn:uuid:{one['id']}" for one in media]
    boxed, whole = answer["entry"]
    assert boxed["display"] == "SLICE 1 · 40 of 80, region in pixels"
    assert boxed["identifier"]["value"].endswith("#xywh=10,20,100,50")
    assert whole["display"] == "SLICE 2 · 80 of 80"
    assert base64.b64encode(sheet).decode() in export(log, run, Format.MARKDOWN).data.decode()


@pytest.mark.parametrize("sheet_size", [(1600, 900), (1600, 3400)])
def test_sheets_are_as_large_as_a_page_lets_them_and_never_without_their_heading(
    log: SessionLog, sheet_size: tuple[int, int]
) -> None:
    run = finished(log, result_of_pictures(log, png(*sheet_size, 200), png(400, 300, 100)))
    paper = pypdfium2.PdfDocument(export(log, run, Format.PDF).data)
    sizes = []
    for page in paper:
        text = page.get_textpage().get_text_range()
        for one in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]):
            left, bottom, right, top = one.get_bounds()
            assert left >= 0.9 * 20 * 72 / 25.4
            assert bottom > 18 * 72 / 25.4
            assert right <= page.get_width() - 0.9 * 20 * 72 / 25.4
            sizes.append(((right - left) * 25.4 / 72, (top - bottom) * 25.4 / 72))
            if len(sizes) == 1:
                assert "What the model was shown" in text
    paper.close()
    assert sizes[0] == pytest.approx((170, 127.5), abs=1)
    assert sizes[1] == pytest.approx((170, 95.6) if sheet_size == (1600, 900) else (105.9, 225), abs=1)
    with zipfile.ZipFile(io.BytesIO(export(log, run, Format.DOCX).data)) as archive:
        body = archive.read("word/document.xml").decode()
    extents = re.findall(r'<wp:extent cx="(\d+)" cy="(\d+)"/>', body)
    in_cm = [(int(across) / 360_000, int(down) / 360_000) for across, down in extents]
    assert in_cm[0] == pytest.approx((16.6, 12.45), abs=0.05)
    assert in_cm[1] == pytest.approx((16.6, 9.34) if sheet_size == (1600, 900) else (10.35, 22), abs=0.05)
