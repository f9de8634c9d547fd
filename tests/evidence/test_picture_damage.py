"""Bombs, cut files and random damage: a frame or one line, never more."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, RLELossless

from pipelines.errors import BadInput
from pipelines.evidence.inspect import inspect_attachment
from tests.support.pictures import PictureStore, attached, framed, write_dicom


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int) -> bytes:
    header = _png_chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _png_chunk(b"IDAT", zlib.compress(bytes(1000))) + _png_chunk(b"IEND", b"")


def _bmp(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 154, 0, 0, 54) + info + bytes(100)


def _tiff(width: int, height: int) -> bytes:
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 122), (277, 1), (278, height), (279, 100)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(104)


def _gif(width: int, height: int) -> bytes:
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0, 0, 0)
        + b","
        + struct.pack("<HHHHB", 0, 0, width, height, 0)
        + b"\x02\x02L\x01\0;"
    )


def _encoded(kind: str, **options: Any) -> bytes:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (24, 20, 3), dtype=np.uint8)
    image = Image.fromarray(pixels[..., 0] if options.pop("grey", False) else pixels)
    if options.pop("palette", False):
        image = image.quantize(16)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"exif": exif} if kind not in {"BMP", "GIF"} else {}), **options)
    return buffer.getvalue()


def _deep() -> bytes:
    buffer = io.BytesIO()
    values = np.random.default_rng(1).integers(0, 4096, (24, 20), dtype=np.uint16)
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One small sound file of each kind."""
    folder = tmp_path_factory.mktemp("sound")
    film = np.arange(480, dtype=np.uint16).reshape(24, 20)
    grey = film.astype(np.uint8)
    jpeg = io.BytesIO()
    Image.fromarray(grey).save(jpeg, "JPEG")
    rle = write_dicom(folder / "rle.dcm", grey)
    dataset = dcmread(rle)
    dataset.compress(RLELossless)
    dataset.save_as(rle)
    return {
        "png": _encoded("PNG"),
        "deep.png": _deep(),
        "palette.png": _encoded("PNG", palette=True),
        "jpg": _encoded("JPEG"),
        "progressive.jpg": _encoded("JPEG", progressive=True, grey=True),
        "tif": _encoded("TIFF"),
        "lzw.tif": _encoded("TIFF", compression="tiff_lzw"),
        "jpeg.tif": _encoded("TIFF", compression="jpeg"),
        "bmp": _encoded("BMP"),
        "gif": _encoded("GIF", palette=True),
        "webp": _encoded("WEBP"),
        "dcm": write_dicom(folder / "plain.dcm", film, RescaleSlope=2, RescaleIntercept=1).read_bytes(),
        "rle.dcm": rle.read_bytes(),
        "jpeg.dcm": write_dicom(
            folder / "jpeg.dcm", grey, JPEGBaseline8Bit, PixelData=encapsulate([jpeg.getvalue()])
        ).read_bytes(),
    }


KINDS = [
    "png",
    "deep.png",
    "palette.png",
    "jpg",
    "progressive.jpg",
    "tif",
    "lzw.tif",
    "jpeg.tif",
    "bmp",
    "gif",
    "webp",
    "dcm",
    "rle.dcm",
    "jpeg.dcm",
]


