"""The frame itself: square, upright, bare and repeatable."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines.errors import BadInput
from pipelines.evidence.frames import frame_of_image
from pipelines.evidence.picture import frame_of
from pipelines.records import Attachment, Kind, Member
from tests.support.pictures import Array, PictureStore, attached, framed, seen, write_dicom


def _noise(height: int, width: int, seed: int = 7) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _png(path: Path, pixels: Array) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def _chunks(png: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        found.append(png[at + 4 : at + 8])
        at += 12 + length
    return found


@pytest.mark.parametrize(
    ("width", "height", "left", "top"),
    [(6, 6, 0, 0), (6, 4, 0, 1), (7, 4, 0, 1), (4, 7, 1, 0), (3, 8, 2, 0), (1, 1, 0, 0), (1, 5, 2, 0)],
)
def test_the_picture_lies_in_the_middle_of_a_black_square(
    width: int, height: int, left: int, top: int, tmp_path: Path
) -> None:
    source = _noise(height, width)
    frame, pixels = framed(_png(tmp_path / "a.png", source))
    side = max(width, height)
    expected = np.zeros((side, side, 3), np.uint8)
    expected[top : top + height, left : left + width] = source
    np.testing.assert_array_equal(pixels, expected)
    assert (frame.width, frame.height) == (side, side)
    assert (frame.source_width, frame.source_height) == (width, height)
    assert (frame.left, frame.top) == (left, top)
    assert frame.steps == (() if width == height else ("padded to a square with black",))


def test_what_is_larger_than_the_model_sees_is_scaled_to_that(tmp_path: Path) -> None:
    fits, _ = framed(_png(tmp_path / "fits.png", _noise(2, 896)))
    assert fits.width == 896
    assert fits.steps == ("padded to a square with black",)
    source = np.repeat(np.repeat(_noise(4, 224), 8, axis=1), 8, axis=0)
    frame, pixels = framed(_png(tmp_path / "wide.png", source))
    assert (frame.width, frame.source_width, frame.source_height, frame.top) == (896, 1792, 32, 440)
    # Areas of twice the distance between two pixels, as tents: (1 3 3 1) / 8 of four neighbours.
    tent = np.array([1, 3, 3, 1]) / 8
    rows = sum(weight * source[place + 1 : place + 29 : 2].astype(float) for place, weight in enumerate(tent))
    both = sum(weight * rows[:, place + 1 : place + 1789 : 2] for place, weight in enumerate(tent))
    assert np.abs(pixels[frame.top + 1 : frame.top + 15][:, 1:895] - both[:14, :894]).max() <= 1
    assert frame.steps == (
        "padded to a square with black",
        "scaled down from 1792 x 1792 to 896 x 896, as the model's processor does",
    )


def test_a_photograph_that_was_scaled_is_not_packed_and_all_else_is() -> None:
    flat = np.full((1000, 900, 3), (200, 100, 50), np.uint8)

    def size(pixels: Array, **how: Any) -> int:
        store = PictureStore()
        return len(store.get(frame_of_image(Image.fromarray(pixels), "a", store, **how).sha256))

    pixels = 896 * 896
    assert 3 * pixels < size(flat) < 3 * pixels + 10_000
    packed = size(flat[..., 0]), size(flat[:800, :800]), size(flat, whole=True), size(flat, number=3)
    assert max(packed) < pixels / 10


def test_for_other_models_only_what_is_four_times_as_large_is_scaled(tmp_path: Path) -> None:
    store = PictureStore()
    fits = frame_of(attached(_png(tmp_path / "fits.png", _noise(2, 3584))), store, whole=True)
    assert (fits.width, fits.steps) == (3584, ("padded to a square with black",))
    source = _noise(4, 7168)
    frame = frame_of(attached(_png(tmp_path / "wide.png", source)), store, whole=True)
    with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
        pixels = np.asarray(picture)
    means = source.reshape(2, 2, 3584, 2, 3).mean(axis=(1, 3))
    assert np.abs(pixels[frame.top : frame.top + 2] - means).max() <= 1, "one for each direction's rounding"
    assert (frame.width, frame.source_width, frame.source_height, frame.top) == (3584, 7168, 4, 1791)
    assert frame.steps[0] == "scaled down from 7168 x 4 to 3584 x 2"


def test_a_line_of_pixels_stays_one(tmp_path: Path) -> None:
    store = PictureStore()
    line = _png(tmp_path / "line.png", np.full((1, 20_000), 200, np.uint8))
    frame = frame_of(attached(line), store, whole=True)
    with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
        pixels = np.asarray(picture)
    assert frame.steps[0] == "scaled down from 20000 x 1 to 3584 x 1"
    assert (pixels[frame.top] == 200).all()
    assert int((pixels[:, 0] > 0).sum()) == 1
    small, seen_of_it = framed(line)
    assert small.width == 896
    assert seen_of_it[small.top - 2 : small.top + 3].max() > 0


def _turned(pixels: Array, orientation: int) -> Array:
    """As the EXIF standard says: which side of the stored picture is the visual top, and which the visual left."""
    return {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: np.rot90(pixels, -1),
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(pixels),
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "webp", "tif", "lzw.tif"])
def test_the_picture_is_upright(orientation: int, kind: str, tmp_path: Path) -> None:
    source = _noise(5, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"compression": "tiff_lzw"} if kind == "lzw.tif" else {}
    Image.fromarray(source).save(tmp_path / f"a.{kind}", exif=exif, **({"lossless": True} | options))
    frame, _ = framed(tmp_path / f"a.{kind}")
    np.testing.assert_array_equal(seen(tmp_path / f"a.{kind}"), _turned(source, orientation))
    assert (frame.source_width, frame.source_height) == ((3, 5) if orientation < 5 else (5, 3))
    assert ("turned or mirrored as EXIF says" in frame.steps) == (orientation > 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_upright(orientation: int, tmp_path: Path) -> None:
    blocks = np.kron(np.array([[0, 60, 120], [150, 200, 255]], np.uint8), np.ones((16, 16), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(blocks).save(tmp_path / "a.jpg", quality=95, exif=exif)
    difference = seen(tmp_path / "a.jpg")[..., 0].astype(int) - _turned(blocks, orientation)
    assert np.abs(difference).max() <= 2


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
def test_damaged_metadata_does_not_cost_the_picture(exif: bytes, tmp_path: Path) -> None:
    Image.fromarray(_noise(5, 5)).save(tmp_path / "a.jpg", exif=exif)
    framed(tmp_path / "a.jpg")


def test_equal_pixels_are_equal_bytes_whatever_the_file_says_about_itself(tmp_path: Path) -> None:
    source = _noise(30, 20)
    plain, talkative = _png(tmp_path / "plain.png", source), tmp_path / "talkative.png"
    info = PngInfo()
    info.add_text("PatientName", "Testcase^Ada")
    info.add_itxt("Description", "Testcase")
    exif = Image.Exif()
    exif[0x010E] = "Testcase"
    Image.fromarray(source).save(talkative, pnginfo=info, exif=exif, dpi=(300, 300), icc_profile=b"Testcase")
    grey = source[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.bmp")
    header = write_dicom(tmp_path / "grey.dcm", grey)
    assert framed(plain)[0].sha256 == framed(talkative)[0].sha256 == framed(plain)[0].sha256
    assert framed(header)[0].sha256 == framed(tmp_path / "grey.bmp")[0].sha256


@pytest.mark.parametrize("name", ["a.png", "a.dcm"])
def test_a_frame_holds_pixels_and_nothing_else(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if path.suffix == ".dcm":
        write_dicom(path, _noise(9, 9)[..., 0])
    else:
        info = PngInfo()
        info.add_text("PatientName", "Testcase^Ada")
        Image.fromarray(_noise(9, 9)).save(path, pnginfo=info, dpi=(300, 300))
    store = PictureStore()
    png = store.get(frame_of(attached(path), store).sha256)
    assert _chunks(png) == [b"IHDR", b"IDAT", b"IEND"]
    assert b"Testcase" not in png


def test_a_study_or_text_is_no_picture(tmp_path: Path) -> None:
    text = tmp_path / "letter.txt"
    text.write_text("Dear colleague")
    study = Attachment(
        sha256="0",
        name="study",
        media_type="application/dicom",
        size=1,
        kind=Kind.CT_SERIES,
        kind_from="header",
        members=(Member(name="1.dcm", sha256="1"),),
    )
    for attachment in (attached(text), study):
        with pytest.raises(BadInput, match=r"(letter\.txt|study): is not a single picture; attach "):
            frame_of(attachment, PictureStore())
