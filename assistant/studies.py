"""A study of several files as one attachment, wherever its files come from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.sessions.files import hash_file
from pipelines.errors import BadInput
from pipelines.records import Member

if TYPE_CHECKING:
    from pipelines.records import Attachment, Kind


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


def _hashed(name: str, path: Path) -> str:
    with legible(name):
        return hash_file(path)
