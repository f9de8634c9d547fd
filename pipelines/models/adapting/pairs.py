"""Pairs of what a model was asked and what it should answer, in a folder: what an adapter is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from pipelines.errors import BadInput
from pipelines.models.generator import Ask
from pipelines.records import Engine, TaskName, Value

PAIRS: Final = "pairs.jsonl"
FRAMES: Final = "frames"
_PNG: Final = b"\x89PNG"
_ENDINGS: Final = (".png", ".jpg")


class Pair(Value):
    """One question as it was sent, and the answer to learn."""

    run: str
    task: TaskName
    ask: Ask
    answer: str
    standing: Literal["approved", "generated"]
    """Whether a person has approved the answer, or a model has only written it."""
    engine: Engine
    """Who answered."""


def write_pairs(folder: Path, pairs: Sequence[Pair], frames: Mapping[str, bytes]) -> None:
    """Put pairs and pictures into an empty folder."""
    (folder / FRAMES).mkdir()
    for sha256, data in frames.items():
        (folder / FRAMES / frame_name(sha256, data)).write_bytes(data)
    (folder / PAIRS).write_bytes(b"".join(pair.canonical() + b"\n" for pair in pairs))


def frame_name(sha256: str, data: bytes) -> str:
    return sha256 + (".png" if data.startswith(_PNG) else ".jpg")


class Pairs:
    """The pairs that lie in a folder.

    Raises:
        BadInput: when made: there are none, or a line is no pair. By `frame`: a picture is missing or another one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._reading():
            data = (folder / PAIRS).read_bytes()
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.all = tuple(self._pair(number, line) for number, line in enumerate(data.splitlines(), start=1))
        if not self.all:
            raise self._bad(PAIRS, "holds no pairs")

    def frame(self, sha256: str) -> bytes:
        """A picture by its hash."""
        with self._reading():
            path = next((p for end in _ENDINGS if (p := self._folder / FRAMES / f"{sha256}{end}").is_file()), None)
            if path is None:
                raise self._bad(f"{FRAMES}/{sha256[:12]}", "is missing")
            data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise self._bad(f"{FRAMES}/{sha256[:12]}", "is not the picture of this name")
        return data

    def _pair(self, number: int, line: bytes) -> Pair:
        try:
            pair = Pair.model_validate_json(line)
        except ValidationError:
            raise self._bad(f"{PAIRS} line {number}", "is no pair") from None
        if not pair.answer.strip():
            raise self._bad(f"{PAIRS} line {number}", "has no answer")
        return pair

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._bad(self._folder.name, f"cannot be read ({error.strerror})") from error

    def _bad(self, what: str, problem: str) -> BadInput:
        return BadInput(what, problem, "give a folder that `assistant log pairs` wrote")
