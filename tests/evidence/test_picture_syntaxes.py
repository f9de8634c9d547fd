"""Every transfer syntax that is decoded: one picture is one frame, however it is packed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    RLELossless,
)

from pipelines.errors import BadInput
from pipelines.evidence.inspect import inspect_attachment
from pipelines.evidence.picture import frame_of, frames_of
from tests.support.pictures import Array, PictureStore, attached, deflated, framed, packaged, seen, write_dicom

#: Edges, ramps and noise; JPEG 2000 is not written for less than 32 pixels.
GREY = (np.arange(48 * 40, dtype=np.uint16).reshape(48, 40) * 2) ^ np.random.default_rng(1).integers(
    0, 16, (48, 40), dtype=np.uint16
)
COLOUR = np.random.default_rng(2).integers(0, 256, (48, 40, 3), dtype=np.uint8)


def _packed(folder: Path, values: Array, syntax: str, **elements: object) -> Path:
    plain = write_dicom(folder / "plain.dcm", values, **elements)
    path = folder / f"{syntax}.dcm"
    if syntax == DeflatedExplicitVRLittleEndian:
        path.write_bytes(deflated(plain.read_bytes()))
        return path
    dataset = dcmread(plain)
    if syntax == ImplicitVRLittleEndian:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, implicit_vr=True, little_endian=True)
        return path
    if syntax == ExplicitVRBigEndian:
        swapped = values.astype(values.dtype.newbyteorder(">")).tobytes()
        return write_dicom(path, values, syntax, **elements, PixelData=swapped)
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path)
    return path


LOSSLESS = [
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGLSLossless,
    JPEG2000Lossless,
]


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda uid: uid.keyword)
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_every_lossless_syntax_of_one_film_is_one_frame(syntax: str, bits: int, signed: bool, tmp_path: Path) -> None:
    values = np.minimum(GREY, 2**bits - 1) if not signed else GREY.astype(np.int16) // (2 ** max(0, 13 - bits)) - 300
    assert not signed or (values.min() >= -(2 ** (bits - 1)) and values.max() < 2 ** (bits - 1))
    elements = {"BitsStored": bits, "RescaleSlope": 2, "RescaleIntercept": -7}
    plain = framed(write_dicom(tmp_path / "a.dcm", values, **elements))[0]
    packed = framed(_packed(tmp_path, values, syntax, **elements))[0]
    assert packed.sha256 == plain.sha256
    stretched = (values.astype(float) - values.min()) / (int(values.max()) - int(values.min())) * 255
    np.testing.assert_array_equal(seen(tmp_path / "a.dcm")[..., 0], np.round(stretched))


@pytest.mark.parametrize("syntax", [s for s in LOSSLESS if s != ExplicitVRBigEndian], ids=lambda uid: uid.keyword)
def test_every_lossless_syntax_of_one_photograph_is_one_frame(syntax: str, tmp_path: Path) -> None:
    packed = _packed(tmp_path, COLOUR, syntax)
    np.testing.assert_array_equal(seen(packed), COLOUR)


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda uid: uid.keyword)
def test_a_negative_is_the_inverted_positive_in_every_syntax(syntax: str, tmp_path: Path) -> None:
    positive = seen(_packed(tmp_path, GREY, syntax, BitsStored=12))
    negative = seen(_packed(tmp_path, GREY, syntax, BitsStored=12, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(negative, 255 - positive)


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_gdcm.dcm", "SC_rgb_gdcm_KY.dcm", "SC_rgb_rle_16bit.dcm"])
def test_lossless_jpeg_and_others_as_other_programs_write_them(name: str) -> None:
    """One picture that comes with pydicom: JPEG Lossless, JPEG 2000 and RLE of three programs."""
    assert framed(packaged(name))[0].sha256 == framed(packaged("SC_rgb_rle.dcm"))[0].sha256


def test_near_lossless_jpeg_is_near() -> None:
    exact = seen(packaged("SC_rgb_rle.dcm")).astype(int)
    for name in ("SC_rgb_jls_lossy_sample.dcm", "SC_rgb_jls_lossy_line.dcm"):
        assert np.abs(seen(packaged(name)) - exact).max() <= 4


def test_the_colours_of_jpeg_2000_are_those_that_another_decoder_makes() -> None:
    """YBR_RCT; against Pillow's own decoder."""
    name = "examples_jpeg2k.dcm"
    stream = get_frame(dcmread(packaged(name)).PixelData, 0, number_of_frames=1)
    with Image.open(io.BytesIO(stream)) as picture:
        np.testing.assert_array_equal(seen(packaged(name)), np.asarray(picture.convert("RGB")))


