"""Whatever a header, a file's own text or its name says of a diagnosis or a patient, no model is told: it would be
answered for what is seen."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.uid import VLPhotographicImageStorage

from assistant.intake import Given, GivenAttachment
from assistant.runner import Runner
from pipelines.errors import DONE
from pipelines.models.generator import Ask
from pipelines.records import Kind, TaskName
from tests.support.engines import ScriptedGenerator
from tests.support.pictures import write_dicom
from tests.support.records import patient, potassium, write_bundle
from tests.support.slides import aperio, paper, with_tissue, write_dicom_slide, write_tiff
from tests.support.volumes import AXIAL, body, write_nifti, write_series

ANSWER = 'It is there.\nFinal Answer: [{"box_2d": [300, 300, 700, 700], "label": "heart"}]'
#: In every file, and nowhere in the product.
TELLTALES: Final = ("zebrafinchoma", "quillfeather", "mrn-77", "plovertown", "20190301", "2019-03-01")
WORDS: Final[dict[str, object]] = {
    "PatientName": "Quillfeather^Ada",
    "PatientID": "MRN-77",
    "StudyDate": "20190301",
    "InstitutionName": "Plovertown zebrafinchoma clinic",
    "ReferringPhysicianName": "Quillfeather^Bob",
    "OperatorsName": "Quillfeather^Cleo",
} | dict.fromkeys(
    (
        "AcquisitionComments",
        "AcquisitionDeviceProcessingDescription",
        "AdditionalPatientHistory",
        "AdmittingDiagnosesDescription",
        "DerivationDescription",
        "ImageComments",
        "PatientComments",
        "PerformedProcedureStepDescription",
        "ProtocolName",
        "ReasonForStudy",
        "ReasonForTheRequestedProcedure",
        "RequestedProcedureDescription",
        "SeriesDescription",
        "StudyDescription",
    ),
    "query zebrafinchoma",
)
#: What the frames of a PNG may consist of: pixels, and nothing that is written beside them.
PIXELS_ALONE: Final = {b"IHDR", b"IDAT", b"IEND"}
Written = Callable[[Path], tuple[GivenAttachment, ...]]


def dicom(path: Path, **elements: object) -> Path:
    values = np.tile(np.arange(120, dtype=np.uint8), (100, 1))
    return write_dicom(path, values, **{"BodyPartExamined": "CHEST", **WORDS, **elements})


def film(folder: Path) -> tuple[GivenAttachment, ...]:
    return (GivenAttachment(dicom(folder / "zebrafinchoma.dcm")),)


def two_films(folder: Path) -> tuple[GivenAttachment, ...]:
    later = dicom(folder / "mrn-77-no-zebrafinchoma.dcm", SOPInstanceUID="1.2.9", StudyDate="20210301")
    return (*film(folder), GivenAttachment(later))


def photograph(folder: Path) -> tuple[GivenAttachment, ...]:
    elements: dict[str, object] = {**WORDS, "Modality": "XC", "SOPClassUID": VLPhotographicImageStorage}
    path = write_dicom(folder / "zebrafinchoma.dcm", np.full((64, 64, 3), 90, np.uint8), **elements)
    return (GivenAttachment(path, Kind.DERMATOLOGY),)


def picture_files(folder: Path) -> tuple[GivenAttachment, ...]:
    """With text where PNG, JPEG and TIFF have room for it."""
    picture, words, exif = Image.new("RGB", (64, 64), (90, 40, 20)), PngInfo(), Image.Exif()
    words.add_text("Description", "zebrafinchoma of Quillfeather")
    words.add_itxt("Comment", "zebrafinchoma")
    exif[0x010E] = "zebrafinchoma of Quillfeather"
    paths = [folder / f"zebrafinchoma{suffix}" for suffix in (".png", ".jpg", ".tiff")]
    picture.save(paths[0], pnginfo=words, exif=exif)
    picture.save(paths[1], exif=exif, comment=b"zebrafinchoma")
    picture.save(paths[2], description="zebrafinchoma of Quillfeather")
    return tuple(GivenAttachment(path, Kind.FUNDUS) for path in paths)


def ct(folder: Path) -> tuple[GivenAttachment, ...]:
    write_series(folder / "zebrafinchoma", body(3, 8, 8), AXIAL, **WORDS)
    return (GivenAttachment(folder / "zebrafinchoma"),)


def mr_in_a_zip(folder: Path) -> tuple[GivenAttachment, ...]:
    write_series(folder / "series", body(3, 8, 8), AXIAL, Modality="MR", **WORDS)
    archive = folder / "quillfeather.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for n, path in enumerate((folder / "series").iterdir()):
            zipped.write(path, f"zebrafinchoma/{n}.dcm")
    return (GivenAttachment(archive),)


def nifti(folder: Path) -> tuple[GivenAttachment, ...]:
    path = write_nifti(folder / "zebrafinchoma.nii", body(3, 8, 8))
    content = bytearray(path.read_bytes())
    # `descrip` and `intent_name`, as NIfTI-1 has them.
    for at, words in ((148, b"zebrafinchoma of Quillfeather"), (328, b"zebrafinchoma")):
        content[at : at + len(words)] = words
    path.write_bytes(content)
    return (GivenAttachment(path, Kind.MR_SERIES),)


def slide(folder: Path) -> tuple[GivenAttachment, ...]:
    about = f"{aperio(1.0, 10)}|Title = zebrafinchoma|User = Quillfeather|Filename = MRN-77"
    path = folder / "zebrafinchoma.svs"
    return (GivenAttachment(write_tiff(path, [with_tissue(paper(896, 896), 0, 0, 896, 896)], about)),)


def dicom_slide(folder: Path) -> tuple[GivenAttachment, ...]:
    write_dicom_slide(folder / "zebrafinchoma", [with_tissue(paper(896, 896), 0, 0, 896, 896)], 1.0, **WORDS)
    return (GivenAttachment(folder / "zebrafinchoma"),)


@pytest.mark.parametrize(
    ("task", "written"),
    [
        (TaskName.IMAGE_QUESTION, film),
        (TaskName.IMAGE_QUESTION, two_films),
        (TaskName.IMAGE_QUESTION, photograph),
        (TaskName.IMAGE_QUESTION, picture_files),
        (TaskName.CHEST_XRAY_REPORT, film),
        (TaskName.CHEST_XRAY_COMPARISON, two_films),
        (TaskName.ANATOMY_LOCALIZATION, film),
        (TaskName.CT_VOLUME, ct),
        (TaskName.MRI_VOLUME, mr_in_a_zip),
        (TaskName.MRI_VOLUME, nifti),
        (TaskName.SLIDE_REVIEW, slide),
        (TaskName.SLIDE_REVIEW, dicom_slide),
    ],
)
def test_nothing_of_a_header_or_a_name_reaches_the_model(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path, task: TaskName, written: Written
) -> None:
    attachments = written(tmp_path)
    assert any(TELLTALES[0].encode() in content.lower() for content in contents(attachments)), "nothing to find"
    done = runner.submit(Given(text="what is seen here", task=task, attachments=attachments))
    assert done.exit_code == DONE, done.view.error
    [ask] = generator.asks
    assert told_of(ask) == []
    assert {kind for frame in ask.frames for kind in chunks(runner.log.store.get(frame))} == PIXELS_ALONE


def test_nor_when_it_is_asked_what_the_words_want(runner: Runner, generator: ScriptedGenerator, tmp_path: Path) -> None:
    """The words leave it open, so a model is asked to choose a task: by the kinds of what is attached."""
    generator.choice = TaskName.IMAGE_QUESTION
    whom = patient("MRN-77", "Quillfeather")
    record = write_bundle(tmp_path / "zebrafinchoma.json", whom, potassium("MRN-77"))
    attachments = (*film(tmp_path), GivenAttachment(record))
    done = runner.submit(Given(text="how is the chest", attachments=attachments))
    assert done.exit_code == DONE, done.view.error
    assert [told_of(ask) for ask in generator.asks] == [[], []]


def told_of(ask: Ask) -> list[str]:
    """Which of the words are anywhere in what was asked: prompt, system, parts, form."""
    whole = ask.model_dump_json().lower()
    return [word for word in TELLTALES if word in whole]


def contents(attachments: tuple[GivenAttachment, ...]) -> list[bytes]:
    paths = [path for one in attachments for path in ([one.path] if one.path.is_file() else one.path.iterdir())]
    return [f"{path}".encode() + path.read_bytes() for path in paths]


def chunks(png: bytes) -> set[bytes]:
    found, at = set(), 8
    while at < len(png):
        found.add(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return found
