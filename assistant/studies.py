"""A study of several files as one attachment, wherever its files come from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.sessions.files import hash_file
from pipelines.records import Member

if TYPE_CHECKING:
    from pipelines.records import Attachment, Kind


def study_of(name: str, files: Iterable[tuple[str, Path]], kind: Kind | None) -> Attachment:
    """What the files are together; nothing is stored.

    Args:
        files: each with its name within the study, in the order of names.
        kind: the user's word for it, if given.

    Raises:
        BadInput: they are no study and no record.
    """
    from pipelines.evidence.identify import identify_study

    members = tuple((Member(name=each, sha256=hash_file(path)), path) for each, path in files)
    listing = "\n".join(f"{member.sha256} {member.name}" for member, _ in members)
    return identify_study(name, members, hashlib.sha256(listing.encode()).hexdigest(), kind)