def test_halved_colours_are_spread_over_two_pixels() -> None:
    """YBR_FULL_422, uncompressed: two values of luminance share one pair of the others (PS3.3 C.7.6.3.1.2)."""
    dataset = dcmread(packaged("SC_ybr_full_422_uncompressed.dcm"))
    stored = np.frombuffer(dataset.PixelData, np.uint8).reshape(dataset.Rows, dataset.Columns // 2, 4).astype(float)
    y = stored[..., :2].reshape(dataset.Rows, dataset.Columns)
    cb, cr = (np.repeat(stored[..., place], 2, axis=1) - 128 for place in (2, 3))
    rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1).clip(0, 255)
    assert np.abs(seen(packaged("SC_ybr_full_422_uncompressed.dcm")) - rgb).max() <= 1


def test_a_film_of_the_heart_is_shown_by_eight_pictures() -> None:
    """Ultrasound, 30 pictures in JPEG; each against Pillow's own decoder."""
    path, store = packaged("examples_ybr_color.dcm"), PictureStore()
    frames = frames_of(inspect_attachment(attached(path), store, None), store)
    assert [frame.number for frame in frames] == [1, 5, 9, 13, 18, 22, 26, 30]
    assert [frame.label for frame in frames][:2] == ["frame 1 of 30", "frame 5 of 30"]
    stream = dcmread(path).PixelData
    for frame in frames:
        assert frame.number is not None
        with Image.open(io.BytesIO(get_frame(stream, frame.number - 1, number_of_frames=30))) as picture:
            expected = np.asarray(picture.convert("RGB"))
        with Image.open(io.BytesIO(store.get(frame.sha256))) as shown:
            pixels = np.asarray(shown.convert("RGB"))[frame.top : frame.top + 240]
        assert np.abs(pixels.astype(int) - expected).max() <= 2
    with pytest.raises(BadInput, match=r"^examples_ybr_color\.dcm: is a series of 30 frames; "):
        frame_of(attached(path), store)


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless], ids=["plain", "RLE", "JPEG2000"])
def test_each_frame_is_its_own(syntax: str | None, tmp_path: Path) -> None:
    values = np.stack([GREY + 100 * place for place in range(11)])
    path = write_dicom(
        tmp_path / "a.dcm", values[0], Modality="XA", NumberOfFrames=11, BitsStored=14, PixelData=values.tobytes()
    )
    if syntax is not None:
        dataset = dcmread(path)
        dataset.compress(syntax)
        dataset.save_as(path)
    store = PictureStore()
    frames = frames_of(attached(path), store)
    assert [frame.number for frame in frames] == [1, 2, 4, 5, 7, 8, 10, 11]
    low, high = (int(extreme) for extreme in (GREY.min(), GREY.max()))
    for frame in frames:
        assert frame.number is not None
        more = 100 * (frame.number - 1)
        assert f"{low + more} is the least value, {high + more} the greatest" in frame.steps[0]


