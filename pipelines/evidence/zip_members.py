"""What a zip archive holds, whoever reads it."""

from __future__ import annotations

import zipfile


def members_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Its files, in its own order. What has no name is none: Python's own question after folders fails on it."""
    return [info for info in archive.infolist() if info.filename and not info.is_dir()]
