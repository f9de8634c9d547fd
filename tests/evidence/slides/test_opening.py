"""From what was attached to the slides in it: what is opened, what is left alone, and what is refused in one line."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from pipelines.errors import BadInput
from pipelines.evidence.identify import identify_file, identify_study
from pipelines.evidence.inspect import inspect_attachment
from pipelines.evidence.slides.opening import SlideFiles, opened, slides_in
from pipelines.evidence.slides.patches import patches_of, plan_of
from pipelines.records import Attachment, Kind, Member
from tests.support.peak_memory import peak_bytes
from tests.support.pictures import PictureStore, attached, write_dicom
from tests.support.slides import aperio, halved, paper, with_tissue, write_dicom_slide, write_tiff

SLIDE = with_tissue(paper(1200, 900), 50, 50, 1000, 800)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_tiff(tmp_path / "scan.svs", [SLIDE, halved(SLIDE, 4)], aperio(1.0, 10))


def folder_of(folder: Path, kind: Kind | None = None) -> Attachment:
    """As the intake takes in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    members = tuple((Member(name=str(path.relative_to(folder)), sha256=str(path)), path) for path in files)
    return identify_study(folder.name, members, "0" * 64, kind)


def found(attachment: Attachment) -> tuple[SlideFiles, ...]:
    with slides_in(attachment, PictureStore()) as slides:
        return slides


def refused(attachment: Attachment) -> str:
    with pytest.raises(BadInput) as problem:
        inspect_attachment(attachment, PictureStore(), None)
    assert "\n" not in str(problem.value)
    return str(problem.value)


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def entries(data: bytearray) -> range:
    """Where the entries of a TIFF's first directory lie."""
    return range(10, 10 + 12 * struct.unpack_from("<H", data, 8)[0], 12)


def test_a_slide_is_known_by_its_header_and_says_what_it_is(scan: Path) -> None:
    attachment = identify_file(scan, scan.name, str(scan), None)
    assert (attachment.kind, attachment.kind_from) == (Kind.WHOLE_SLIDE, "header")
    [files] = found(attachment)
    with opened(files, number=3) as slide:
        about = slide.about
    assert (about.number, about.vendor, about.width, about.height, about.levels) == (3, "aperio", 1200, 900, 2)
    assert (about.mpp, about.mpp_from, about.objective, about.warnings) == (1.0, "header", 10.0, ())


