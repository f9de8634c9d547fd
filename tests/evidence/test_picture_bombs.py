"""Small files that would grow: refused in one line, and never more memory than two gigabytes.

Each is read in a process of its own, whose highest mark is looked at.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from tests.support.pictures import deflated, write_dicom

GREY = np.zeros((48, 40), np.uint8)
MOST_MEGABYTES = 2048
READ = """
import sys
from pathlib import Path
from pipelines.errors import BadInput
from pipelines.evidence.identify import identify_file
from pipelines.evidence.inspect import inspect_attachment
from pipelines.evidence.picture import frames_of
from pipelines.records import Kind
from tests.support.peak_memory import peak_bytes
from tests.support.pictures import PictureStore
path, store = Path(sys.argv[1]), PictureStore()
try:
    given = identify_file(path, path.name, str(path), Kind.IMAGE)
    frames = frames_of(inspect_attachment(given, store, None), store)
    print(f"{len(frames)} frames of {frames[0].source_width} x {frames[0].source_height}")
except BadInput as refused:
    print(refused)
print(peak_bytes() >> 20)
"""


def said_of(path: Path) -> tuple[str, int]:
    """What reading comes to, and the megabytes that it took."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", READ, str(path)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    said, taken = done.stdout.splitlines()
    assert done.stderr == ""
    return said, int(taken)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(*extra: bytes, width: int = 40, height: int = 48) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes((width + 1) * height)) if width < 1000 else zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + _chunk(b"IEND", b"")


def _text_png() -> bytes:
    """100 megabytes of text in each of 30 chunks of half a megabyte."""
    packed = zlib.compress(bytes(100 << 20), 1)
    return _png(*[_chunk(b"zTXt", b"Comment\0\0" + packed), _chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed)] * 15)


def _profile_png() -> bytes:
    return _png(_chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(200 << 20), 1)))


def _longer_png() -> bytes:
    """Its pixels go on for 300 megabytes after the last row."""
    header = _chunk(b"IHDR", struct.pack(">2I5B", 40, 48, 8, 0, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(300 << 20), 1))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + _chunk(b"IEND", b"")


