"""Pictures of evaluation cases as a model is shown them, outside of runs: nothing is logged, nothing is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from pipelines.errors import BadInput, ModelNeeded
from pipelines.evaluation.data import Case
from pipelines.evidence.frames import Frame
from pipelines.evidence.identify import identify_file
from pipelines.evidence.picture import frame_of, frames_of
from pipelines.models.generator import Ask, Generation, Generator
from pipelines.records import Attachment, Kind

Progress = Callable[[float], None]
NOT_FINISHED: Final = "no answer"
_CORRECT: Final = "correct the data file; its paths are relative to it"


class Pictures:
    """What the pictures of one case are made of and become; implements `pipelines.ports.Store`."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}
        self._files: dict[str, Path] = {}

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self._held[sha256] = data
        return sha256

    def put_file(self, path: Path) -> str:
        """The file stays where it is."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._files[sha256] = path
        return sha256

    def get(self, sha256: str) -> bytes:
        return self._held[sha256]

    def has(self, sha256: str) -> bool:
        return sha256 in self._held

    def path(self, sha256: str) -> Path:
        return self._files[sha256]

    def attach(self, path: Path, kind: Kind | None = None) -> Attachment:
        """A picture file.

        Raises:
            BadInput: it is not there, or no picture of this kind.
        """
        try:
            sha256 = self.put_file(path)
        except OSError as error:
            reason = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
            raise BadInput(str(path), reason, _CORRECT) from None
        return identify_file(path, path.name, sha256, kind)

    def frame(self, attachment: Attachment) -> Frame:
        """Its frame.

        Raises:
            BadInput: as `frame_of`.
        """
        return frame_of(attachment, self)

    def frames(self, attachment: Attachment) -> tuple[Frame, ...]:
        """The frames of all that it holds.

        Raises:
            BadInput: as `frames_of`.
        """
        return frames_of(attachment, self)

    def ask(self, generator: Generator, ask: Ask) -> Generation:
        """What the model says.

        Raises:
            as `Generator.generate`.
        """
        return generator.generate(ask, self.get)


def required(generator: Generator) -> Generator:
    """The engine to measure.

    Raises:
        ModelNeeded: it is not ready.
        BadInput: it sees no pictures.
    """
    at = generator.available()
    if not at.ready:
        raise ModelNeeded(generator.name, at.detail, at.remedy or "see: assistant models list")
    if not generator.capabilities().images:
        raise BadInput(generator.name, "sees no pictures", "name another engine: --engine NAME")
    return generator


def require_there(paths: Iterable[Path]) -> None:
    """Before a model works for hours on what comes before them.

    Raises:
        BadInput: one of the files is not there.
    """
    for path in paths:
        if not path.exists():
            raise BadInput(str(path), "is not there", _CORRECT)


def path_in(raw: object, name: str) -> Path:
    """The file that a case calls ``name``."""
    return raw.path(name) if isinstance(raw, Case) else Path(name)


def id_in(raw: object, n: int) -> str:
    """What the case is called, else its line."""
    if isinstance(raw, dict) and isinstance(raw.get("id"), str | int):
        return str(raw["id"])
    return f"line {raw.line}" if isinstance(raw, Case) else f"case {n}"


def mean(values: Iterable[float]) -> float | None:
    """None of nothing."""
    every: Sequence[float] = list(values)
    return sum(every) / len(every) if every else None
