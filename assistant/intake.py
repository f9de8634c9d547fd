"""Takes in what the user gives: stored, hashed and synced before anything else sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant.asking import Progress, no_progress
from assistant.imaging.address import ImagesAddress, is_images
from assistant.imaging.choosing import can_be_fetched
from assistant.plain import one_line, plain
from assistant.records.address import PatientAddress, is_url
from assistant.sessions.files import FileStore, hash_file
from pipelines.errors import BadInput, UsageProblem
from pipelines.records import Attachment, Kind, Recording, Request, TaskName

if TYPE_CHECKING:
    from assistant.servers import Servers

_PACKAGE = "package:"
AUDIO_SUFFIXES = frozenset(
    {
        ".wav",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".m4a",
        ".mp4",
        ".aac",
        ".webm",
        ".weba",
        ".aiff",
        ".aif",
    }
)


@dataclass(frozen=True)
class GivenAttachment:
    path: Path = Path()
    kind: Kind | None = None
    address: PatientAddress | None = None
    """Instead of ``path``: where a FHIR server has the record."""
    images: ImagesAddress | None = None
    """Likewise: where an archive has the images."""

    @classmethod
    def parse(cls, argument: str, beside: Path | None = None) -> GivenAttachment:
        """From ``[KIND=]PATH``; a relative path lies beside ``beside`` where given.

        ``package:NAME/PATH`` is a file that an installed Python package ships, ``https://HOST/BASE/Patient/ID`` a
        record on a FHIR server, and ``dicomweb+https://HOST/BASE/studies/UID`` images in an archive.

        Raises:
            UsageProblem: there is no such kind, it names nothing, or the address is not that of a patient or study on
                such a server.
        """
        head, separator, tail = argument.partition("=")
        is_kind = bool(separator) and "/" not in head and not _is_there(argument)
        if is_kind and head not in set(Kind):
            raise UsageProblem(f"--attach {head}=…", "there is no such kind", f"use one of {', '.join(Kind)}")
        place = tail if is_kind else argument
        if not place.strip():
            raise UsageProblem(f"--attach {argument}", "names nothing", "name a file, a folder or an address")
        if is_images(place):
            if is_kind and not can_be_fetched(Kind(head)):
                raise UsageProblem(f"--attach {head}=…", "is in no archive of images", "name the kind of the images")
            return cls(kind=Kind(head) if is_kind else None, images=ImagesAddress.parse(place))
        if is_url(place):
            if is_kind and head != Kind.FHIR_RECORD:
                raise UsageProblem(f"--attach {head}=…", "cannot be fetched", "fetch the file, and name its path")
            return cls(kind=Kind.FHIR_RECORD, address=PatientAddress.parse(place))
        path = _packaged(place) if place.startswith(_PACKAGE) else (beside or Path()) / place
        return cls(path, Kind(head) if is_kind else None)

    @property
    def argument(self) -> str:
        """What `parse` makes this of, wherever it is called."""
        if self.images is not None:
            place = self.images.argument
        else:
            place = self.address.url if self.address is not None else str(self.path.absolute())
        return f"{self.kind}={place}" if self.kind else place


@dataclass(frozen=True)
class Given:
    """One piece of work as the user names it: a recording's path or a typed text, and what goes with it."""

    audio: Path | None = None
    text: str | None = None
    attachments: tuple[GivenAttachment, ...] = ()
    task: TaskName | None = None
    template: str | None = None
    patient: str | None = None
    session: str | None = None
    origin: Literal["file", "microphone", "api"] = "file"
    recording: Recording | None = None
    """Instead of ``audio``: one whose bytes lie in the store already."""
    taken: tuple[Attachment, ...] = ()
    """Attachments that were taken in before."""


def take_in(given: Given, store: FileStore, servers: Servers | None = None, templates: Path | None = None) -> Request:
    """Store everything that was given and say what it is.

    Args:
        templates: the folder of the user's own templates.
        servers: fetch the records and images that are on servers; without them none can be.

    Raises:
        BadInput: a file is missing or cannot be what it is given as, or a record or images cannot be fetched.
        Cancelled: while they were fetched.
        StorageProblem: the store cannot take it.
        UsageProblem: there is no such template.
    """
    if given.template is not None:
        from pipelines.tasks.note.templates import load_template

        load_template(given.template, templates)
    recording = given.recording
    if given.audio is not None:
        recording = _take_in_recording(given.audio, store, given.origin)
    return Request(
        recording=recording,
        text=given.text,
        attachments=(
            *given.taken,
            *(one for each in given.attachments for one in take_in_attached(each, store, servers)),
        ),
        task=given.task,
        template=given.template,
        patient=given.patient,
    )