def test_a_dicom_folder_is_one_slide_and_names_its_patient(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    write_dicom_slide(folder, [SLIDE, halved(SLIDE, 4)], 1.0)
    attachment = inspect_attachment(folder_of(folder), PictureStore(), None)
    assert (attachment.kind, attachment.kind_from) == (Kind.WHOLE_SLIDE, "header")
    assert attachment.patient is not None
    assert (attachment.patient.id, attachment.patient.name) == ("p1", "Testcase Ada")
    [files] = found(attachment)
    with opened(files) as slide:
        assert [(level.width, level.height) for level in slide.levels] == [(1200, 900), (300, 225)]


def test_labels_and_pictures_of_the_glass_are_left_where_they_are(
    tmp_path: Path, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    write_dicom_slide(folder, [SLIDE], 1.0)
    for sort in ("LABEL", "OVERVIEW"):
        label = ["ORIGINAL", "PRIMARY", sort, "NONE"]
        [path] = write_dicom_slide(tmp_path / sort, [SLIDE[:256, :256]], 1.0, ImageType=label)
        path.rename(folder / f"{sort}.dcm")
    [files] = found(folder_of(folder))
    assert [file.name for file in files.files] == ["level-1.dcm"]

    def never(_: object) -> None:
        raise AssertionError("a picture of the label was asked for")

    monkeypatch.setattr("openslide.OpenSlide.associated_images", property(never))
    store = PictureStore()
    with opened(found(attached(scan, Kind.WHOLE_SLIDE))[0]) as slide:
        plan = plan_of(slide)
        assert patches_of(slide, plan.power, plan.places, "0" * 64, store).frames


def test_two_patients_in_one_series_or_folder_are_refused(tmp_path: Path) -> None:
    one = tmp_path / "one"
    write_dicom_slide(one, [SLIDE], 1.0)
    [other] = write_dicom_slide(tmp_path / "other", [SLIDE], 1.0, PatientID="p2")
    other.rename(one / "other.dcm")
    assert "names another patient than the rest of its series" in refused(folder_of(one))
    two = tmp_path / "two"
    write_dicom_slide(two / "a", [SLIDE], 1.0)
    write_dicom_slide(two / "b", [SLIDE], 1.0, PatientID="p2", SeriesInstanceUID="1.2.3.9")
    assert "holds slides of several patients" in refused(folder_of(two))


def test_one_patient_under_two_numbers_is_one_and_two_under_one_are_two(tmp_path: Path) -> None:
    ada, other = {"PatientBirthDate": "19500102"}, {"SeriesInstanceUID": "1.2.3.9"}
    write_dicom_slide(tmp_path / "one" / "a", [SLIDE], 1.0, **ada)
    write_dicom_slide(tmp_path / "one" / "b", [SLIDE], 1.0, **{**ada, **other, "PatientID": "p2"})
    named = inspect_attachment(folder_of(tmp_path / "one"), PictureStore(), None).patient
    assert named is not None
    assert named.id == "p1"
    write_dicom_slide(tmp_path / "two" / "a", [SLIDE], 1.0, **ada)
    bea = {**other, "PatientName": "Other^Bea", "PatientBirthDate": "19610305"}
    write_dicom_slide(tmp_path / "two" / "b", [SLIDE], 1.0, **bea)
    assert "holds slides of several patients" in refused(folder_of(tmp_path / "two"))


def test_levels_in_folders_of_their_own_are_one_slide(tmp_path: Path) -> None:
    """As archives and discs lay them down."""
    for number, path in enumerate(write_dicom_slide(tmp_path, [SLIDE, halved(SLIDE, 4)], 1.0)):
        (tmp_path / "disc" / f"A{number}").mkdir(parents=True)
        path.rename(tmp_path / "disc" / f"A{number}" / "I1")
    [files] = found(folder_of(tmp_path / "disc"))
    assert files.name == "A0/I1"
    with opened(files) as slide:
        assert [(level.width, level.height) for level in slide.levels] == [(1200, 900), (300, 225)]


def test_several_slides_of_a_folder_are_told_apart(tmp_path: Path, scan: Path) -> None:
    folder = tmp_path / "case"
    write_dicom_slide(folder / "b", [SLIDE], 1.0)
    write_dicom_slide(folder / "c", [SLIDE], 1.0, SeriesInstanceUID="1.2.3.9")
    scan.rename(folder / "a.svs")
    (folder / "notes.txt").write_text("block A")
    Image.new("RGB", (64, 64)).save(folder / "photo.tif")
    slides = found(folder_of(folder))
    assert [slide.name for slide in slides] == ["a.svs", "b/level-1.dcm", "c/level-1.dcm"]
    assert [len(slide.files) for slide in slides] == [1, 1, 1]


def test_a_slide_of_several_files_takes_along_its_own_alone(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    (folder / "biopsy").mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(folder / "biopsy.mrxs", "JPEG")
    (folder / "biopsy" / "Slidedat.ini").write_text("[GENERAL]\nSLIDE_ID = 1\n")
    (folder / "biopsy" / "Data0000.dat").write_bytes(b"1234")
    (folder / "letter.txt").write_text("Dear Ada")
    attachment = folder_of(folder)
    assert attachment.kind is Kind.WHOLE_SLIDE
    [slide] = found(attachment)
    assert (slide.first, [file.name for file in slide.files]) == (
        "biopsy.mrxs",
        ["biopsy.mrxs", "biopsy/Data0000.dat", "biopsy/Slidedat.ini"],
    )
    assert "is a slide that is damaged" in refused(attachment) or "is no whole slide" in refused(attachment)
    alone = attached(folder / "biopsy.mrxs", Kind.WHOLE_SLIDE)
    assert "attach the folder that holds it" in refused(alone)
    (folder / "biopsy" / "Slidedat.ini").write_text("[DATAFILE]\nFILE_0 = ../../../secret.dat\n")
    assert "points to files outside its slide" in refused(attachment)


def test_a_slide_in_an_archive(tmp_path: Path, scan: Path) -> None:
    path = zipped(tmp_path / "case.zip", **{"case/scan.svs": scan.read_bytes(), "case/readme.txt": b"one slide"})
    attachment = identify_file(path, path.name, str(path), None)
    assert (attachment.kind, attachment.kind_from) == (Kind.WHOLE_SLIDE, "header")
    with slides_in(attachment, PictureStore()) as slides, opened(slides[0]) as slide:
        assert (slide.name, slide.about.width) == ("case/scan.svs", 1200)


def test_names_in_an_archive_lead_nowhere(tmp_path: Path, scan: Path) -> None:
    data = scan.read_bytes()
    names = ("../escaped.svs", "/escaped.svs", "a/../../escaped.svs", "..\\escaped.svs")
    path = zipped(tmp_path / "case.zip", **dict.fromkeys(names, data))
    assert "holds no whole slide" in refused(attached(path, Kind.WHOLE_SLIDE))
    assert not list(tmp_path.rglob("escaped*"))
    deep = zipped(tmp_path / "deep.zip", **{"/".join(["folder" * 20] * 40) + "/a.svs": data})
    assert "holds no whole slide" in refused(attached(deep, Kind.WHOLE_SLIDE))
    clash = zipped(tmp_path / "clash.zip", **{"a.svs": data, "a.svs/b.svs": data})
    assert len(found(attached(clash, Kind.WHOLE_SLIDE))) == 2


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", **{"scan.svs": bytes(80 << 20)})
    assert "would unpack to 0.1 GB" in refused(attached(path, Kind.WHOLE_SLIDE))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(path.read_bytes()[:-10])
    assert "cannot be unpacked" in refused(attached(broken, Kind.WHOLE_SLIDE))


def test_what_is_no_slide_is_refused_by_name(tmp_path: Path) -> None:
    Image.new("RGB", (640, 480)).save(tmp_path / "photo.tif")
    assert "photo.tif: is no whole slide that is read here" in refused(
        attached(tmp_path / "photo.tif", Kind.WHOLE_SLIDE)
    )
    Image.new("RGB", (640, 480)).save(tmp_path / "photo.svs", "JPEG")
    with pytest.raises(BadInput, match=r"photo\.svs: is image/jpeg, which cannot be whole-slide"):
        identify_file(tmp_path / "photo.svs", "photo.svs", "", Kind.WHOLE_SLIDE)
    path = write_dicom(tmp_path / "film.dcm", SLIDE[..., 0])
    assert "holds no whole slide" in refused(attached(path, Kind.WHOLE_SLIDE))


def test_a_slide_that_is_cut_off_is_refused(scan: Path) -> None:
    whole = scan.read_bytes()
    for share in (0.001, 0.1, 0.5):
        scan.write_bytes(whole[: int(len(whole) * share)])
        assert "scan.svs: is " in refused(attached(scan, Kind.WHOLE_SLIDE))


def test_a_patch_that_cannot_be_decoded_is_left_out_and_counted(tmp_path: Path) -> None:
    slide = with_tissue(paper(896 * 5, 896), 0, 0, 896 * 5, 896)
    path = write_tiff(tmp_path / "scan.svs", [slide, halved(slide, 4)], aperio(1.0, 10), tile=896)
    data = bytearray(path.read_bytes())
    [offsets] = [struct.unpack_from("<I", data, at + 8)[0] for at in entries(data) if data[at : at + 2] == b"\x44\x01"]
    third = struct.unpack_from("<5I", data, offsets)[2]
    data[third : third + 64] = bytes(64)
    path.write_bytes(data)
    with opened(found(attached(path, Kind.WHOLE_SLIDE))[0]) as opened_slide:
        plan = plan_of(opened_slide)
        patches = patches_of(opened_slide, plan.power, plan.places, "0" * 64, PictureStore())
    assert (len(plan.places), patches.damaged) == (5, 1)
    assert [frame.box[0] for frame in patches.frames if frame.box] == [0, 896, 2688, 3584]
    assert [frame.number for frame in patches.frames] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("width", "height", "tile", "said"),
    [
        (60_000, 60_000, 60_000, "states a size that no slide has"),
        (1 << 22, 300, 256, "is a slide that is damaged or cut off|states a size that no slide has"),
        (200_000, 200_000, 256, "is huge and has no smaller picture of itself"),
    ],
)
def test_a_size_that_cannot_be_is_refused_before_memory_is_taken(
    width: int, height: int, tile: int, said: str, tmp_path: Path
) -> None:
    path = write_tiff(tmp_path / "scan.svs", [SLIDE[:256, :256]], aperio(1.0, 10))
    data = bytearray(path.read_bytes())
    for at in entries(data):
        claimed = {256: width, 257: height, 322: tile, 323: tile}.get(struct.unpack_from("<H", data, at)[0])
        if claimed:
            struct.pack_into("<I", data, at + 8, claimed)
    path.write_bytes(data)
    before = peak_bytes()
    problem = refused(attached(path, Kind.WHOLE_SLIDE))
    assert any(part in problem for part in said.split("|"))
    assert peak_bytes() - before < 200 << 20