def _jpeg(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(GREY).save(out, "JPEG")
    data = bytearray(out.getvalue())
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def _tiff(*tags: tuple[int, int, int, int], following: int = 0) -> bytes:
    """One page of 40 x 48 pixels; each tag: number, kind, count, value or place."""
    own = {
        256: (256, 4, 1, 40),
        257: (257, 4, 1, 48),
        258: (258, 4, 1, 8),
        259: (259, 4, 1, 1),
        262: (262, 4, 1, 1),
        273: (273, 4, 1, 400),
        277: (277, 4, 1, 1),
        278: (278, 4, 1, 48),
        279: (279, 4, 1, 1920),
    } | {tag[0]: tag for tag in tags}
    entries = b"".join(struct.pack("<HHII", *own[number]) for number in sorted(own))
    head = b"II*\0" + struct.pack("<IH", 8, len(own)) + entries + struct.pack("<I", following)
    return head.ljust(400, b"\0") + bytes(1920)


def _chain() -> bytes:
    """A hundred thousand pages, each a few bytes."""
    made = bytearray(_tiff(following=2320))
    for _ in range(100_000):
        at = len(made)
        entries = b"".join(
            struct.pack("<HHII", number, 4, 1, value)
            for number, value in ((256, 40), (257, 48), (258, 8), (262, 1), (273, 400), (278, 48), (279, 1920))
        )
        made += struct.pack("<H", 7) + entries + struct.pack("<I", at + 2 + len(entries) + 4)
    return bytes(made)


def _gif() -> bytes:
    """A hundred thousand pictures of one pixel."""
    picture = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0"
    head = b"GIF89a" + struct.pack("<HHBBB", 40, 48, 0x80, 0, 0) + bytes(6)
    return head + picture * 100_000 + b";"


def _webp() -> bytes:
    """Says that it is 16,000 x 16,000."""
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (15_999).to_bytes(3, "little") * 2 + b"VP8L" + bytes(40)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _tall_webp(height: int = 8_388_632) -> bytes:
    """An animation of two pictures of 20 x 20 on a canvas that is as tall as it says."""
    out = io.BytesIO()
    first, second = (Image.new("RGB", (20, 20), colour) for colour in ("red", "blue"))
    first.save(out, "WEBP", save_all=True, append_images=[second], lossless=True)
    data = bytearray(out.getvalue())
    at = data.index(b"VP8X") + 15
    data[at : at + 3] = (height - 1).to_bytes(3, "little")
    return bytes(data)


FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "text in PNG": ("a.png", _text_png, "is a picture that cannot be read; export it again"),
    "colour profile in PNG": ("a.png", _profile_png, "is a picture that cannot be read; export it again"),
    "PNG longer than its rows": ("a.png", _longer_png, "1 frames of 40 x 48"),
    "wide PNG": ("a.png", lambda: _png(width=2**31 - 1, height=2**31 - 1), "million pixels, 178 million are read here"),
    "JPEG": ("a.jpg", lambda: _jpeg(65_500, 65_500), "has 4291 million pixels, 178 million are read here; attach"),
    "WebP": ("a.webp", _webp, "has 256 million pixels, 178 million are read here; attach a smaller copy"),
    "tall WebP": ("a.webp", _tall_webp, "has 168 million pixels, 90 million are read here; attach a smaller copy"),
    "TIFF of many strips": ("a.tif", lambda: _tiff((273, 4, 2**31, 300)), "is a picture that cannot be read; export"),
    "TIFF of long text": ("a.tif", lambda: _tiff((270, 2, 2**32 - 1, 300)), ""),
    "TIFF of tiny strips": ("a.tif", lambda: _tiff((278, 4, 1, 0)), ""),
    "TIFF that leads back": ("a.tif", lambda: _tiff(following=8), "1 frames of 40 x 48"),
    "TIFF that leads nowhere": ("a.tif", lambda: _tiff(following=2**32 - 1), ""),
    "TIFF of many pages": ("a.tif", _chain, "1 frames of 40 x 48"),
    "GIF of many pictures": ("a.gif", _gif, "1 frames of 40 x 48"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_picture_file_that_would_grow(case: str, tmp_path: Path) -> None:
    name, make, expected = FILES[case]
    (tmp_path / name).write_bytes(make())
    said, megabytes = said_of(tmp_path / name)
    assert expected in said
    assert said.startswith(("1 frames", f"{name}: "))
    assert megabytes < MOST_MEGABYTES / 4


def _swelling(where: str) -> Callable[[Path], Path]:
    """560 megabytes of zeros, deflated to half of one."""

    def write(folder: Path) -> Path:
        many: dict[str, object] = {"Modality": "XA", "NumberOfFrames": 1_400_000} if where == "pixels" else {}
        data = write_dicom(folder / "plain.dcm", np.zeros((20, 20), np.uint8), **many).read_bytes()
        zeros = bytes(560 << 20)
        if where == "header":
            # In front of the element of the pixels, whose tag is the last of its kind.
            at = data.rindex(b"\xe0\x7f\x10\0OB")
            data = data[:at] + struct.pack("<HH2sHI", 0x7FDF, 0x1001, b"OB", 0, len(zeros)) + zeros + data[at:]
        elif where == "pixels":
            at = data.rindex(b"\xe0\x7f\x10\0OB")
            data = data[: at + 8] + struct.pack("<I", len(zeros)) + zeros
        else:
            data += zeros
        made = deflated(data)
        (folder / "a.dcm").write_bytes(made)
        assert len(made) < 2 << 20
        return folder / "a.dcm"

    return write


def _in_dicom(syntax: str, stream: bytes, **elements: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        return write_dicom(folder / "a.dcm", GREY, syntax, PixelData=encapsulate([stream]), **elements)

    return write


def _jpeg2000(width: int, height: int, tile: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(GREY).save(out, "JPEG2000", no_jp2=True)
    data = bytearray(out.getvalue())
    struct.pack_into(">8I", data, 8, width, height, 0, 0, tile, tile, 0, 0)
    return bytes(data)


def _jp2(width: int, height: int) -> bytes:
    """A JP2 file: in front of its codestream a box that holds the beginning of a smaller one."""
    out = io.BytesIO()
    Image.fromarray(GREY).save(out, "JPEG2000")
    whole = out.getvalue()
    at, size = whole.index(b"jp2c") - 4, whole.index(b"ihdr") + 4
    head = whole[:size] + struct.pack(">II", height, width) + whole[size + 8 : at]
    small = _jpeg2000(GREY.shape[1], GREY.shape[0], 64)[:60]
    box = struct.pack(">I4s", 8 + len(small), b"xml ") + small
    return head + box + struct.pack(">I4s", 0, b"jp2c") + _jpeg2000(width, height, width)


def _jpegls(width: int, height: int) -> bytes:
    segment = struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)
    return (
        b"\xff\xd8\xff\xf7" + struct.pack(">H", len(segment) + 2) + segment + b"\xff\xda\0\x08\1\1\0\0\0\0\0\0\xff\xd9"
    )


def _rle() -> bytes:
    """One segment whose runs come to a hundred times the picture."""
    return struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\xff" * (150 * GREY.size // 128)


def _segmented(folder: Path) -> Path:
    """A palette in which each of 30,000 segments claims 65,535 entries."""
    segments = struct.pack("<HHH", 1, 65535, 255) * 30_000
    tables: dict[str, object] = {}
    for colour in ("Red", "Green", "Blue"):
        tables[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tables[f"Segmented{colour}PaletteColorLookupTableData"] = segments
    return write_dicom(folder / "a.dcm", GREY, PhotometricInterpretation="PALETTE COLOR", **tables)


def _padded(folder: Path) -> Path:
    """A picture of 2,000 pixels in 40 megabytes."""
    out = io.BytesIO()
    Image.fromarray(GREY).save(out, "JPEG")
    return _in_dicom(JPEGBaseline8Bit, out.getvalue() + bytes(40 << 20))(folder)


UNDECODED = "has pixels that cannot be decoded"
DICOMS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "deflated header": (
        _swelling("header"),
        "a.dcm: unpacks to more than 64 MB before its picture begins; export it again from the archive, uncompressed",
    ),
    "deflated pixels": (_swelling("pixels"), "a.dcm: unpacks to more than 512 MB before its picture ends; export it"),
    "deflated behind them": (_swelling("behind"), "1 frames of 20 x 20"),
    "rows": (
        lambda folder: write_dicom(folder / "a.dcm", GREY, Rows=65535, Columns=65535),
        "has 4295 million pixels, 178 million are read here",
    ),
    "wide samples": (
        lambda folder: write_dicom(folder / "a.dcm", GREY, Rows=13000, Columns=13000, BitsAllocated=64, BitsStored=64),
        "takes more memory than there is",
    ),
    "frames": (lambda folder: write_dicom(folder / "a.dcm", GREY, NumberOfFrames=2**31 - 1), UNDECODED),
    "short": (lambda folder: write_dicom(folder / "a.dcm", GREY, Rows=12000, Columns=12000), UNDECODED),
    "JPEG": (_in_dicom(JPEGBaseline8Bit, _jpeg(60_000, 60_000)), UNDECODED),
    "JPEG 2000": (_in_dicom(JPEG2000Lossless, _jpeg2000(60_000, 60_000, 60_000)), UNDECODED),
    "JPEG 2000 in tiles": (_in_dicom(JPEG2000Lossless, _jpeg2000(900, 900, 1), Rows=900, Columns=900), UNDECODED),
    "JPEG 2000 behind another": (_in_dicom(JPEG2000Lossless, _jp2(30_000, 30_000)), UNDECODED),
    "JPEG-LS": (_in_dicom(JPEGLSLossless, _jpegls(60_000, 60_000)), UNDECODED),
    "JPEG-LS of nothing": (_in_dicom(JPEGLSLossless, _jpegls(12_000, 12_000), Rows=12_000, Columns=12_000), UNDECODED),
    "RLE": (_in_dicom(RLELossless, _rle()), ""),
    "segments": (_segmented, UNDECODED),
    "padded": (_padded, "holds far more than the picture that its header describes"),
}


@pytest.mark.parametrize("case", DICOMS)
def test_a_dicom_file_that_would_grow(case: str, tmp_path: Path) -> None:
    make, expected = DICOMS[case]
    said, megabytes = said_of(make(tmp_path))
    assert said.startswith(("1 frames", "a.dcm: "))
    assert expected in said
    assert megabytes < MOST_MEGABYTES / 4


@pytest.mark.long
def test_the_largest_webp_takes_less_than_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    path.write_bytes(_tall_webp(4_500_000))
    said, megabytes = said_of(path)
    assert said == "1 frames of 20 x 4500000"
    assert megabytes < MOST_MEGABYTES


@pytest.mark.long
@pytest.mark.parametrize("kind", ["turned.png", "palette.png", "deep.png", "deep-colour.png", "floats.tif", "inks.tif"])
def test_the_largest_picture_that_is_read_takes_less_than_two_gigabytes(kind: str, tmp_path: Path) -> None:
    side, path = 13_370, tmp_path / kind
    if kind == "turned.png":
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGBA", (side, side)).save(path, exif=exif, compress_level=1)
    elif kind == "deep.png":
        Image.fromarray(np.zeros((side, side), np.uint16)).save(path, compress_level=1)
    elif kind == "deep-colour.png":
        packer = zlib.compressobj(1)
        row = bytes(1 + 8 * side)
        pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
        header = _chunk(b"IHDR", struct.pack(">2I5B", side, side, 16, 6, 0, 0, 0))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b""))
    elif kind == "palette.png":
        Image.new("P", (side, side)).save(path, compress_level=1)
    else:
        mode = "CMYK" if kind == "inks.tif" else "F"
        Image.new(mode, (side, side)).save(path, compression="tiff_adobe_deflate")
    said, megabytes = said_of(path)
    assert said == f"1 frames of {side} x {side}"
    assert megabytes < MOST_MEGABYTES


SIDE = 13_370


def _largest_photograph(folder: Path) -> Path:
    out = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (200, 100, 50)).save(out, "JPEG")
    shape = {"Rows": SIDE, "Columns": SIDE, "PhotometricInterpretation": "YBR_FULL_422"}
    given = encapsulate([out.getvalue()])
    return write_dicom(folder / "a.dcm", np.zeros((2, 2, 3), np.uint8), JPEGBaseline8Bit, PixelData=given, **shape)


