"""What the clinical work needs from outside, as protocols. The runner hands in the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from pipelines.records import ModelCall, Value

V = TypeVar("V", bound=Value)


class Store(Protocol):
    """Bytes by content hash. ``put`` returns only when bytes and directory entry are on disk."""

    def put(self, data: bytes) -> str: ...

    def put_file(self, path: Path) -> str:
        """Copy a file in without holding it in memory."""
        ...

    def get(self, sha256: str) -> bytes: ...

    def has(self, sha256: str) -> bool: ...

    def path(self, sha256: str) -> Path:
        """Where the bytes lie, for readers that need a file. Never write there."""
        ...


class Key(NamedTuple):
    """Names one step of one run, so that nothing is done or written twice."""

    run: str
    node: str
    input_hash: str


class Journal(Protocol):
    """The run's memory outside the graph."""

    def record(self, key: Key, value: Value, calls: tuple[ModelCall, ...] = ()) -> str:
        """Write ``value`` (and the model calls that made it) durably; returns its digest.

        A key that is there already is left as it is, and its recorded digest is returned.
        """
        ...

    def recall(self, key: Key) -> str | None:
        """Digest of what was recorded under ``key``, or None."""
        ...

    def read(self, digest: str, kind: type[V]) -> V:
        """The recorded value with this digest."""
        ...
