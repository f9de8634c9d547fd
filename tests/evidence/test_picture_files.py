"""Each kind of picture file against pixels computed by hand."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from pipelines.errors import BadInput
from pipelines.evidence.depth import extent, full_range, scaled
from pipelines.evidence.picture import frames_of
from tests.support.pictures import Array, PictureStore, attached, deep_png, framed, seen

GREY = np.arange(35, dtype=np.uint8).reshape(5, 7) * 7
RGB = np.stack([GREY, 255 - GREY, GREY[::-1]], axis=-1)
PALETTE = np.random.default_rng(3).integers(0, 256, (256, 3), dtype=np.uint8)
ALPHA = np.where(GREY > 100, 255, GREY)


def _three(grey: Array) -> Array:
    return np.repeat(grey[..., None], 3, axis=-1)


def _paletted() -> Image.Image:
    image = Image.fromarray(GREY).convert("L")
    image = Image.frombytes("P", image.size, GREY.tobytes())
    image.putpalette(PALETTE.tobytes())
    return image


def _write(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


CASES: dict[str, tuple[str, Image.Image, dict[str, Any], Array, tuple[str, ...]]] = {
    "1-bit PNG": ("png", Image.fromarray(GREY > 99), {}, _three((GREY > 99) * np.uint8(255)), ("grey",)),
    "1-bit TIFF": ("tif", Image.fromarray(GREY > 99), {}, _three((GREY > 99) * np.uint8(255)), ("grey",)),
    "grey PNG": ("png", Image.fromarray(GREY), {}, _three(GREY), ("grey",)),
    "grey PNG with a see-through value": (
        "png",
        Image.fromarray(GREY),
        {"transparency": 7},
        _three(GREY),
        ("transparency", "grey"),
    ),
    "grey BMP": ("bmp", Image.fromarray(GREY), {}, _three(GREY), ("grey",)),
    "grey GIF": ("gif", Image.fromarray(GREY), {}, _three(GREY), ()),
    "grey TIFF": ("tif", Image.fromarray(GREY), {"compression": "tiff_deflate"}, _three(GREY), ("grey",)),
    "grey and alpha": (
        "png",
        Image.fromarray(np.stack([GREY, ALPHA], axis=-1)),
        {},
        _three(GREY),
        ("transparency", "grey"),
    ),
    "RGB PNG": ("png", Image.fromarray(RGB), {}, RGB, ()),
    "RGB PNG with a see-through colour": (
        "png",
        Image.fromarray(RGB),
        {"transparency": (0, 255, 196)},
        RGB,
        ("transparency",),
    ),
    "RGB TIFF": ("tif", Image.fromarray(RGB), {"compression": "tiff_lzw"}, RGB, ()),
    "RGB BMP": ("bmp", Image.fromarray(RGB), {}, RGB, ()),
    "RGB WebP": ("webp", Image.fromarray(RGB), {"lossless": True}, RGB, ()),
    "RGBA PNG": ("png", Image.fromarray(np.dstack([RGB, ALPHA])), {}, RGB, ("transparency",)),
    "RGBA TIFF": ("tif", Image.fromarray(np.dstack([RGB, ALPHA])), {}, RGB, ("transparency",)),
    "RGBA WebP": (
        "webp",
        Image.fromarray(np.dstack([RGB, ALPHA])),
        {"lossless": True, "exact": True},
        RGB,
        ("transparency",),
    ),
    "palette PNG": ("png", _paletted(), {}, PALETTE[GREY], ()),
    "palette PNG with one see-through colour": (
        "png",
        _paletted(),
        {"transparency": 14},
        PALETTE[GREY],
        ("transparency",),
    ),
    "palette PNG with half see-through colours": (
        "png",
        _paletted(),
        {"transparency": bytes(range(256))},
        PALETTE[GREY],
        ("transparency",),
    ),
    "palette GIF": ("gif", _paletted(), {}, PALETTE[GREY], ()),
    "palette BMP": ("bmp", _paletted(), {}, PALETTE[GREY], ()),
    "palette TIFF": ("tif", _paletted(), {}, PALETTE[GREY], ()),
}
SAID = {
    "grey": "grey repeated in red, green and blue",
    "transparency": "transparency dropped",
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_shows_its_own_pixels(case: str, tmp_path: Path) -> None:
    suffix, image, options, expected, steps = CASES[case]
    path = _write(tmp_path / f"a.{suffix}", image, **options)
    np.testing.assert_array_equal(seen(path), expected)
    frame, _ = framed(path)
    assert [step for step in frame.steps if not step.startswith("padded")] == [SAID[step] for step in steps]


@pytest.mark.parametrize(("suffix", "options"), [("tif", {}), ("jpg", {"quality": 100, "subsampling": 0})])
def test_printing_inks_become_light(suffix: str, options: dict[str, Any], tmp_path: Path) -> None:
    inks = np.random.default_rng(5).integers(0, 256, (4, 4, 4)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
    path = _write(tmp_path / f"a.{suffix}", Image.frombytes("CMYK", (32, 32), inks.tobytes()), **options)
    light = 255 - inks.astype(float)
    expected = light[..., :3] * light[..., 3:] / 255
    assert np.abs(seen(path) - expected).max() <= (1 if suffix == "tif" else 6)
    assert framed(path)[0].steps == ("CMYK converted to RGB without a colour profile",)


def test_a_photograph_is_itself(tmp_path: Path) -> None:
    blocks = np.random.default_rng(5).integers(0, 256, (3, 3, 3)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
    path = _write(tmp_path / "a.jpg", Image.fromarray(blocks), quality=95, subsampling=0)
    assert np.abs(seen(path).astype(int) - blocks).max() <= 4


@pytest.mark.parametrize("suffix", ["tif", "gif", "webp", "png"])
def test_of_several_pages_the_first_is_taken(suffix: str, tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((8, 8, 3), shade, np.uint8)) for shade in (40, 90, 200)]
    path = _write(tmp_path / f"a.{suffix}", pages[0], save_all=True, append_images=pages[1:], lossless=True)
    frame, pixels = framed(path)
    assert (pixels == 40).all()
    # Of an animation it is not counted how long it is.
    assert frame.steps[0] == ("first of several pages taken" if suffix == "gif" else "first of 3 pages taken")


def _pages(path: Path, sizes: Sequence[tuple[int, int]], **options: Any) -> Path:
    first, *others = (Image.new("L", size, 10 * (place + 1)) for place, size in enumerate(sizes))
    first.save(path, save_all=True, append_images=others, **options)
    return path


@pytest.mark.parametrize(
    ("count", "numbers"),
    [(1, [None]), (2, [1, 2]), (8, [1, 2, 3, 4, 5, 6, 7, 8]), (12, [1, 3, 4, 6, 7, 9, 10, 12])],
)
def test_pages_of_a_scan_are_shown_each(count: int, numbers: list[int | None], tmp_path: Path) -> None:
    """Of many, eight that are spread evenly, the first and the last among them."""
    store = PictureStore()
    frames = frames_of(attached(_pages(tmp_path / "scan.tif", [(40, 50)] * count)), store)
    assert [frame.number for frame in frames] == numbers
    for frame in frames:
        assert frame.label == (None if count == 1 else f"frame {frame.number} of {count}")
        with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
            assert picture.getpixel((25, 25)) == 10 * (frame.number or 1)


def test_a_pyramid_is_one_picture(tmp_path: Path) -> None:
    path = _pages(tmp_path / "pyramid.tif", [(64, 64), (32, 32), (16, 16)])
    (frame,) = frames_of(attached(path), PictureStore())
    assert (frame.source_width, frame.label, frame.steps[0]) == (64, None, "first of 3 pages taken")


def test_an_animation_is_one_picture(tmp_path: Path) -> None:
    path = _pages(tmp_path / "film.webp", [(40, 50)] * 3, lossless=True)
    (frame,) = frames_of(attached(path), PictureStore())
    assert frame.steps[0] == "first of 3 pages taken"


@pytest.mark.parametrize(
    ("greatest", "white"),
    [
        (0, 255),
        (1, 255),
        (255, 255),
        (256, 511),
        (1023, 1023),
        (4000, 4095),
        (4096, 8191),
        (16000, 16383),
        (65535, 65535),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_deep_grey_is_scaled_by_the_bits_that_it_uses(greatest: int, white: int, suffix: str, tmp_path: Path) -> None:
    values = np.linspace(0, greatest, 24).astype(np.uint16).reshape(4, 6)
    path = _write(tmp_path / f"a.{suffix}", Image.fromarray(values))
    np.testing.assert_array_equal(seen(path), _three(np.round(values / white * 255).astype(np.uint8)))
    assert framed(path)[0].steps[0] == f"grey scaled to 8 bits: 0 is black, {white} white"


def test_films_of_one_patient_keep_one_scale(tmp_path: Path) -> None:
    """The darker of two 12-bit films stays the darker one."""
    bright = np.linspace(0, 4095, 64).astype(np.uint16).reshape(8, 8)
    shown = [seen(_write(tmp_path / f"{n}.png", Image.fromarray(bright * 3 // n))) for n in (3, 4)]
    assert shown[0].max() == 255
    assert shown[1].max() == round(255 * 3 / 4)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (np.linspace(0, 1, 24, dtype=np.float32), 0, 1),
        (np.linspace(0.25, 0.5, 24, dtype=np.float32), 0, 1),
        (np.linspace(0, 255, 24, dtype=np.float32), 0, 255),
        (np.linspace(0, 3000, 24, dtype=np.float32), 0, 4095),
        (np.linspace(-1000, 3000, 24, dtype=np.float32), -1000, 3000),
        (np.linspace(-1000, 3000, 24).astype(np.int32), -1000, 3000),
        (np.linspace(0, 100_000, 24).astype(np.int32), 0, 131_071),
        (np.full(24, -5, np.int32), -5, -4),
    ],
)
def test_numbers_of_other_kinds_are_scaled_too(values: Array, low: float, high: float, tmp_path: Path) -> None:
    values = values.reshape(4, 6)
    path = _write(tmp_path / "a.tif", Image.fromarray(values))
    expected = np.round((values.astype(float) - low) / (high - low) * 255).astype(np.uint8)
    assert np.abs(seen(path).astype(int) - _three(expected)).max() <= (1 if values.dtype.kind == "f" else 0)


def test_what_is_no_number_is_black(tmp_path: Path) -> None:
    values = np.array([[0, 0.5], [np.nan, 1]], np.float32)
    assert seen(_write(tmp_path / "a.tif", Image.fromarray(values)))[..., 0].tolist() == [[0, 128], [0, 255]]
    with pytest.raises(BadInput, match=r"b\.tif: has no pixel with a finite value; "):
        framed(_write(tmp_path / "b.tif", Image.fromarray(np.full((2, 2), np.inf, np.float32))))


def _with_white_as_zero(path: Path) -> Path:
    """A little-endian TIFF with its PhotometricInterpretation set to 0."""
    data = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    [entry] = [e for n in range(count) if struct.unpack_from("<H", data, e := at + 2 + 12 * n) == (262,)]
    struct.pack_into("<H", data, entry + 8, 0)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("values", [GREY, GREY.astype(np.uint16) * 17, GREY.astype(np.float32) / 255])
def test_white_as_zero_is_not_shown_as_a_negative(values: Array, tmp_path: Path) -> None:
    positive = seen(_write(tmp_path / "a.tif", Image.fromarray(values)))
    negative = seen(_with_white_as_zero(_write(tmp_path / "b.tif", Image.fromarray(values))))
    np.testing.assert_array_equal(negative, 255 - positive)


def test_deep_colour_loses_its_lower_bits_and_says_so(tmp_path: Path) -> None:
    values = np.array([[[0xABCD, 0x1234, 0xFFFF], [0, 0x80, 0x8000]]])
    (tmp_path / "a.png").write_bytes(deep_png(values, 2))
    assert seen(tmp_path / "a.png").tolist() == [[[0xAB, 0x12, 0xFF], [0, 0, 0x80]]]
    assert framed(tmp_path / "a.png")[0].steps[0] == "16-bit colour cut to its upper 8 bits"


def _deep_tiff(values: Array, order: str) -> bytes:
    height, width, samples = values.shape
    tags = {
        256: width,
        257: height,
        258: 200,
        259: 1,
        262: 2,
        273: 300,
        277: samples,
        278: height,
        279: values.size * 2,
        **({338: 2} if samples == 4 else {}),
    }
    counts = {258: samples}
    entries = b"".join(
        struct.pack(f"{order}HHI", tag, 3 if tag == 258 else 4, counts.get(tag, 1)) + struct.pack(f"{order}I", value)
        for tag, value in sorted(tags.items())
    )
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags)) + entries + bytes(4)
    bits = struct.pack(f"{order}{samples}H", *[16] * samples)
    return (head.ljust(200, b"\0") + bits).ljust(300, b"\0") + values.astype(f"{order}u2").tobytes()


@pytest.mark.parametrize("kind", ["rgb.png", "rgba.png", "grey-alpha.png", "<rgb.tif", ">rgb.tif", "<rgba.tif"])
@pytest.mark.parametrize(("greatest", "white"), [(4000, 4095), (300, 511), (200, 255), (16383, 16383), (32767, 32767)])
def test_deep_colour_is_scaled_by_the_bits_that_it_uses(kind: str, greatest: int, white: int, tmp_path: Path) -> None:
    samples = 2 if "grey" in kind else 4 if "rgba" in kind else 3
    values = np.random.default_rng(6).integers(0, greatest + 1, (5, 7, samples))
    values[0, 0, 0] = greatest
    if samples % 2 == 0:
        values[..., -1] = 65535
    path = tmp_path / kind.strip("<>")
    path.write_bytes(
        _deep_tiff(values, kind[0]) if kind.endswith("tif") else deep_png(values, {2: 4, 3: 2, 4: 6}[samples])
    )
    expected = np.round(values / white * 255).astype(np.uint8)
    np.testing.assert_array_equal(seen(path), _three(expected[..., 0]) if samples == 2 else expected[..., :3])
    assert f"16-bit colour scaled to 8 bits: 0 is black, {white} white" in framed(path)[0].steps


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64]),
        arrays.array_shapes(min_dims=2, max_dims=3, max_side=6),
    )
)
def test_scaling_never_wraps_and_keeps_the_order(values: Array) -> None:
    try:
        least, greatest = extent(values, "x")
    except BadInput:
        assert not np.isfinite(values).any()
        return
    for low, high in ((least, greatest), full_range(least, greatest, fractions=values.dtype.kind == "f")):
        assert low <= least <= greatest <= high
        shown = scaled(values, low, high)
        assert (shown.dtype, shown.shape) == (np.uint8, values.shape)
        finite = np.isfinite(values)
        order = np.argsort(values[finite], kind="stable")
        assert (np.diff(shown[finite][order].astype(int)) >= 0).all()
        assert (shown[np.isnan(values)] == 0).all()


def test_a_large_deep_picture_takes_no_eight_bytes_a_pixel() -> None:
    values = np.arange(4096 * 4096, dtype=np.uint32).astype(np.uint16).reshape(4096, 4096)
    tracemalloc.start()
    try:
        shown = scaled(values, 0, 65535)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * values.size
    assert shown[::1024, 257].tolist() == [round(255 * 257 / 65535)] * 4
