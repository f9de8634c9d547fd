"""What an attachment is: the user's word, the header's, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import BadInput
from pipelines.evidence.formats import format_of
from pipelines.evidence.identify import identify_file, identify_study, kind_of_modality
from pipelines.evidence.inspect import inspect_attachment
from pipelines.records import Attachment, Kind, Member
from tests.support.records import patient, write_bundle


class FolderStore:
    """Bytes by name in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, sha256: str) -> bytes:
        return self.path(sha256).read_bytes()

    def path(self, sha256: str) -> Path:
        return self.folder / sha256


def picture(path: Path, size: tuple[int, int] = (40, 30)) -> Path:
    Image.new("L", size, 128).save(path)
    return path


def dicom(path: Path, modality: str, region: str = "") -> Path:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    header = Dataset()
    header.file_meta = meta
    header.SOPClassUID = CTImageStorage
    header.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    header.Modality = modality
    header.BodyPartExamined = region
    header.PatientID = "p1"
    header.PatientName = "Testcase^Ada"
    header.PatientBirthDate = "19500102"
    header.save_as(path, enforce_file_format=True)
    return path


def identify(path: Path, kind: Kind | None = None) -> Attachment:
    return identify_file(path, path.name, path.name, kind)


@pytest.mark.parametrize(
    ("modality", "region", "kind"),
    [
        ("DX", "CHEST", Kind.CHEST_XRAY),
        ("CR", "HAND", Kind.RADIOGRAPH),
        ("CR", "", Kind.IMAGE),
        ("CT", "HEAD", Kind.CT_SERIES),
        ("MR", "", Kind.MR_SERIES),
        ("SM", "", Kind.WHOLE_SLIDE),
        ("OP", "", Kind.FUNDUS),
        ("XC", "", Kind.IMAGE),
    ],
)
def test_the_dicom_header_names_the_kind(tmp_path: Path, modality: str, region: str, kind: Kind) -> None:
    found = identify(dicom(tmp_path / "x.dcm", modality, region))
    assert (found.kind, found.kind_from) == (kind, "header")


def test_a_structured_report_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"x\.dcm: is a structured report, not an image; attach the images"):
        identify(dicom(tmp_path / "x.dcm", "SR"))


@pytest.mark.parametrize(
    ("modality", "what"), [("REG", "a registration"), ("RESP", "a waveform"), ("RTRECORD", "a rad")]
)
def test_what_holds_no_image_is_no_kind(tmp_path: Path, modality: str, what: str) -> None:
    assert kind_of_modality(modality, "") is None
    with pytest.raises(BadInput, match=rf"x\.dcm: is {what}"):
        identify(dicom(tmp_path / "x.dcm", modality))


def test_a_report_that_begins_like_a_bitmap_is_text(tmp_path: Path) -> None:
    (tmp_path / "labs.txt").write_text("BMP 2024-03-01: sodium 140 mmol/l, potassium 4.1 mmol/l, creatinine 80 umol/l")
    assert identify(tmp_path / "labs.txt").kind is Kind.DOCUMENT
    assert identify(picture(tmp_path / "film.bmp")).kind is Kind.IMAGE


def test_a_picture_stays_a_picture_until_somebody_says_more(tmp_path: Path) -> None:
    film = picture(tmp_path / "chest_xray_pneumothorax.png")
    assert identify(film).kind is Kind.IMAGE
    assert (identify(film, Kind.CHEST_XRAY).kind, identify(film, Kind.CHEST_XRAY).kind_from) == (
        Kind.CHEST_XRAY,
        "user",
    )


def test_the_name_does_not_decide(tmp_path: Path) -> None:
    write_bundle(tmp_path / "film.png", patient())
    assert identify(tmp_path / "film.png").kind is Kind.FHIR_RECORD


def test_a_kind_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be fhir-record"):
        identify(picture(tmp_path / "a.png"), Kind.FHIR_RECORD)


@pytest.mark.parametrize("kind", [Kind.CHEST_XRAY, Kind.IMAGE, Kind.LAB_REPORT, Kind.DOCUMENT])
def test_a_folder_is_several_files_and_no_picture_or_page(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(BadInput, match=rf"^films: is a folder, which cannot be {kind}; attach its files one by one$"):
        identify_study("films", ((Member(name="a.png", sha256="0" * 64), path),), "0" * 64, kind)


def test_nifti_must_be_named(tmp_path: Path) -> None:
    file = tmp_path / "scan.nii"
    file.write_bytes(bytes(344) + b"n+1\0" + bytes(100))
    with pytest.raises(BadInput, match=r"ct-series=scan\.nii or mr-series=scan\.nii"):
        identify(file)
    assert identify(file, Kind.MR_SERIES).kind is Kind.MR_SERIES


@pytest.mark.parametrize(("content", "problem"), [(b"", "is empty"), (bytes(600), "no format that is read")])
def test_what_nothing_reads_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "x.bin").write_bytes(content)
    with pytest.raises(BadInput, match=problem):
        identify(tmp_path / "x.bin")


def test_a_damaged_picture_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    film = picture(tmp_path / "film.png", (400, 400))
    film.write_bytes(film.read_bytes()[:120])
    with pytest.raises(BadInput, match=r"film\.png: is a picture that cannot be read"):
        inspect_attachment(identify(film), FolderStore(tmp_path), None)  # type: ignore[arg-type]


def test_a_bomb_is_refused_before_its_memory_is_taken(tmp_path: Path) -> None:
    film = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(film)
    with pytest.raises(BadInput, match="has 400 million pixels, 178 million are read here"):
        inspect_attachment(identify(film), FolderStore(tmp_path), None)  # type: ignore[arg-type]


def test_whom_it_is_about(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    record = identify(write_bundle(tmp_path / "record.json", patient()))
    film = identify(dicom(tmp_path / "x.dcm", "DX", "CHEST"))
    for attachment in (record, film):
        named = inspect_attachment(attachment, store, None).patient  # type: ignore[arg-type]
        assert named is not None
        assert (named.id, named.birth_date) == ("p1", "1950-01-02")


@given(st.binary(max_size=600))
def test_any_bytes_have_a_format(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "x"
    file.write_bytes(content)
    format_of(file, "x")
