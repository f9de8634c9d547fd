"""A study of several files as one attachment, wherever its files come from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.plain import one_line
from assistant.sessions.files import hash_file
from pipelines.errors import BadInput
from pipelines.records import Member

if TYPE_CHECKING:
    from pipelines.records import Attachment, Kind

_COPY: Final = "attach a copy that has the file itself (cp -rL), or remove it"


def files_in(folder: Path, name: str) -> list[Path]:
    """Every file of a folder and of those in it, in the order of names. Links to what is in it anyhow add nothing.

    Args:
        name: of the folder, for errors.

    Raises:
        BadInput: a link leads out of it, to what nobody has attached, or nowhere; a part of it cannot be read; or it
            holds more files than a study has.
    """
    from pipelines.evidence.volumes.files import MOST_FILES

    def refuse(error: OSError) -> None:
        part = one_line(os.path.relpath(error.filename, folder))
        with legible(name if part == "." else part):
            raise error

    inside = Path(os.path.realpath(folder))
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=refuse):
        for path in (Path(parent, each) for each in (*folders, *names)):
            if path.is_symlink():
                _require_inside(path, inside, one_line(str(path.relative_to(folder))))
            elif path.is_file():
                found.append(path)
        if len(found) > MOST_FILES:
            raise BadInput(name, f"holds more than {MOST_FILES:,} files", "attach the folder of one study")
    return sorted(found)


def study_of(name: str, files: Iterable[tuple[str, Path]], kind: Kind | None) -> Attachment:
    """What the files are together; nothing is stored.

    Args:
        files: each with its name within the study, in the order of names.
        kind: the user's word for it, if given.

    Raises:
        BadInput: they are no study and no record, or one cannot be read.
    """
    from pipelines.evidence.identify import identify_study

    members = tuple((Member(name=each, sha256=_hashed(each, path)), path) for each, path in files)
    listing = "\n".join(f"{member.sha256} {member.name}" for member, _ in members)
    return identify_study(name, members, hashlib.sha256(listing.encode()).hexdigest(), kind)


@contextmanager
def legible(name: str) -> Iterator[None]:
    """Reads what the user gave.

    Raises:
        BadInput: the disk or its rights do not allow it.
    """
    try:
        yield
    except OSError as refused:
        why = (refused.strerror or "no reason is given").lower()
        raise BadInput(name, f"cannot be read ({why})", "attach a copy that can, or leave it out") from refused


def _require_inside(link: Path, folder: Path, name: str) -> None:
    target = Path(os.path.realpath(link))
    if not target.exists():
        raise BadInput(name, "is a link that leads nowhere", "remove it, or put a file in its place")
    if not target.is_relative_to(folder):
        raise BadInput(name, "is a link that leads out of the attached folder", _COPY)


def _hashed(name: str, path: Path) -> str:
    with legible(name):
        return hash_file(path)
