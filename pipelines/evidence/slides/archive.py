"""A slide from a zip archive, unpacked to a private folder: OpenSlide reads files alone."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipelines.errors import BadInput
from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.slides.opening import File
from pipelines.evidence.zip_members import members_of

_MOST_FILES: Final = 20_000
_MOST_BYTES: Final = 32 << 30
_MOST_TIMES: Final = 100
"""Its size unpacked in that of the archive. Slides are compressed by themselves."""
_ALWAYS: Final = 64 << 20
"""Bytes that are unpacked whatever their ratio."""
_AGAIN: Final = "attach the slide itself or its folder"


@contextmanager
def unpacked(path: Path, name: str) -> Iterator[list[File]]:
    """Its files, by the names that they have in it. On disk they have numbers, and are gone after the block.

    Raises:
        BadInput: it is damaged, locked or larger than what is unpacked here, which is told before it is unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="slides-") as scratch:
        try:
            files = _unpack(path, name, Path(scratch))
        except (zipfile.BadZipFile, *DECODING_ERRORS) as broken:
            raise BadInput(name, "is a zip archive that cannot be unpacked", _AGAIN) from broken
        yield files


def _unpack(path: Path, name: str, folder: Path) -> list[File]:
    with zipfile.ZipFile(path) as archive:
        members = members_of(archive)
        total = sum(info.file_size for info in members)
        if len(members) > _MOST_FILES:
            raise BadInput(name, f"holds {len(members):,} files, {_MOST_FILES:,} are unpacked here", _AGAIN)
        if total > max(_ALWAYS, min(_MOST_BYTES, _MOST_TIMES * path.stat().st_size)):
            raise BadInput(name, f"would unpack to {total / 1e9:.1f} GB, more than a slide that is zipped", _AGAIN)
        if total > shutil.disk_usage(folder).free:
            raise BadInput(name, f"needs {total / 1e9:.1f} GB of disk to be unpacked", _AGAIN)
        files = []
        for number, info in enumerate(members):
            place = folder / str(number)
            with archive.open(info) as packed, place.open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)
            files.append(File(info.filename, place))
        return files
