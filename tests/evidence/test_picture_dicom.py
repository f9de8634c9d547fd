"""2D DICOM: from stored values to the frame, by hand and against pydicom's own pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from pipelines.errors import BadInput
from pipelines.evidence.inspect import inspect_attachment
from pipelines.evidence.picture import frame_of
from pipelines.records import Kind
from tests.support.pictures import Array, PictureStore, attached, framed, packaged, seen, write_dicom

FILM = (np.arange(35, dtype=np.uint16).reshape(5, 7) * 100) + 300
SHADES = np.arange(35, dtype=np.uint8).reshape(5, 7) * 7


def _stretched(values: Array) -> Array:
    values = values.astype(float)
    return np.round((values - values.min()) / (values.max() - values.min()) * 255)


def _table(entries: Array, first: int) -> Sequence:
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first, 16]
    item.ModalityLUTType = "US"
    item.LUTData = entries.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return Sequence([item])


def test_deep_grey_goes_from_its_least_value_to_its_greatest(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", FILM, BitsStored=12, WindowCenter=400, WindowWidth=10)
    np.testing.assert_array_equal(seen(path)[..., 0], _stretched(FILM))
    assert framed(path)[0].steps == (
        "12-bit grey scaled to 8: 300 is the least value, 3700 the greatest",
        "padded to a square with black",
        "grey repeated in red, green and blue",
    )


def test_eight_bits_stay_as_they_are(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", SHADES, RescaleSlope=1, RescaleIntercept=-100)
    np.testing.assert_array_equal(seen(path)[..., 0], SHADES)


@pytest.mark.parametrize("values", [SHADES, FILM])
def test_white_and_black_are_not_exchanged(values: Array, tmp_path: Path) -> None:
    positive = seen(write_dicom(tmp_path / "a.dcm", values))
    path = write_dicom(tmp_path / "b.dcm", values, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(seen(path), 255 - positive)
    assert "inverted: low values are white" in framed(path)[0].steps


@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (0.25, 17.5), (-1, 4095), (-0.001, 0)])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_rescale_counts(slope: float, intercept: float, photometric: str, tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "a.dcm",
        FILM,
        PhotometricInterpretation=photometric,
        RescaleSlope=slope,
        RescaleIntercept=intercept,
    )
    expected = _stretched(FILM.astype(float) * slope + intercept)
    shown = seen(path)[..., 0].astype(int)
    assert np.abs(shown - (255 - expected if photometric == "MONOCHROME1" else expected)).max() <= 1


@pytest.mark.parametrize(("slope", "first"), [(1, 500), (2, -40)])
def test_a_display_table_counts_only_where_it_is_asked_for(slope: int, first: int, tmp_path: Path) -> None:
    """PS3.3 C.11.2.1.1: below the first value that it maps its first entry, above the last one its last."""
    entries = (np.sqrt(np.arange(3000)) * 1000).astype(np.uint16)
    entries[-1] = 65535
    path = write_dicom(
        tmp_path / "a.dcm",
        FILM,
        BitsStored=12,
        RescaleSlope=slope,
        RescaleIntercept=-100,
        VOILUTSequence=_table(entries, first % 65536),
    )
    units = FILM.astype(int) * slope - 100
    expected = np.rint(entries[(units - first).clip(0, 2999)] / 65535 * 255)
    store = PictureStore()
    frame = frame_of(attached(path), store, windowed=True)
    with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
        shown = np.asarray(picture)[frame.top : frame.top + FILM.shape[0], frame.left : frame.left + FILM.shape[1]]
    np.testing.assert_array_equal(shown, expected)
    assert frame.steps[0] == "the header's display table applied"
    assert "table" not in " ".join(framed(path)[0].steps)


def test_a_modality_table_counts(tmp_path: Path) -> None:
    entries = np.sqrt(np.arange(4096) * 1000.0)
    path = write_dicom(tmp_path / "a.dcm", FILM, ModalityLUTSequence=_table(entries, 0))
    np.testing.assert_array_equal(seen(path)[..., 0], _stretched(entries.astype(np.uint16)[FILM]))
    assert framed(path)[0].steps[0] == "modality table applied"


def test_a_modality_table_over_all_signed_values(tmp_path: Path) -> None:
    values = np.linspace(-32768, 32767, 35).astype(np.int16).reshape(5, 7)
    path = write_dicom(tmp_path / "a.dcm", values, ModalityLUTSequence=_table(np.arange(65536), -32768))
    np.testing.assert_array_equal(seen(path)[..., 0], _stretched(values))


@pytest.mark.parametrize("syntax", [None, RLELossless], ids=["plain", "RLE"])
@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_values_that_lie_in_the_upper_bits(syntax: str | None, kind: type, tmp_path: Path) -> None:
    """As older devices put them; below them whatever there was."""
    values = FILM.astype(kind) // 2 - (900 if kind is np.int16 else 0)
    path = write_dicom(tmp_path / "a.dcm", (values << 4) | kind(5), BitsStored=12, HighBit=15)
    if syntax is not None:
        dataset = dcmread(path)
        dataset.compress(syntax, encoding_plugin="pydicom", generate_instance_uid=False)
        dataset.HighBit = 15
        dataset.save_as(path)
    np.testing.assert_array_equal(seen(path)[..., 0], _stretched(values))
    assert framed(path)[0].steps[0].startswith("12-bit grey scaled to 8: ")


def test_signed_values(tmp_path: Path) -> None:
    values = FILM.astype(np.int16) - 2000
    np.testing.assert_array_equal(seen(write_dicom(tmp_path / "a.dcm", values))[..., 0], _stretched(values))


def test_what_lies_above_the_stored_bits_is_not_seen(tmp_path: Path) -> None:
    """Old devices kept an overlay there."""
    path = write_dicom(tmp_path / "a.dcm", FILM | np.uint16(0x8000), BitsStored=12)
    np.testing.assert_array_equal(seen(path)[..., 0], _stretched(FILM))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("value", "limit"), [(65535, None), (0, None), (65000, 65535)])
def test_padding_is_black_and_does_not_stretch_the_scale(
    value: int, limit: int | None, photometric: str, tmp_path: Path
) -> None:
    padded = np.pad(FILM, 2, constant_values=value)
    path = write_dicom(
        tmp_path / "a.dcm",
        padded,
        PhotometricInterpretation=photometric,
        PixelPaddingValue=value,
        PixelPaddingRangeLimit=limit,
    )
    expected = _stretched(FILM)
    shown = seen(path)[..., 0]
    np.testing.assert_array_equal(shown[2:-2, 2:-2], 255 - expected if photometric == "MONOCHROME1" else expected)
    assert int(shown.sum()) == int(shown[2:-2, 2:-2].sum())


def test_padding_below_zero_that_is_written_as_if_unsigned(tmp_path: Path) -> None:
    signed = FILM.astype(np.int16) - 2000
    path = write_dicom(tmp_path / "a.dcm", np.pad(signed, 2, constant_values=-5000))
    dataset = dcmread(path)
    dataset.add_new("PixelPaddingValue", "US", 65536 - 5000)
    dataset.save_as(path)
    shown = seen(path)[..., 0]
    np.testing.assert_array_equal(shown[2:-2, 2:-2], _stretched(signed))
    assert "padding made black" in framed(path)[0].steps


def test_one_value_only_is_one_shade(tmp_path: Path) -> None:
    assert (seen(write_dicom(tmp_path / "a.dcm", np.full((3, 3), 900, np.uint16), PixelPaddingValue=900)) == 0).all()


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_applied(bits: int, tmp_path: Path) -> None:
    colours = np.random.default_rng(4).integers(0, 256, (256, 3)).astype(np.uint16)
    colours[0] = 255
    entries = colours * 257 if bits == 16 else colours.astype(np.uint8)
    tables = {
        f"{colour}PaletteColorLookupTable{part}": [256, 0, bits] if part == "Descriptor" else entries[:, n].tobytes()
        for n, colour in enumerate(("Red", "Green", "Blue"))
        for part in ("Descriptor", "Data")
    }
    path = write_dicom(tmp_path / "a.dcm", SHADES, PhotometricInterpretation="PALETTE COLOR", **tables)
    np.testing.assert_array_equal(seen(path), colours[SHADES])
    assert framed(path)[0].steps[0] == "palette applied"


def _palette(entries: Array, first: int, bits: int, kind: str) -> dict[str, object]:
    return {
        f"{colour}PaletteColorLookupTable{part}": [len(entries) % 65536, first, bits]
        if part == "Descriptor"
        else (entries // (place + 1)).astype(kind).tobytes()
        for place, colour in enumerate(("Red", "Green", "Blue"))
        for part in ("Descriptor", "Data")
    } | {"PhotometricInterpretation": "PALETTE COLOR"}


def _by_palette(entries: Array, places: Array, white: int) -> Array:
    return np.stack([np.round(entries[places] // part / white * 255) for part in (1, 2, 3)], axis=-1)


@pytest.mark.parametrize(("kind", "bits"), [("<u2", 16), ("u1", 8), ("<u2", 8)])
def test_a_palette_has_one_scale_however_dark_a_picture_is(kind: str, bits: int, tmp_path: Path) -> None:
    entries = np.arange(256) * (257 if (kind, bits) == ("<u2", 16) else 1)
    dark = SHADES // 60
    path = write_dicom(tmp_path / "a.dcm", dark, **_palette(entries, 0, bits, kind))
    np.testing.assert_array_equal(seen(path), _by_palette(entries, dark, 65535 if entries.max() > 255 else 255))


@pytest.mark.parametrize(("first", "kind", "bits"), [(-100, "<u2", 16), (65436, "<u2", 16), (-100, "u1", 8)])
def test_a_palette_of_many_entries_for_values_below_zero(first: int, kind: str, bits: int, tmp_path: Path) -> None:
    entries = np.arange(4096) * 16 if kind == "<u2" else np.arange(4096) // 16
    values = FILM.astype(np.int16) - 500
    path = write_dicom(tmp_path / "a.dcm", values, **_palette(entries, 0, bits, kind))
    dataset = dcmread(path)
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "SS" if first < 0 else "US", [4096, first, bits])
    dataset.save_as(path)
    places = (values.astype(int) + 100).clip(0, 4095)
    np.testing.assert_array_equal(seen(path), _by_palette(entries, places, 65535 if kind == "<u2" else 255))


def test_a_palette_in_segments(tmp_path: Path) -> None:
    """A dark start, then a straight rise to white (PS3.3 C.7.9.2)."""
    segments = np.array([0, 2, 0, 1000, 1, 254, 65535], "<u2").tobytes()
    entries = np.round(np.concatenate([[0], np.linspace(1000, 65535, 255)]))
    tables: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        tables[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tables[f"Segmented{colour}PaletteColorLookupTableData"] = segments
    path = write_dicom(tmp_path / "a.dcm", SHADES, **tables)
    np.testing.assert_array_equal(seen(path)[..., 1], np.round(entries[SHADES] / 65535 * 255))


def test_colour(tmp_path: Path) -> None:
    rgb = np.random.default_rng(4).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(seen(write_dicom(tmp_path / "a.dcm", rgb)), rgb)
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1)).tobytes() + b"\0"
    np.testing.assert_array_equal(
        seen(write_dicom(tmp_path / "b.dcm", rgb, PlanarConfiguration=1, PixelData=planes)), rgb
    )
    deep = rgb.astype(np.uint16) * 16
    np.testing.assert_array_equal(
        seen(write_dicom(tmp_path / "c.dcm", deep, BitsStored=12)), np.round(deep / 4095 * 255)
    )


def test_luminance_and_chrominance_become_rgb(tmp_path: Path) -> None:
    ybr = np.random.default_rng(4).integers(60, 196, (6, 6, 3), dtype=np.uint8)
    y, cb, cr = (ybr[..., n].astype(float) - (0, 128, 128)[n] for n in range(3))
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1).clip(0, 255)
    path = write_dicom(tmp_path / "a.dcm", ybr, PhotometricInterpretation="YBR_FULL")
    assert np.abs(seen(path) - rgb).max() <= 1
    assert framed(path)[0].steps == ("YBR_FULL converted to RGB",)


def test_what_is_compressed_is_the_same_picture(tmp_path: Path) -> None:
    plain = seen(write_dicom(tmp_path / "a.dcm", FILM))
    for syntax in (DeflatedExplicitVRLittleEndian, RLELossless):
        dataset = dcmread(write_dicom(tmp_path / "b.dcm", FILM))
        if syntax == RLELossless:
            dataset.compress(syntax)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(tmp_path / "c.dcm")
        np.testing.assert_array_equal(seen(tmp_path / "c.dcm"), plain)
    big = write_dicom(tmp_path / "d.dcm", FILM, ExplicitVRBigEndian, PixelData=FILM.astype(">u2").tobytes())
    np.testing.assert_array_equal(seen(big), plain)


@pytest.mark.parametrize(("syntax", "kind", "off"), [(JPEGBaseline8Bit, "JPEG", 4), (JPEG2000Lossless, "JPEG2000", 0)])
def test_jpeg_within(syntax: str, kind: str, off: int, tmp_path: Path) -> None:
    blocks = np.random.default_rng(2).integers(0, 256, (4, 4)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(blocks).save(packed, kind, **({"quality": 95} if kind == "JPEG" else {"no_jp2": True}))
    path = write_dicom(tmp_path / "a.dcm", blocks, syntax, PixelData=encapsulate([packed.getvalue()]))
    assert np.abs(seen(path)[..., 0].astype(int) - blocks).max() <= off


def _adobe(jpeg: bytes, transform: int) -> bytes:
    """With Adobe's marker in place of JFIF's: 0 is RGB, 1 luminance and chrominance."""
    end = 4 + int.from_bytes(jpeg[4:6], "big")
    return jpeg[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform]) + jpeg[end:]


BLOCKS = np.random.default_rng(2).integers(0, 256, (3, 3, 3)).repeat(16, 0).repeat(16, 1).astype(np.uint8)


def _farthest(folder: Path, jpeg: bytes, photometric: str) -> int:
    """How far any colour that is seen is from that of `BLOCKS`, which were packed."""
    path = write_dicom(
        folder / "a.dcm",
        BLOCKS,
        JPEGBaseline8Bit,
        PhotometricInterpretation=photometric,
        PixelData=encapsulate([jpeg]),
    )
    return int(np.abs(seen(path).astype(int) - BLOCKS).max())


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("marked", ["JFIF", "Adobe", "RGB of Adobe"])
def test_a_photograph_has_the_colours_that_its_own_markers_say(photometric: str, marked: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    options: dict[str, object] = {"keep_rgb": True} if marked == "RGB of Adobe" else {}
    Image.fromarray(BLOCKS).save(packed, "JPEG", quality=100, subsampling=0, **options)
    jpeg = _adobe(packed.getvalue(), 1) if marked == "Adobe" else packed.getvalue()
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.info.get("adobe_transform", "JFIF") == {"JFIF": "JFIF", "Adobe": 1, "RGB of Adobe": 0}[marked]
    assert _farthest(tmp_path, jpeg, photometric) <= 2


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_a_photograph_without_markers_has_the_colours_that_the_header_says(photometric: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    stored = Image.fromarray(BLOCKS)
    if photometric == "RGB":
        # What is packed as luminance and chrominance is handed out as it is.
        stored = Image.frombytes("YCbCr", stored.size, BLOCKS.tobytes())
    stored.save(packed, "JPEG", quality=100, subsampling=0)
    jpeg = packed.getvalue()
    bare = jpeg[:2] + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]
    assert _farthest(tmp_path, bare, photometric) <= 2


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("SC_rgb_rle.dcm", "SC_rgb_rle_16bit.dcm"),
        ("SC_rgb_rle.dcm", "SC_rgb_rle_32bit.dcm"),
        ("SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm"),
        ("SC_rgb_jpeg.dcm", "SC_rgb_jpeg_dcmd.dcm"),
    ],
)
def test_one_picture_in_two_encodings_is_one_frame(name: str, reference: str) -> None:
    assert framed(packaged(name))[0].sha256 == framed(packaged(reference))[0].sha256


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("CT_small.dcm", r"is one image of a series \(CT\); attach its folder: ct-series=PATH"),
        ("MR_small.dcm", r"is one image of a series \(MR\); attach its folder: mr-series=PATH"),
        ("JPGExtended.dcm", r"is compressed as 12-bit JPEG Extended, .* not decoded here; .* uncompressed or as PNG"),
        ("test-SR.dcm", "is a structured report, not an image; attach the images of the study"),
        ("waveform_ecg.dcm", "is a waveform, not an image; "),
        ("rtplan.dcm", "is a radiotherapy object, not an image; "),
        ("rtdose.dcm", "is a radiotherapy object, not an image; "),
        ("liver_1frame.dcm", "is a segmentation, registration or raw data, not an image; "),
    ],
)
def test_what_the_header_forbids_is_refused_at_inspection(name: str, problem: str) -> None:
    path = packaged(name)
    with pytest.raises(BadInput, match=rf"^{path.name}: {problem}"):
        inspect_attachment(attached(path), PictureStore(), None)
    with pytest.raises(BadInput, match=rf"^{path.name}: {problem}"):
        framed(path)


def test_a_series_is_left_to_its_own_reader() -> None:
    inspected = inspect_attachment(attached(packaged("CT_small.dcm"), Kind.CT_SERIES), PictureStore(), None)
    assert inspected.patient is not None
