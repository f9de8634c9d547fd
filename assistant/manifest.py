"""Manifests of work: one JSON object a line, paths beside the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.intake import Given, GivenAttachment
from pipelines.errors import BadInput, UsageProblem
from pipelines.records import TaskName


class ManifestLine(BaseModel):
    """``{"audio", "attach": [...], "task", "patient", "session", "template"}``; only ``audio`` is required."""

    model_config = ConfigDict(extra="forbid")

    audio: str
    attach: tuple[str, ...] = ()
    task: TaskName | None = None
    patient: str | None = None
    session: str | None = None
    template: str | None = None


def read_manifest(path: Path) -> Iterator[Given | BadInput]:
    """Its work, line by line; a line that cannot be obeyed is an error of its own and does not stop the others.

    Raises:
        BadInput: the manifest itself cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as broken:
        raise BadInput(str(path), "cannot be read as a manifest", "name a JSON Lines file") from broken
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _read_line(line, f"{path.name} line {number}", path.parent)


def _read_line(line: str, where: str, folder: Path) -> Given | BadInput:
    try:
        entry = ManifestLine.model_validate_json(line)
        given: dict[str, Any] = entry.model_dump(include={"task", "patient", "session", "template"})
        attachments = tuple(GivenAttachment.parse(a, folder) for a in entry.attach)
    except ValidationError as invalid:
        error = invalid.errors()[0]
        field = ".".join(map(str, error["loc"]))
        problem = f"{field}: {error['msg']}" if field else str(error["msg"])
        return BadInput(where, f"cannot be obeyed ({problem.lower()})", "see samples/README.md for the fields")
    except UsageProblem as wrong:
        return BadInput(where, wrong.problem, wrong.remedy)
    return Given(audio=folder / entry.audio, attachments=attachments, **given)
