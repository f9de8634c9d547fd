"""From an attachment to the slides in it.

The store keeps files by their hashes; OpenSlide wants them by their names, the files of a slide beside each other and
no others near. So each slide gets a private folder of links for as long as it is open.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.evidence.formats import Format, format_of
from pipelines.evidence.identity import same_person
from pipelines.evidence.slides.slide import Slide
from pipelines.ports import Store
from pipelines.records import Attachment, Patient

WSI_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.77.1.6"
"""SOP class of VL Whole Slide Microscopy Image."""
_WITH_FOLDER: Final = ".mrxs"
_BESIDE: Final = (".vms", ".vmu")
_MOST_INDEX_BYTES: Final = 1 << 20
_LONGEST_NAME: Final = 1024
"""In bytes: with the private folder before it a path of Linux and of macOS."""
_TOGETHER: Final = "attach the folder that holds it and its other files"


class File(NamedTuple):
    """One file by the name that it was given with, and where it lies."""

    name: str
    path: Path


class SlideFiles(NamedTuple):
    """A slide that is not open yet."""

    name: str
    """For the user."""
    first: str
    """Name of the file that OpenSlide is to open."""
    files: tuple[File, ...]
    patient: Patient | None = None


@contextmanager
def slides_in(attachment: Attachment, store: Store) -> Iterator[tuple[SlideFiles, ...]]:
    """The slides of a file, a folder or a zip archive, in the order of their names; to be opened in the block.

    Raises:
        BadInput: there is none, or what is there cannot be read.
    """
    if attachment.media_type == Format.ZIP and not attachment.members:
        from pipelines.evidence.slides.archive import unpacked

        with unpacked(store.path(attachment.sha256), attachment.name) as files:
            yield _found(attachment.name, files)
        return
    if attachment.members:
        files = [File(member.name, store.path(member.sha256)) for member in attachment.members]
    else:
        files = [File(attachment.name, store.path(attachment.sha256))]
    yield _found(attachment.name, files)


@contextmanager
def opened(files: SlideFiles, number: int = 1) -> Iterator[Slide]:
    """The slide itself, as long as the block lasts.

    Args:
        number: among those that are attached, from 1.

    Raises:
        BadInput: it cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="slide-") as scratch:
        folder = Path(scratch)
        for file in files.files:
            _link(folder, file)
        with Slide(folder / files.first, files.name, number, files.patient) as slide:
            yield slide


def _found(name: str, given: Sequence[File]) -> tuple[SlideFiles, ...]:
    # An archive may hold a name twice: the later one counts, as where it is unpacked.
    files = list({file.name: file for file in given if _is_safe(file.name)}.values())
    formats = {file.name: format_of(file.path, file.name) for file in files}
    slides = [
        *_dicom_slides([file for file in files if formats[file.name] is Format.DICOM]),
        *(_with_its_files(file, files) for file in files if formats[file.name] is Format.SLIDE),
    ]
    if not slides:
        # Any tiled TIFF may be a slide; only where nothing says so more clearly.
        slides = [SlideFiles(file.name, file.name, (file,)) for file in files if formats[file.name] is Format.TIFF]
    if not slides:
        raise BadInput(name, "holds no whole slide", "attach a scanner's own file, a tiled TIFF or a folder of DICOM")
    return tuple(sorted(slides, key=lambda slide: slide.name))


def _dicom_slides(files: Sequence[File]) -> Iterator[SlideFiles]:
    """One for each series. Pictures of labels and of the glass stay out of its folder."""
    series: dict[str, list[File]] = {}
    patients: dict[str, list[Patient]] = {}
    for file in files:
        uid, patient = _level_of(file)
        if uid is None:
            continue
        series.setdefault(uid, []).append(file)
        if patient is not None:
            patients.setdefault(uid, []).append(patient)
    for uid, members in series.items():
        named = patients.get(uid, [])
        if not all(same_person(named[0], other) for other in named):
            raise BadInput(members[0].name, "names another patient than the rest of its series", "attach one patient's")
        own = _side_by_side(members)
        yield SlideFiles(members[0].name, own[0].name, own, named[0] if named else None)


def _side_by_side(files: Sequence[File]) -> tuple[File, ...]:
    """OpenSlide looks for the other levels beside the first; archives give each image a folder of its own."""
    if len({PurePosixPath(file.name).parent for file in files}) == 1:
        return tuple(files)
    return tuple(File(f"{number}.dcm", file.path) for number, file in enumerate(files, 1))


def _level_of(file: File) -> tuple[str | None, Patient | None]:
    """The series that a file is a level of, None where it is something else; and whom it names."""
    from pipelines.evidence.dicom import patient_of, read_header, reading

    header = read_header(file.path, file.name)
    with reading(file.name, "is not a readable DICOM file", "export it again from the archive"):
        if str(header.get("SOPClassUID")) != WSI_STORAGE or "VOLUME" not in _words(header.get("ImageType")):
            return None, None
        return str(header.get("SeriesInstanceUID")), patient_of(header)


def _words(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, Sequence) else ()


def _with_its_files(file: File, files: Sequence[File]) -> SlideFiles:
    """With what it lies in pieces in: a folder of its own name, or the files beside it."""
    at = PurePosixPath(file.name)
    suffix = at.suffix.lower()
    if suffix == _WITH_FOLDER:
        own = [other for other in files if PurePosixPath(other.name).parent == at.with_suffix("")]
    elif suffix in _BESIDE:
        own = [other for other in files if PurePosixPath(other.name).parent == at.parent and other != file]
    else:
        return SlideFiles(file.name, file.name, (file,))
    if not own:
        raise BadInput(file.name, "is a slide whose other files are not with it", _TOGETHER)
    for index in (file, *own):
        if PurePosixPath(index.name).suffix.lower() in {".ini", *_BESIDE}:
            _refuse_escape(index)
    return SlideFiles(file.name, file.name, (file, *own))


def _refuse_escape(index: File) -> None:
    """An index names the files of its slide, and OpenSlide goes where it points."""
    if index.path.stat().st_size > _MOST_INDEX_BYTES or b".." in index.path.read_bytes():
        raise BadInput(index.name, "points to files outside its slide", "export the slide again from the scanner")


def _is_safe(name: str) -> bool:
    """Whether it can be put, and stays where it is put."""
    if len(name.encode()) > _LONGEST_NAME:
        return False
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return bool(parts) and not any(part in {"..", "/"} or "\0" in part or len(part.encode()) > 255 for part in parts)


def _link(folder: Path, file: File) -> None:
    place = folder / PurePosixPath(file.name)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(file.path.resolve())
    except (FileExistsError, NotADirectoryError) as clash:
        raise BadInput(file.name, "has the name of a folder beside it", "attach the slide without it") from clash