def _largest_by_luminance(folder: Path) -> Path:
    shape = {"Rows": SIDE, "Columns": SIDE, "PhotometricInterpretation": "YBR_FULL"}
    return write_dicom(folder / "a.dcm", np.zeros((2, 2, 3), np.uint8), PixelData=bytes(SIDE * SIDE * 3), **shape)


def _largest_by_palette(folder: Path) -> Path:
    entries = np.arange(65536, dtype="<u2").tobytes()
    tables = {
        f"{colour}PaletteColorLookupTable{part}": [0, 0, 16] if part == "Descriptor" else entries
        for colour in ("Red", "Green", "Blue")
        for part in ("Descriptor", "Data")
    }
    values = np.zeros((SIDE, SIDE), np.uint16)
    return write_dicom(folder / "a.dcm", values, PhotometricInterpretation="PALETTE COLOR", **tables)


@pytest.mark.long
@pytest.mark.parametrize("make", [_largest_photograph, _largest_by_luminance, _largest_by_palette])
def test_the_largest_dicom_picture_takes_less_than_two_gigabytes(make: Callable[[Path], Path], tmp_path: Path) -> None:
    said, megabytes = said_of(make(tmp_path))
    assert said == f"1 frames of {SIDE} x {SIDE}"
    assert megabytes < MOST_MEGABYTES
