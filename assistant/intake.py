"""Takes in what the user gives: stored, hashed and synced before anything else sees it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant.records.address import PatientAddress, is_url
from assistant.sessions.files import FileStore
from pipelines.errors import BadInput, UsageProblem
from pipelines.records import Attachment, Kind, Member, Recording, Request, TaskName

if TYPE_CHECKING:
    from assistant.records.servers import RecordServers

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

    @classmethod
    def parse(cls, argument: str, beside: Path | None = None) -> GivenAttachment:
        """From ``[KIND=]PATH``; a relative path lies beside ``beside`` where given.

        ``package:NAME/PATH`` is a file that an installed Python package ships, and ``https://HOST/BASE/Patient/ID`` a
        record on a FHIR server.

        Raises:
            UsageProblem: there is no such kind, or the address is not that of a patient on a FHIR server.
        """
        head, separator, tail = argument.partition("=")
        is_kind = bool(separator) and "/" not in head and not Path(argument).exists()
        if is_kind and head not in set(Kind):
            raise UsageProblem(f"--attach {head}=…", "there is no such kind", f"use one of {', '.join(Kind)}")
        place = tail if is_kind else argument
        if is_url(place):
            if is_kind and head != Kind.FHIR_RECORD:
                raise UsageProblem(f"--attach {head}=…", "cannot be fetched", "fetch the file, and name its path")
            return cls(kind=Kind.FHIR_RECORD, address=PatientAddress.parse(place))
        path = _packaged(place) if place.startswith(_PACKAGE) else (beside or Path()) / place
        return cls(path, Kind(head) if is_kind else None)

    @property
    def argument(self) -> str:
        """What `parse` makes this of, wherever it is called."""
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


def take_in(
    given: Given, store: FileStore, servers: RecordServers | None = None, templates: Path | None = None
) -> Request:
    """Store everything that was given and say what it is.

    Args:
        templates: the folder of the user's own templates.
        servers: fetch the records that are on FHIR servers; without them no record can be.

    Raises:
        BadInput: a file is missing or cannot be what it is given as, or a record cannot be fetched.
        Cancelled: while a record was fetched.
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
        attachments=(*given.taken, *(take_in_attachment(a, store, servers) for a in given.attachments)),
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
    recording = inspect_recording(path, path.name, _sha256(path), origin)
    stored = store.put_file(path)
    if stored != recording.file_sha256:
        raise BadInput(path.name, "changed while it was read", "replay it once its writer is done")
    return recording


def take_in_attachment(given: GivenAttachment, store: FileStore, servers: RecordServers | None = None) -> Attachment:
    """Store a file, a folder or a record on a server, and say what it is. See `take_in`.

    Raises:
        BadInput: it is missing or cannot be what it is given as, or cannot be fetched.
        Cancelled: while it was fetched.
        StorageProblem: the store cannot take it.
    """
    from pipelines.evidence.identify import identify_file, identify_study

    if given.address is not None:
        return _take_in_record(given.address, store, servers)
    path = given.path
    if not path.is_dir():
        _must_be_file(path, "attach an existing file or folder")
        identify_file(path, path.name, "", given.kind)
        sha256 = store.put_file(path)
        return identify_file(store.path(sha256), path.name, sha256, given.kind)
    files = sorted(p for p in path.rglob("*") if p.is_file())
    if not files:
        raise BadInput(str(path), "is an empty folder", "attach a folder that holds a study")
    members = tuple((Member(name=str(p.relative_to(path)), sha256=_sha256(p)), p) for p in files)
    listing = "\n".join(f"{member.sha256} {member.name}" for member, _ in members)
    study = identify_study(path.name, members, hashlib.sha256(listing.encode()).hexdigest(), given.kind)
    for _, file in members:
        store.put_file(file)
    return study


def _take_in_record(address: PatientAddress, store: FileStore, servers: RecordServers | None) -> Attachment:
    from pipelines.evidence.identify import identify_file

    if servers is None:
        raise BadInput(
            address.name, "is not fetched here", "recover without it, then give it: assistant resume RUN --attach …"
        )
    fetched = servers.fetch(address)
    sha256 = store.put(fetched.data)
    attachment = identify_file(store.path(sha256), fetched.name, sha256, Kind.FHIR_RECORD)
    return attachment.model_copy(update={"warnings": fetched.notes})


def _packaged(place: str) -> Path:
    """Where an installed package keeps a file; a path that does not exist where it has none."""
    from importlib.util import find_spec

    package, _, rest = place.removeprefix(_PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    folder = Path(spec.origin).parent if spec is not None and spec.origin else Path(place)
    return folder / rest


def _must_be_file(path: Path, remedy: str) -> None:
    if not path.exists():
        raise BadInput(str(path), "does not exist", remedy)
    if not path.is_file():
        raise BadInput(str(path), "is not a file", remedy)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