@pytest.mark.parametrize("make", [_png, _bmp, _tiff, _gif])
def test_a_bomb_is_refused_by_its_header(make: Any, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(make(30_000, 30_000))
    line = r"^film\.png: has 900 million pixels, 178 million are read here; attach a smaller copy"
    with pytest.raises(BadInput, match=line):
        inspect_attachment(attached(film), PictureStore(), None)
    with pytest.raises(BadInput, match=line):
        framed(film)


def test_the_limit_itself(tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(_png(178_956_971, 1))
    with pytest.raises(BadInput, match="has 179 million pixels, 178 million are read here"):
        framed(film)
    film.write_bytes(_png(178_956_970, 1))
    with pytest.raises(BadInput, match=r"more memory than there is|cannot be read"):
        framed(film)


def test_a_dicom_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    film = write_dicom(tmp_path / "film.dcm", np.zeros((4, 4), np.uint8), Rows=30_000, Columns=30_000)
    line = r"^film\.dcm: has 900 million pixels, 178 million are read here; "
    with pytest.raises(BadInput, match=line):
        inspect_attachment(attached(film), PictureStore(), None)
    with pytest.raises(BadInput, match=line):
        framed(film)


def test_a_bomb_within_dicom_is_refused(tmp_path: Path) -> None:
    """The header tells of 16 pixels, the compressed picture of 900 million."""
    jpeg = bytearray(_encoded("JPEG", grey=True))
    at = jpeg.index(b"\xff\xc0") + 5
    struct.pack_into(">HH", jpeg, at, 30_000, 30_000)
    film = write_dicom(
        tmp_path / "film.dcm", np.zeros((4, 4), np.uint8), JPEGBaseline8Bit, PixelData=encapsulate([bytes(jpeg)])
    )
    with pytest.raises(BadInput, match=r"^film\.dcm: has pixels that cannot be decoded \(JPEG Baseline .*\); "):
        framed(film)


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize("make", [_png, _bmp, _tiff, _gif])
def test_no_pixels_are_no_picture(make: Any, width: int, height: int, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(make(width, height))
    with pytest.raises(BadInput, match=r"^film\.png: is a picture that cannot be read; export it again, as PNG"):
        framed(film)


@pytest.mark.parametrize("keyword", ["Rows", "Columns"])
@pytest.mark.parametrize("value", [0, None])
def test_no_rows_are_no_picture(keyword: str, value: int | None, tmp_path: Path) -> None:
    film = write_dicom(tmp_path / "film.dcm", np.zeros((4, 4), np.uint8), **{keyword: value})
    with pytest.raises(BadInput, match=r"^film\.dcm: is a DICOM file without a picture; "):
        framed(film)


def test_a_film_without_pixels_says_so(tmp_path: Path) -> None:
    film = write_dicom(tmp_path / "film.dcm", np.zeros((40, 50), np.uint16))
    dataset = dcmread(film)
    del dataset.PixelData
    dataset.save_as(film)
    with pytest.raises(BadInput, match=r"^film\.dcm: is a DICOM file without pixels; "):
        framed(film)


@pytest.mark.parametrize(
    "elements",
    [
        {"PixelRepresentation": None},
        {"BitsAllocated": 16},
        {"BitsAllocated": 13},
        {"SamplesPerPixel": 4},
        {"SamplesPerPixel": None},
        {"PhotometricInterpretation": "HSV"},
        {"PhotometricInterpretation": None},
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"Rows": 5},
    ],
)
def test_a_header_that_does_not_fit_the_pixels_is_refused(elements: dict[str, object], tmp_path: Path) -> None:
    film = write_dicom(tmp_path / "film.dcm", np.zeros((4, 4), np.uint8), **elements)
    with pytest.raises(BadInput, match=r"^film\.dcm: has pixels that cannot be decoded \(Explicit VR Little Endian\)"):
        framed(film)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_is_refused(
    kind: str, sound: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = sound[kind]
    film = tmp_path / f"film.{kind}"
    film.write_bytes(whole)
    framed(film)
    for keep in (0.5, 0.7, 0.9):
        film.write_bytes(whole[: int(len(whole) * keep)])
        with pytest.raises(BadInput, match=rf"^film\.{kind}: "):
            framed(film)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_never_escapes(
    kind: str, sound: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(sound[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    film = tmp_path_factory.mktemp("damage") / "film"
    film.write_bytes(whole)
    try:
        inspect_attachment(attached(film), PictureStore(), None)
        frame, pixels = framed(film)
    except BadInput:
        pass
    else:
        assert pixels.shape == (frame.height, frame.width, 3)
