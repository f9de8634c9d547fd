"""How a picture of a page is laid level, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.evidence.documents.level import corners_of, hull, moved, sheet_of, skew_of, view_of
from tests.support.pdf_pages import rows
from tests.support.scanned import photograph, rendered, turned

TABLE = rows(["Glucose | 99 | mg/dL | 70-99", "Sodium | 139 | mmol/L | 136-145"] * 12, pitch=28)


@pytest.fixture(scope="module")
def page() -> Image.Image:
    return rendered(TABLE, dpi=100)


@pytest.mark.parametrize("degrees", [0.0, 0.4, -1.3, 3.7, -8.0, 15.0])
def test_the_skew_of_a_page_is_measured(page: Image.Image, degrees: float) -> None:
    assert skew_of(np.asarray(turned(page, degrees), np.uint8)) == pytest.approx(-degrees, abs=0.12)


def test_a_blank_picture_has_no_skew() -> None:
    assert skew_of(np.full((300, 200), 255, np.uint8)) == 0.0


@settings(deadline=None, max_examples=25)
@given(st.floats(-180, 180), st.floats(0.4, 2), st.integers(30, 170), st.integers(30, 90))
def test_points_of_a_view_lead_back_to_the_picture(degrees: float, scale: float, x: int, y: int) -> None:
    given_picture = np.full((120, 200), 255, np.uint8)
    given_picture[y - 6 : y + 7, x - 6 : x + 7] = 0
    view = view_of(given_picture, degrees=degrees, scale=scale)
    down, along = np.nonzero(view.picture < 128)
    middle = np.array([[along.mean() + 0.5, down.mean() + 0.5]], np.float32)
    assert view.points_given(middle)[0] == pytest.approx((x + 0.5, y + 0.5), abs=2.0)


def test_a_sheet_photographed_from_aside_is_flattened(page: Image.Image) -> None:
    import io

    photo = np.asarray(Image.open(io.BytesIO(photograph(page))), np.uint8)
    sheet = sheet_of(photo)
    assert sheet is not None
    expected = np.array([[0.10, 0.05], [0.86, 0.09], [0.93, 0.95], [0.05, 0.90]]) * (photo.shape[1], photo.shape[0])
    assert np.abs(sheet - expected).max() < 0.015 * max(photo.shape)
    view = view_of(photo, degrees=0, sheet=sheet)
    height, width = view.picture.shape
    assert moved(corners_of((0, 0, width, height)), view.to_given) == pytest.approx(sheet, abs=2)


def test_a_plain_scan_is_no_sheet_to_flatten(page: Image.Image) -> None:
    assert sheet_of(np.asarray(page, np.uint8)) is None
    assert sheet_of(np.asarray(turned(page, 3), np.uint8)) is None


@pytest.mark.parametrize("degrees", [-1.3, 0.9, 2.5])
def test_a_dark_band_across_a_scan_is_no_sheets_edge(page: Image.Image, degrees: float) -> None:
    """A laboratory's coloured head: beyond it the paper goes on to the picture's corners."""
    banded = page.copy()
    banded.paste(60, (0, 0, page.width, round(0.07 * page.height)))
    assert sheet_of(np.asarray(turned(banded, degrees), np.uint8)) is None


def test_hulls_surround_their_corners() -> None:
    assert hull(corners_of((1, 2, 3, 4))) == (1, 2, 3, 4)
