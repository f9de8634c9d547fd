"""Damaged, hostile and mixed-up studies: used without what is damaged, or refused in one line."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels.utils import compress
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless

from pipelines.errors import BadInput, PersonNeeded
from pipelines.evidence.identify import identify_file, identify_study
from pipelines.evidence.inspect import inspect_attachment
from pipelines.records import Attachment, Kind, Member
from tests.support.peak_memory import peak_bytes
from tests.support.pictures import PictureStore
from tests.support.volumes import AXIAL, body, one_file, opened, shown_by, write_series, write_slice, zipped


def test_damaged_files_are_left_out_and_named(tmp_path: Path) -> None:
    write_series(tmp_path, body(8), AXIAL)
    for number in range(4):
        whole = write_slice(tmp_path / f"broken{number}.dcm", body()[0]).read_bytes()
        (tmp_path / f"broken{number}.dcm").write_bytes(whole[: 150 + number])
    (volume,) = opened(tmp_path)
    assert volume.about.slices == 8
    assert volume.about.warnings == ("4 damaged files left out: broken0.dcm, broken1.dcm, broken2.dcm, …",)


def test_a_single_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "a.dcm", body()[0])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadInput, match=r"^a\.dcm: is not a readable DICOM file"):
        opened(path)


def test_a_slice_whose_pixels_are_cut_off(tmp_path: Path) -> None:
    paths = write_series(tmp_path, body(), AXIAL)
    paths[1].write_bytes(paths[1].read_bytes()[:-8])
    (volume,) = opened(tmp_path)
    with pytest.raises(BadInput, match=r"^\d+\.dcm: has pixels that cannot be decoded"):
        volume.slice(2)
    np.testing.assert_array_equal(volume.slice(3), body()[2])


def _shown_or_refused(path: Path) -> str:
    """Why it is refused; empty where all of it is shown."""
    try:
        for volume in opened(path):
            shown_by(volume)
    except BadInput as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize(
    "elements",
    [
        {"ImagePositionPatient": [0, 0, float("1e300")]},
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]},
        {"PixelSpacing": [0, 0]},
        {"RescaleSlope": 0},
        {"BitsAllocated": 12},
        {"BitsStored": 0, "HighBit": 0},
        {"Rows": 0},
        {"NumberOfFrames": 0},
    ],
)
def test_senseless_headers_end_in_a_volume_or_a_line(elements: dict[str, Any], tmp_path: Path) -> None:
    write_series(tmp_path, body(), AXIAL, **elements)
    line = _shown_or_refused(tmp_path)
    assert "\n" not in line


def test_slices_too_large_for_memory(tmp_path: Path) -> None:
    write_slice(tmp_path / "a.dcm", body()[0], Rows=65535, Columns=65535)
    with pytest.raises(BadInput, match=r"^a\.dcm: has slices of 65535 x 65535 pixels"):
        opened(tmp_path)


def test_compression_that_is_not_decoded_is_named(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body().astype(np.uint16), AXIAL, BitsStored=12)
    for path in (tmp_path / "a").iterdir():
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"))
    with pytest.raises(BadInput, match="is compressed as an unknown transfer syntax, which is not decoded here"):
        opened(tmp_path / "a")


def test_a_volume_that_is_not_decoded_leaves_the_others(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body(), AXIAL)
    for path in write_series(tmp_path / "b", body(), AXIAL, SeriesInstanceUID="1.9", SeriesNumber=1):
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"))
    (volume,) = opened(tmp_path)
    np.testing.assert_array_equal(shown_by(volume), body())
    said = "a volume left out that is compressed as an unknown transfer syntax, which is not decoded here"
    assert volume.about.warnings == (said,)


def _two_people(folder: Path, **other: Any) -> Path:
    write_series(folder / "a", body(), AXIAL, SeriesInstanceUID="1.1")
    write_series(folder / "b", body() + 1, AXIAL, SeriesInstanceUID="1.2", **{"PatientID": "p2", **other})
    return folder


def test_of_two_people_one_must_be_chosen(tmp_path: Path) -> None:
    _two_people(tmp_path / "study", PatientName="Other^Bea")
    with pytest.raises(PersonNeeded, match=r"^study: holds images of 2 patients \(p1, p2\); choose one with --patient"):
        opened(tmp_path / "study")
    (volume,) = opened(tmp_path / "study", patient="p2")
    np.testing.assert_array_equal(shown_by(volume), body() + 1)
    assert volume.about.warnings == ("4 images of other patients left out",)
    with pytest.raises(PersonNeeded, match="does not hold patient p3 but p1, p2"):
        opened(tmp_path / "study", patient="p3")


def test_one_image_of_another_patient_is_counted_as_one(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body(), AXIAL)
    write_slice(tmp_path / "b.dcm", body()[0], PatientID="p2", PatientName="Other^Bea")
    (volume,) = opened(tmp_path, patient="p1")
    assert volume.about.warnings == ("1 image of other patients left out",)


def test_two_people_under_one_number_are_two(tmp_path: Path) -> None:
    """Of whom ``--patient`` tells neither."""
    folder = _two_people(tmp_path / "study", PatientID="p1", PatientName="Other^Bea", PatientBirthDate="19610305")
    for patient in (None, "p1"):
        with pytest.raises(PersonNeeded, match=r"^study: holds images of several patients who share .*p1"):
            opened(folder, patient=patient)


@pytest.mark.parametrize(
    "other",
    [
        {"PatientName": "Testcase-Newname^Ada", "PatientBirthDate": "19500102"},
        {"PatientName": "ADA TESTCASE", "PatientBirthDate": "19500201"},
        {"PatientName": None},
        {"PatientName": "Other^Bea", "PatientBirthDate": None},
    ],
)
def test_one_person_whose_name_or_birth_date_was_written_otherwise_is_one(
    other: dict[str, Any], tmp_path: Path
) -> None:
    assert len(opened(_two_people(tmp_path, PatientID="p1", **other))) == 2


def test_one_person_under_two_numbers_is_one(tmp_path: Path) -> None:
    assert len(opened(_two_people(tmp_path))) == 2


def test_images_that_name_nobody_belong_to_the_one_who_is_named(tmp_path: Path) -> None:
    volumes = opened(_two_people(tmp_path, PatientID=None))
    assert [volume.about.patient.id for volume in volumes if volume.about.patient] == ["p1", "p1"]


def _archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return path


def test_names_that_lead_elsewhere_are_only_names(tmp_path: Path) -> None:
    files = [path.read_bytes() for path in write_series(tmp_path / "x", body(), AXIAL)]
    names = ["../../escape.dcm", "/etc/escape.dcm", "C:\\escape.dcm", "a/../../escape.dcm"]
    inside = tmp_path / "inside"
    inside.mkdir()
    before = set(tmp_path.rglob("*"))
    (volume,) = opened(_archive(inside / "a.zip", dict(zip(names, files, strict=True))))
    np.testing.assert_array_equal(shown_by(volume), body())
    assert set(tmp_path.rglob("*")) - before == {inside / "a.zip"}
    assert not Path("/etc/escape.dcm").exists()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "a.zip", {"a.dcm": bytes(1 << 20)})
    raw = bytearray(archive.read_bytes())
    listed = raw.rindex(b"PK\x01\x02")
    raw[listed + 24 : listed + 28] = struct.pack("<L", 0xFFFFFFF0)  # what it says to unpack to
    archive.write_bytes(raw)
    before = peak_bytes()
    with pytest.raises(BadInput, match=r"^a\.zip: unpacks to 4\.3 GB"):
        opened(archive)
    assert peak_bytes() - before < 1 << 26


def test_a_file_that_unpacks_to_more_than_it_says_is_cut_there(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "a.zip", {"a.dcm": bytes(1 << 24)})
    raw = bytearray(archive.read_bytes())
    listed = raw.rindex(b"PK\x01\x02")
    raw[listed + 24 : listed + 28] = struct.pack("<L", 1000)
    archive.write_bytes(raw)
    with pytest.raises(BadInput, match=r"^a\.zip/a\.dcm: is damaged within its archive; pack it again$"):
        opened(archive)


def test_a_file_without_a_name_is_none(tmp_path: Path) -> None:
    archive = zipped(write_series(tmp_path / "x", body(), AXIAL)[0].parent, tmp_path / "a.zip")
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr(zipfile.ZipInfo("nameless"), b"x")
    raw = archive.read_bytes()
    at = raw.rindex(b"PK\x01\x02")
    listed = bytearray(raw)
    # In the archive's own list the name ends where it begins; what stands there counts as a remark.
    name, comment = struct.pack("<H", 0), struct.pack("<H", len("nameless"))
    listed[at + 28 : at + 30], listed[at + 32 : at + 34] = name, comment
    archive.write_bytes(listed)
    (volume,) = opened(archive)
    assert volume.about.slices == len(body())


@pytest.mark.long
def test_many_small_bombs_are_one(tmp_path: Path) -> None:
    blank = io.BytesIO()
    with zipfile.ZipFile(blank, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(300):
            packed.writestr(f"{number}.dcm", bytes(1 << 20))
    (tmp_path / "a.zip").write_bytes(blank.getvalue())
    with pytest.raises(BadInput, match=r"unpacks to 0\.3 GB"):
        opened(tmp_path / "a.zip")


def test_archives_that_cannot_be_read(tmp_path: Path) -> None:
    whole = zipped(write_series(tmp_path / "x", body(), AXIAL)[0].parent, tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"^a\.zip: is a zip archive that cannot be read"):
        opened(tmp_path / "a.zip")
    damaged = bytearray(whole)
    for place in range(60, len(damaged) // 2, 7):
        damaged[place] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(damaged)
    assert "\n" not in _shown_or_refused(tmp_path / "a.zip")


@pytest.mark.long
def test_an_archive_of_too_many_files(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "a.zip", {f"{number}.dcm": b"" for number in range(20_001)})
    with pytest.raises(BadInput, match="is an archive of 20001 files, 20000 are read here"):
        opened(archive)


def identified(folder: Path, kind: Kind | None = None) -> Attachment:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    members = tuple((Member(name=path.name, sha256=str(path)), path) for path in files)
    return identify_study(folder.name, members, "0" * 64, kind)


def test_a_study_of_several_series_and_reports_is_identified_and_inspected(tmp_path: Path) -> None:
    folder = _two_people(tmp_path / "study")
    write_slice(folder / "report.dcm", body()[0], Modality="SR", PixelData=None)
    write_slice(folder / "screen.dcm", body()[0], Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    (folder / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 40)
    archive = zipped(folder, tmp_path / "a.zip")
    for attachment in (identified(folder), identify_file(archive, "a.zip", str(archive), None)):
        assert (attachment.kind, attachment.kind_from) == (Kind.CT_SERIES, "header")
        found = inspect_attachment(attachment, PictureStore(), None)
        assert found.patient is not None
        assert found.patient.id == "p1"
        assert found.warnings == (
            "1 damaged file left out: broken.dcm",
            "2 DICOM files left out that show no slices of a CT or MR volume",
        )


def test_ct_beside_mr_is_asked_about(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    write_series(folder / "a", body(), AXIAL)
    write_series(folder / "b", body(), AXIAL, Modality="MR", SeriesInstanceUID="1.7")
    line = "holds ct-series and mr-series; say which is meant: ct-series=study"
    with pytest.raises(BadInput, match=line):
        identified(folder)
    assert identified(folder, Kind.MR_SERIES).kind is Kind.MR_SERIES


def test_inspection_refuses_what_has_no_volume(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "a.dcm", body()[0], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    with pytest.raises(BadInput, match="holds no slices of a CT or MR volume"):
        inspect_attachment(one_file(path), PictureStore(), None)


def test_what_systems_leave_in_folders_is_not_mentioned(tmp_path: Path) -> None:
    write_series(tmp_path / "ct", body(), AXIAL)
    for litter in (".DS_Store", "__MACOSX/ct/._1.dcm", "Thumbs.db", "DICOMDIR"):
        path = tmp_path / "ct" / litter
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"litter")
    (volume,) = opened(tmp_path / "ct")
    assert volume.about.warnings == ()


@pytest.mark.long
def test_twenty_thousand_files(tmp_path: Path) -> None:
    content = write_slice(
        tmp_path / "x.dcm", body()[0], ImagePositionPatient=[0, 0, 12345], SOPInstanceUID="1.2.3.98765"
    ).read_bytes()
    assert content.count(b"12345.0") == 1
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(10_000):
        each = content.replace(b"12345.0", b"%05d.0" % number).replace(b"1.2.3.98765", b"1.2.3.%05d" % number)
        (folder / f"{number}.dcm").write_bytes(each)
        (folder / f"{number}.txt").write_bytes(b"note")
    start = time.process_time()
    (volume,) = opened(folder)
    assert time.process_time() - start < 60
    assert volume.about.slices == 10_000
    assert volume.about.warnings == ("10000 files left out that are no DICOM",)


def test_what_follows_too_few_pixels_is_not_taken_for_pixels(tmp_path: Path) -> None:
    values = body()[0]
    path = write_slice(tmp_path / "a.dcm", values, PixelData=values.tobytes()[:-20], DataSetTrailingPadding=bytes(40))
    (volume,) = opened(path)
    with pytest.raises(BadInput, match="has pixels that cannot be decoded"):
        volume.slice(1)


def test_a_file_far_larger_than_its_image_is_refused(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "a.dcm", body()[0])
    with path.open("ab") as file:
        file.truncate((1 << 24) + 5000)
    with pytest.raises(BadInput, match="holds far more than the images that its header describes"):
        opened(path)


def test_a_deflated_file_is_read(tmp_path: Path) -> None:
    plain = dcmread(write_slice(tmp_path / "a.dcm", body()[0]))
    plain.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    plain.save_as(tmp_path / "b.dcm")
    (volume,) = opened(tmp_path / "b.dcm")
    np.testing.assert_array_equal(volume.slice(1), body()[0])
    write_series(tmp_path / "study", body(), AXIAL)
    (tmp_path / "study" / "deflated.dcm").write_bytes((tmp_path / "b.dcm").read_bytes())
    (volume, *_) = opened(zipped(tmp_path / "study", tmp_path / "a.zip"))
    assert volume.about.slices == 4


def test_a_codestream_of_another_size_than_the_header_says(tmp_path: Path) -> None:
    dataset = dcmread(write_slice(tmp_path / "a.dcm", np.zeros((64, 64), np.uint16)))
    compress(dataset, JPEG2000Lossless, generate_instance_uid=False)
    dataset.Rows = 32
    dataset.save_as(tmp_path / "a.dcm")
    (volume,) = opened(tmp_path / "a.dcm")
    with pytest.raises(BadInput, match="has pixels that cannot be decoded"):
        volume.slice(1)
