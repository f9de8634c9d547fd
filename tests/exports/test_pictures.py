"""The pictures of a result as one PNG."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from assistant.exports.exporting import Format, export
from assistant.sessions import SessionLog
from pipelines.errors import UsageProblem
from pipelines.records import Result, Status, TaskName
from tests.exports.test_of_run import finished, png, result_of_pictures
from tests.sessions.a_run import exercise


def exported(log: SessionLog, run: str) -> Image.Image:
    return Image.open(io.BytesIO(export(log, run, Format.PNG).data))


def rows_of(image: Image.Image, colour: int) -> list[int]:
    """Where the picture of this grey begins and ends, at its middle column."""
    column = 200
    found = [y for y in range(image.height) if image.getpixel((column, y)) == (colour,) * 3]
    return [found[0], found[-1] + 1]


def test_pictures_stand_below_each_other_with_their_own_pixels(log: SessionLog) -> None:
    run = finished(log, result_of_pictures(log, png(900, 500, 200), png(400, 300, 100)))
    image = exported(log, run)
    (overlay_top, overlay_bottom), (sheet_top, sheet_bottom) = (rows_of(image, colour) for colour in (100, 200))
    assert (overlay_bottom - overlay_top, sheet_bottom - sheet_top) == (300, 500)
    assert 0 < overlay_top < overlay_bottom < sheet_top < sheet_bottom < image.height
    assert image.crop((0, 0, image.width, overlay_top)).getcolors(1000) != [
        (image.width * overlay_top, (255, 255, 255))
    ], "the caption stands above"
    assert export(log, run, Format.PNG).data == export(log, run, Format.PNG).data


def test_what_a_run_that_waits_will_show_can_be_looked_at(log: SessionLog) -> None:
    sheet = log.store.put(png(640, 300, 200))
    waiting = Result(
        task=TaskName.CT_VOLUME, status=Status.NEEDS_MODEL, data={"frames": [{}, {}], "contact_sheet": sheet}
    )
    run = finished(log, waiting)
    assert rows_of(exported(log, run), 200)[1] - rows_of(exported(log, run), 200)[0] == 300
    with pytest.raises(UsageProblem, match="without a statement"):
        export(log, run, Format.PDF)


def test_plots_and_marked_pages_too(log: SessionLog) -> None:
    plot = {
        "name": "Potassium",
        "unit": "mmol/L",
        "values": 3,
        "sha256": log.store.put(png(300, 80, 40)),
        "statement": 0,
    }
    page = {"page": 1, "picture": log.store.put(png(600, 800, 120))}
    image = exported(
        log,
        finished(
            log,
            Result(
                task=TaskName.LAB_REPORT, status=Status.DRAFT, data={"plots": [plot], "reports": [{"shown": [page]}]}
            ),
        ),
    )
    heights = [bottom - top for top, bottom in (rows_of(image, colour) for colour in (40, 120))]
    assert heights == [80, 800]


def test_a_result_without_pictures_is_refused(log: SessionLog) -> None:
    with pytest.raises(UsageProblem, match="has no picture"):
        export(log, exercise(log), Format.PNG)
