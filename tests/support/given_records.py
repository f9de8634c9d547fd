"""Records as people give them: files, folders and archives, taken into a real store."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assistant.intake import GivenAttachment, take_in_attachment
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore
from pipelines.evidence.inspect import inspect_attachment
from pipelines.evidence.records.record import Record, read_attached
from pipelines.records import Attachment

Raw = dict[str, Any]


def lines(*resources: Raw) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


def write_export(folder: Path, resources: Iterable[Raw], *, packed: bool = False) -> Path:
    """As a server exports in bulk: a file for each type, one resource a line."""
    by_type: dict[str, list[Raw]] = {}
    for resource in resources:
        by_type.setdefault(resource["resourceType"], []).append(resource)
    folder.mkdir(parents=True)
    for kind, group in by_type.items():
        if packed:
            (folder / f"{kind}.000.ndjson.gz").write_bytes(gzip.compress(lines(*group)))
        else:
            (folder / f"{kind}.ndjson").write_bytes(lines(*group))
    return folder


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


class Given:
    """What is given in a test, and the store that it lies in."""

    def __init__(self, folder: Path) -> None:
        self.store = FileStore(folder, Disk())
        self.store.prepare()

    def attach(self, path: Path, patient: str | None = None) -> Attachment:
        """Taken in and inspected, as in a run about ``patient``."""
        return inspect_attachment(take_in_attachment(GivenAttachment(path), self.store), self.store, patient)

    def read(self, path: Path, patient: str | None = None) -> Record:
        attachment = self.attach(path, patient)
        assert attachment.patient is not None
        return read_attached(attachment, self.store, attachment.patient.id)