@pytest.mark.parametrize(("claimed", "held"), [(12, 11), (2_000_000_000, 11)])
def test_frames_that_are_not_there_are_not_made_up(claimed: int, held: int, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", GREY, NumberOfFrames=claimed, PixelData=GREY.tobytes() * held)
    with pytest.raises(BadInput, match=r"^a\.dcm: has pixels that cannot be decoded "):
        frames_of(attached(path), PictureStore())


def test_the_headers_window_counts_only_where_it_is_asked_for(tmp_path: Path) -> None:
    elements = {
        "BitsStored": 12,
        "RescaleSlope": 2,
        "RescaleIntercept": -100,
        "WindowCenter": [1000, 5],
        "WindowWidth": [401, 9],
    }
    path = write_dicom(tmp_path / "a.dcm", GREY, **elements)
    store = PictureStore()
    frame = frame_of(attached(path), store, windowed=True)
    # PS3.3 C.11.2.1.2: black up to c - 0.5 - (w - 1) / 2, white from c - 0.5 + (w - 1) / 2.
    units = GREY.astype(float) * 2 - 100
    expected = np.round(((units - 999.5) / 400 + 0.5).clip(0, 1) * 255)
    with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
        np.testing.assert_array_equal(np.asarray(picture)[:, frame.left : frame.left + 40], expected)
    assert frame.steps[0] == "the header's window applied: centre 1000, width 401"
    bare = write_dicom(tmp_path / "b.dcm", GREY, BitsStored=12)
    assert frame_of(attached(path), store).sha256 == frame_of(attached(bare), store).sha256
    unwindowed = frame_of(attached(bare), store, windowed=True)
    assert unwindowed.steps[0] == "no window in the header"
    assert unwindowed.sha256 == frame_of(attached(bare), store).sha256


@pytest.mark.parametrize("slope", [2, -2])
@pytest.mark.parametrize(
    ("function", "width"),
    [("LINEAR", 1), ("LINEAR", 2), ("LINEAR_EXACT", 0.5), ("LINEAR_EXACT", 400), ("SIGMOID", 400), ("SIGMOID", 0.5)],
)
def test_windows_of_every_kind(function: str, width: float, slope: int, tmp_path: Path) -> None:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3, step by step."""
    units = GREY.astype(float) * slope - 100
    centre = 1800.0 if slope > 0 else -2000.0
    path = write_dicom(
        tmp_path / "a.dcm",
        GREY,
        BitsStored=12,
        RescaleSlope=slope,
        RescaleIntercept=-100,
        WindowCenter=centre,
        WindowWidth=width,
        VOILUTFunction=function,
    )
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            expected = 255 / (1 + np.exp(-4 * (units - centre) / width))
    else:
        middle, half = (centre - 0.5, (width - 1) / 2) if function == "LINEAR" else (centre, width / 2)
        rising = (units - middle) / (2 * half or 1) * 255 + 127.5
        expected = np.where(units <= middle - half, 0, np.where(units > middle + half, 255, rising))
    store = PictureStore()
    frame = frame_of(attached(path), store, windowed=True)
    with Image.open(io.BytesIO(store.get(frame.sha256))) as picture:
        shown = np.asarray(picture)[:, frame.left : frame.left + 40]
    np.testing.assert_array_equal(shown, np.round(expected))
    assert shown.min() == 0
    assert shown.max() == 255
    assert frame.steps[0].startswith(f"the header's window applied: centre {centre:.10g}, width {width:.10g}")


def test_twelve_bits_of_jpeg_extended_are_named(tmp_path: Path) -> None:
    jpeg = io.BytesIO()
    Image.fromarray(GREY.astype(np.uint8)).save(jpeg, "JPEG")
    eight = write_dicom(
        tmp_path / "a.dcm", GREY.astype(np.uint8), JPEGExtended12Bit, PixelData=encapsulate([jpeg.getvalue()])
    )
    assert framed(eight)[0].source_width == 40
    twelve = write_dicom(
        tmp_path / "b.dcm", GREY, JPEGExtended12Bit, BitsStored=12, PixelData=encapsulate([jpeg.getvalue()])
    )
    with pytest.raises(BadInput, match=r"^b\.dcm: is compressed as 12-bit JPEG Extended, which is not decoded here; "):
        inspect_attachment(attached(twelve), PictureStore(), None)


def test_words_in_the_picture_are_said(tmp_path: Path) -> None:
    plain = write_dicom(tmp_path / "a.dcm", GREY, BurnedInAnnotation="NO")
    written = write_dicom(tmp_path / "b.dcm", GREY, BurnedInAnnotation="YES")
    assert inspect_attachment(attached(plain), PictureStore(), None).warnings == ()
    (warning,) = inspect_attachment(attached(written), PictureStore(), None).warnings
    assert "words burned into its picture" in warning


@pytest.mark.parametrize("name", ["a.dcm", "a.png", "a.tif"])
def test_no_word_of_a_header_or_file_name_is_in_a_frame(name: str, tmp_path: Path) -> None:
    word = "Pneumothorax"
    path = tmp_path / f"{word}-{name}"
    if name.endswith(".dcm"):
        write_dicom(path, GREY, StudyDescription=word, ImageComments=word, PatientComments=word, PatientName=word)
    else:
        exif = Image.Exif()
        exif[0x010E] = word
        Image.fromarray(COLOUR).save(path, exif=exif)
    assert word.encode() in path.read_bytes()
    store = PictureStore()
    (frame,) = frames_of(attached(path), store)
    assert list(store.held) == [frame.sha256]
    assert word.lower().encode() not in store.get(frame.sha256).lower()
    assert word not in " ".join(frame.steps)
    assert frame.label is None


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGLSLossless, JPEG2000Lossless], ids=lambda uid: uid.keyword)
def test_a_codestream_that_is_larger_than_its_header_says_is_not_decoded(syntax: str, tmp_path: Path) -> None:
    if syntax == JPEGBaseline8Bit:
        jpeg = io.BytesIO()
        Image.fromarray(GREY.astype(np.uint8)).save(jpeg, "JPEG")
        path = write_dicom(tmp_path / "a.dcm", GREY.astype(np.uint8), syntax, PixelData=encapsulate([jpeg.getvalue()]))
    else:
        path = _packed(tmp_path, GREY, syntax)
    framed(path)
    dataset = dcmread(path)
    dataset.Rows = 24
    dataset.save_as(path)
    with pytest.raises(BadInput, match="has pixels that cannot be decoded"):
        framed(path)
