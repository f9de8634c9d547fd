"""Reading evaluation cases: JSON objects, one a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from pipelines.errors import BadInput

M = TypeVar("M", bound=BaseModel)


class Case(dict[str, Any]):
    """One line of a data file, as the object that stands there, and where that is."""

    def __init__(self, values: Mapping[str, Any], file: Path, line: int) -> None:
        super().__init__(values)
        self.file = file
        self.line = line

    def path(self, name: str) -> Path:
        """The file that the case calls ``name``; relative names are relative to the data file."""
        return self.file.parent / name


def read_cases(data: Path) -> list[Case]:
    """The cases of a JSONL file, or of all ``*.jsonl`` files directly in a folder. Blank lines are skipped.

    Raises:
        BadInput: the file is missing, unreadable or without cases, or a line of it is not a JSON object.
    """
    files = sorted(data.glob("*.jsonl")) if data.is_dir() else [data]
    cases = [case for file in files for case in _read_file(file)]
    if not cases:
        raise BadInput(str(data), "holds no cases", "give a file with one JSON object a line")
    return cases


def as_model(cases: Iterable[Mapping[str, Any]], model: type[M]) -> list[M]:
    """Each case as a ``model``.

    Raises:
        BadInput: a case lacks a key or has a value of the wrong type; names its file and line where it has them.
    """
    models = []
    for number, case in enumerate(cases, start=1):
        try:
            models.append(model.model_validate(dict(case)))
        except ValidationError as error:
            where = f"{case.file}, line {case.line}" if isinstance(case, Case) else f"case {number}"
            # Only the place and the kind of the mistake: pydantic's own message would repeat the text.
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            key = ".".join(map(str, first["loc"]))
            problem = f"key {key!r} is wrong ({first['type']})"
            keys = ", ".join(model.model_fields)
            raise BadInput(where, problem, f"correct the line; its keys are {keys}") from None
    return models


def _read_file(file: Path) -> list[Case]:
    try:
        content = file.read_bytes()
    except OSError as error:
        problem = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise BadInput(str(file), problem, "give the path of a JSONL file, or of a folder of them") from None
    return [
        Case(_object(line, f"{file}, line {number}"), file, number)
        for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1)
        if line.strip()
    ]


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        problem = f"not JSON (column {error.colno})"
        raise BadInput(where, problem, "write one JSON object a line, in UTF-8") from None
    if not isinstance(value, dict):
        raise BadInput(where, "not a JSON object", "write one JSON object a line, in UTF-8")
    return value