def recordings_in(folder: Path) -> list[Path]:
    """The audio files of a folder and its subfolders, by name.

    Raises:
        BadInput: there are none.
    """
    found = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in AUDIO_SUFFIXES)
    if not found:
        raise BadInput(str(folder), "holds no recording", "name a folder with WAV, FLAC, OGG, MP3, M4A or WebM files")
    return found


def _take_in_recording(path: Path, store: FileStore, origin: Literal["file", "microphone", "api"]) -> Recording:
    from pipelines.speech.audio import inspect_recording

    _must_be_file(path, "name a recording")
    recording = inspect_recording(path, name_of(path), hash_file(path), origin)
    stored = store.put_file(path)
    if stored != recording.file_sha256:
        raise BadInput(path.name, "changed while it was read", "replay it once its writer is done")
    return recording


def take_in_attached(
    given: GivenAttachment, store: FileStore, servers: Servers | None = None
) -> tuple[Attachment, ...]:
    """Store what is meant by one ``--attach`` and say what it is: of an archive it may be several pictures or studies.

    Raises:
        BadInput, Cancelled, StorageProblem: see `take_in_attachment`.
        UsageProblem: the settings do not fit.
    """
    if given.images is None or servers is None:
        return (take_in_attachment(given, store, servers),)
    return servers.images.take(given.images, given.kind, store)


def take_in_attachment(given: GivenAttachment, store: FileStore, servers: Servers | None = None) -> Attachment:
    """Store a file, a folder or a record on a server, and say what it is. See `take_in`.

    Raises:
        BadInput: it is missing or cannot be what it is given as, or cannot be fetched.
        Cancelled: while it was fetched.
        StorageProblem: the store cannot take it.
    """
    from assistant.studies import legible
    from pipelines.evidence.identify import identify_file

    if given.images is not None:
        raise _not_fetched(given.images.name)
    if given.address is not None:
        return _take_in_record(given.address, store, servers)
    path, name = given.path, name_of(given.path)
    with legible(name):
        is_folder = path.is_dir()
    if is_folder:
        return _take_in_folder(path, given.kind, store, servers.progress if servers is not None else no_progress)
    with legible(name):
        _must_be_file(path, "attach an existing file or folder")
        identify_file(path, name, "", given.kind)
    sha256 = store.put_file(path)
    return identify_file(store.path(sha256), name, sha256, given.kind)


def name_of(path: Path) -> str:
    """A file's name as text in one line, which names on disk need not be: the log, screens and exports hold it."""
    return one_line(path.name or path.resolve().name) or "unnamed"


def _take_in_folder(folder: Path, kind: Kind | None, store: FileStore, progress: Progress) -> Attachment:
    from assistant.studies import files_in, study_of

    progress("take in", 0.0)
    files = files_in(folder, name_of(folder))
    if not files:
        raise BadInput(str(folder), "is an empty folder", "attach a folder that holds a study")
    study = study_of(name_of(folder), ((plain(str(file.relative_to(folder))), file) for file in files), kind)
    for done, (file, member) in enumerate(zip(files, study.members, strict=True), 1):
        if store.put_file(file) != member.sha256:
            raise BadInput(member.name, "changed while it was read", "attach it once its writer is done")
        progress("take in", done / len(files))
    return study


def _take_in_record(address: PatientAddress, store: FileStore, servers: Servers | None) -> Attachment:
    from pipelines.evidence.identify import identify_file

    if servers is None:
        raise _not_fetched(address.name)
    fetched = servers.records.fetch(address)
    sha256 = store.put(fetched.data)
    attachment = identify_file(store.path(sha256), fetched.name, sha256, Kind.FHIR_RECORD)
    return attachment.model_copy(update={"warnings": fetched.notes})


def _not_fetched(name: str) -> BadInput:
    return BadInput(name, "is not fetched here", "recover without it, then give it: assistant resume RUN --attach …")


def _packaged(place: str) -> Path:
    """Where an installed package keeps a file; a path that does not exist where it has none."""
    from importlib.util import find_spec

    package, _, rest = place.removeprefix(_PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    folder = Path(spec.origin).parent if spec is not None and spec.origin else Path(place)
    return folder / rest


def _is_there(place: str) -> bool:
    try:
        return Path(place).exists()
    except OSError:  # It is too long to be a file's name.
        return False


def _must_be_file(path: Path, remedy: str) -> None:
    if not path.exists():
        raise BadInput(str(path), "does not exist", remedy)
    if not path.is_file():
        raise BadInput(str(path), "is not a file", remedy)
