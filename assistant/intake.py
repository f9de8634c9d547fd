"""Takes in what the user gives: stored, hashed and synced before anything else sees it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.sessions.files import FileStore
from pipelines.errors import BadInput, UsageProblem
from pipelines.records import Attachment, Kind, Member, Recording, Request, TaskName

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
    path: Path
    kind: Kind | None = None

    @classmethod
    def parse(cls, argument: str, beside: Path | None = None) -> GivenAttachment:
        """From ``[KIND=]PATH``; a relative path lies beside ``beside`` where given.

        ``package:NAME/PATH`` is a file that an installed Python package ships.

        Raises:
            UsageProblem: there is no such kind.
        """
        head, separator, tail = argument.partition("=")
        is_kind = bool(separator) and "/" not in head and not Path(argument).exists()
        if is_kind and head not in set(Kind):
            raise UsageProblem(f"--attach {head}=…", "there is no such kind", f"use one of {', '.join(Kind)}")
        place = tail if is_kind else argument
        path = _packaged(place) if place.startswith(_PACKAGE) else (beside or Path()) / place
        return cls(path, Kind(head) if is_kind else None)


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


def take_in(given: Given, store: FileStore) -> Request:
    """Store everything that was given and say what it is.

    Raises:
        BadInput: a file is missing or cannot be what it is given as.
        StorageProblem: the store cannot take it.
        UsageProblem: there is no such template.
    """
    if given.template is not None:
        from pipelines.tasks.note.templates import load_template

        load_template(given.template)
    recording = given.recording
    if given.audio is not None:
        recording = _take_in_recording(given.audio, store, given.origin)
    return Request(
        recording=recording,
        text=given.text,
        attachments=(*given.taken, *(take_in_attachment(a, store) for a in given.attachments)),
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


def take_in_attachment(given: GivenAttachment, store: FileStore) -> Attachment:
    """Store a file or folder and say what it is.

    Raises:
        BadInput: it is missing or cannot be what it is given as.
        StorageProblem: the store cannot take it.
    """
    from pipelines.evidence.identify import identify_file, identify_study

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
