"""The grid of patches on slides made here, held against where their tissue was put."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import BadInput
from pipelines.evidence.slides.opening import opened, slides_in
from pipelines.evidence.slides.patches import MOST, Patches, Place, Plan, drawn, patches_of, plan_of
from pipelines.records import Kind
from tests.support.pictures import PictureStore, attached
from tests.support.slides import PAPER, Pixels, aperio, halved, paper, with_tissue, write_dicom_slide, write_tiff


def read(path: Path) -> tuple[Plan, Patches, list[Pixels]]:
    """All patches of a slide, and their pixels."""
    store = PictureStore()
    attachment = attached(path, Kind.WHOLE_SLIDE)
    with slides_in(attachment, store) as found, opened(found[0]) as slide:
        plan = plan_of(slide)
        patches = patches_of(slide, plan.power, plan.places, attachment.sha256, store)
    pictures = []
    for frame in patches.frames:
        with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
            pictures.append(np.asarray(picture))
    return plan, patches, pictures


def cells(plan: Plan) -> list[tuple[int, int]]:
    return [(place.row, place.column) for place in plan.places]


def at_10x() -> Pixels:
    """Four columns and three rows of cells, tissue in four of them; the last column is half a cell wide."""
    slide = paper(3 * 896 + 448, 3 * 896)
    for row, column in ((0, 1), (1, 0), (1, 2), (2, 3)):
        with_tissue(slide, column * 896 + 20, row * 896 + 20, 850, 850, seed=row * 10 + column)
    return slide


def test_patches_lie_on_the_grid_row_by_row_and_are_the_slides_own_pixels(tmp_path: Path) -> None:
    slide = at_10x()
    plan, patches, pictures = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    assert (plan.rows, plan.columns) == (3, 4)
    assert cells(plan) == [(1, 2), (2, 1), (2, 3), (3, 4)]
    assert [frame.box for frame in patches.frames] == [
        (896, 0, 1792, 896),
        (0, 896, 896, 1792),
        (1792, 896, 2688, 1792),
        (2688, 1792, 3136, 2688),
    ]
    assert [frame.label for frame in patches.frames] == ["patch 1", "patch 2", "patch 3", "patch 4"]
    assert [frame.number for frame in patches.frames] == [1, 2, 3, 4]
    assert {(frame.width, frame.height, frame.left, frame.top) for frame in patches.frames} == {(896, 896, 0, 0)}
    for frame, picture in zip(patches.frames, pictures, strict=True):
        assert frame.box is not None
        left, top, right, lower = frame.box
        np.testing.assert_array_equal(picture[: lower - top, : right - left], slide[top:lower, left:right])
    assert pictures[3][:, 448:].min() == 255, "white beyond the edge"
    assert patches.frames[3].steps == (
        "row 3, column 4",
        "10x: level 0 (1 µm per pixel)",
        "white beyond the edge of the slide",
    )
    assert len(patches.frames[0].steps) == 2


def test_a_finer_slide_is_reduced_to_means(tmp_path: Path) -> None:
    slide = with_tissue(paper(1792 * 2, 1792), 100, 100, 3400, 1600)
    plan, patches, pictures = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(0.5, 20)))
    assert (plan.rows, plan.columns, plan.power.times) == (1, 2, 2)
    assert [frame.box for frame in patches.frames] == [(0, 0, 1792, 1792), (1792, 0, 3584, 1792)]
    whole = slide.reshape(896, 2, 1792, 2, 3).astype(np.float64).mean(axis=(1, 3))
    for number, picture in enumerate(pictures):
        # Halves may be rounded to either side.
        assert np.abs(picture - whole[:, number * 896 : (number + 1) * 896]).max() <= 0.5


def test_a_level_near_10x_is_taken_as_it_is(tmp_path: Path) -> None:
    slide = with_tissue(paper(3584, 3584), 200, 200, 3200, 3200)
    quarter = halved(slide, 4)
    plan, patches, pictures = read(write_tiff(tmp_path / "scan.svs", [slide, quarter], aperio(0.25, 40)))
    assert (plan.power.level, plan.power.times) == (1, 1)
    np.testing.assert_array_equal(pictures[0], quarter)
    assert patches.frames[0].box == (0, 0, 3584, 3584)


def test_a_power_between_is_averaged_by_area(tmp_path: Path) -> None:
    ramp = np.arange(1379, dtype=np.float64) * 180 / 1379
    slide = np.repeat(np.repeat(ramp[None, :, None], 1379, axis=0), 3, axis=2).astype(np.uint8)
    slide[..., 1] //= 2
    plan, _, pictures = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(0.65)))
    assert plan.power.times == pytest.approx(1 / 0.65)
    assert pictures[0].shape == (896, 896, 3)
    # A ramp stays a ramp: its middle has the mean of the whole.
    columns = pictures[0][448, :, 0].astype(np.float64)
    expected = (np.arange(896) + 0.5) * (1 / 0.65) * 180 / 1379
    assert np.abs(columns[:-1] - expected[:-1]).max() < 1.5


def test_dicom_and_tiff_of_one_slide_give_the_same_patches(tmp_path: Path) -> None:
    slide = at_10x()
    _, tiff, _ = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    [level] = write_dicom_slide(tmp_path / "dicom", [slide], 1.0)
    plan, dicom, _ = read(level)
    assert [frame.sha256 for frame in dicom.frames] == [frame.sha256 for frame in tiff.frames]
    assert [frame.box for frame in dicom.frames] == [frame.box for frame in tiff.frames]
    assert plan.power.mpp == pytest.approx(1.0)


def test_a_slide_smaller_than_a_patch_is_one_patch(tmp_path: Path) -> None:
    slide = with_tissue(paper(500, 300), 50, 50, 300, 200)
    plan, patches, pictures = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    assert cells(plan) == [(1, 1)]
    assert plan.places[0].tissue == pytest.approx(300 * 200 / (500 * 300), abs=0.03)
    np.testing.assert_array_equal(pictures[0][:300, :500], slide)
    assert pictures[0][300:].min() == 255
    assert patches.frames[0].box == (0, 0, 500, 300)


@pytest.mark.parametrize(("tissue", "found"), [(470, True), (420, False)])
def test_a_quarter_of_a_patch_must_be_tissue(tissue: int, found: bool, tmp_path: Path) -> None:
    """470 x 470 of 896 x 896 are 27.5 %, 420 x 420 are 22 %; beside a patch that has enough."""
    slide = with_tissue(with_tissue(paper(1792, 896), 0, 0, 896, 896), 1000, 100, tissue, tissue)
    plan, _, _ = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    assert cells(plan) == ([(1, 1), (1, 2)] if found else [(1, 1)])
    assert plan.warnings == ()


def test_where_there_is_little_tissue_it_is_taken_and_said(tmp_path: Path) -> None:
    slide = with_tissue(paper(1792, 896), 1000, 100, 300, 400)
    plan, _, _ = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    assert cells(plan) == [(1, 2)]
    assert plan.warnings == ("no patch has 25% of tissue: those with 5% were taken",)


def test_an_empty_slide_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"scan\.svs: shows no tissue"):
        read(write_tiff(tmp_path / "scan.svs", [paper(1792, 1792)], aperio(1.0, 10)))


def test_specks_black_edges_and_ink_are_no_tissue(tmp_path: Path) -> None:
    slide = with_tissue(paper(3584, 896), 0, 0, 896, 896)
    for left in range(900, 1780, 60):
        with_tissue(slide, left, 400, 24, 24)
    slide[:, 1792:2688] = (15, 12, 18)
    slide[:, 2700:3100] = (20, 150, 60)
    slide[:, 3150:3500] = (30, 50, 200)
    plan, _, _ = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    assert cells(plan) == [(1, 1)]


def test_a_blue_stain_is_tissue_and_said(tmp_path: Path) -> None:
    slide = paper(1792, 896)
    slide[:, :896] = (60, 110, 200)
    plan, _, _ = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    assert cells(plan) == [(1, 1)]
    assert "taken for a stain" in plan.warnings[0]


def test_the_power_is_assumed_only_where_nothing_is_said_of_it(tmp_path: Path) -> None:
    slide = with_tissue(paper(1792, 1792), 0, 0, 1700, 1700)
    unsaid, _, _ = read(write_tiff(tmp_path / "scan.tif", [slide]))
    assert unsaid.power.times == 2
    assert unsaid.warnings == ("it does not say its power: 0.5 µm per pixel (20x) are assumed",)
    by_objective, _, _ = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(None, 10)))
    assert (by_objective.power.times, by_objective.warnings) == (1, ())


@given(st.integers(min_value=0, max_value=700), st.integers(min_value=0, max_value=3))
def test_at_most_125_are_drawn_equally_for_equal_seeds_and_in_order(count: int, seed: int) -> None:
    places = [Place(1 + at // 20, 1 + at % 20, 1.0) for at in range(count)]
    found = drawn(places, seed=seed)
    assert len(found) == min(count, 125) == min(count, MOST)
    assert list(found) == sorted(set(found), key=lambda place: (place.row, place.column))
    assert set(found) <= set(places)
    assert found == drawn(places, seed=seed)


def test_another_seed_draws_others() -> None:
    places = [Place(1 + at // 20, 1 + at % 20, 1.0) for at in range(400)]
    assert drawn(places, seed=0) != drawn(places, seed=1)
    # As Python's own generator draws them, wherever this runs: 197, 215 and 388 of 400.
    assert [(place.row, place.column) for place in drawn(places, most=3, seed=0)] == [(10, 18), (11, 16), (20, 9)]


def test_glass_is_told_from_tissue_whatever_its_colour(tmp_path: Path) -> None:
    slide = np.full((896, 1792, 3), PAPER, np.uint8)
    slide[:, :, 2] = 232  # yellowish
    with_tissue(slide, 0, 0, 896, 896)
    plan, _, _ = read(write_tiff(tmp_path / "scan.svs", [slide], aperio(1.0, 10)))
    assert cells(plan) == [(1, 1)]
    all_tissue = with_tissue(paper(896, 896), 0, 0, 896, 896)
    plan, _, _ = read(write_tiff(tmp_path / "full.svs", [all_tissue], aperio(1.0, 10)))
    assert plan.tissue > 0.99
