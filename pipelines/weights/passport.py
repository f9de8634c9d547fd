"""The passport of a model folder: where it came from, and every file's SHA-256 as it was then."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from pipelines.records import Value
from pipelines.weights.hashes import Progress, hash_files
from pipelines.weights.whole import write_whole

#: Written into a folder by ``assistant models pull`` and ``import``.
PASSPORT: Final = "assistant-model.json"


class StoredFile(Value):
    """One file as it was when it was hashed. Unchanged size and time mean unchanged bytes."""

    size: int
    modified_ns: int
    sha256: str


class Passport(Value):
    """What is known of a model folder: where it came from and the SHA-256 of every file."""

    model: str
    repository: str | None
    revision: str | None
    source: Literal["hub", "import"]
    files: dict[str, StoredFile]


def read_passport(folder: Path) -> Passport | None:
    """The passport of ``folder``; None where it has none.

    Raises:
        ValueError: there is one that cannot be read.
    """
    try:
        text = (folder / PASSPORT).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return Passport.model_validate_json(text)
    except ValidationError as invalid:
        raise ValueError(invalid.error_count()) from None


def write_passport(folder: Path, passport: Passport) -> None:
    """Put the passport into ``folder`` in one step, on disk when this returns."""
    write_whole(folder / PASSPORT, passport.model_dump_json(indent=1).encode())


def describe(
    folder: Path,
    model: str,
    source: Literal["hub", "import"],
    repository: str | None = None,
    revision: str | None = None,
    progress: Progress | None = None,
) -> Passport:
    """Read every byte of ``folder`` (its hidden files, subfolders and old passport aside) and say what lies there.

    Args:
        progress: told the fraction of the bytes that is read.
    """
    paths = tuple(
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != PASSPORT and not path.name.startswith(".")
    )
    digests = hash_files(paths, progress)
    return Passport(
        model=model,
        repository=repository,
        revision=revision,
        source=source,
        files={path.name: stored_file(path, digest) for path, digest in zip(paths, digests, strict=True)},
    )


def stored_file(path: Path, sha256: str) -> StoredFile:
    """The entry of a file that was just hashed."""
    stat = path.stat()
    return StoredFile(size=stat.st_size, modified_ns=stat.st_mtime_ns, sha256=sha256)
