"""What the clinical work needs from outside, as protocols. The runner hands in the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import KW_ONLY, dataclass, field
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


class Unreachable(Exception):
    """No answer, or not the whole of it. Callers turn it into what their user can do about it.

    Args:
        host: who should have answered.
        reason: why not, in a few words.
    """

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(host, reason)
        self.host = host
        self.reason = reason


class TooLate(Unreachable):
    """Its time was over before the answer was whole."""


@dataclass(frozen=True)
class Form:
    """What is sent: text fields in their order (names may repeat), and one file."""

    fields: tuple[tuple[str, str], ...]
    file_field: str
    file_name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back, from whom."""

    host: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)
    whole: bool = True
    """False where more came than was asked for at most; the rest was not read."""


@dataclass(frozen=True)
class Login:
    """A user's name and password for one host (HTTP Basic, RFC 7617)."""

    user: str = field(repr=False)
    """Without a colon."""
    password: str = field(repr=False)


@dataclass(frozen=True)
class JsonRequest:
    """What is sent where the answer is read while it comes."""

    url: str
    """https; http only on this machine or at a numeric address of a private network."""
    body: bytes | None = field(repr=False)
    """Posted; None only asks (GET)."""
    _: KW_ONLY
    why: str
    """For the log; never patient text."""
    timeout: float
    """Seconds for all of it."""
    bearer: str | None = field(default=None, repr=False)
    """Key of the user for this host; never logged."""
    login: Login | None = field(default=None, repr=False)
    """Likewise, where the host knows users by name."""
    most_bytes: int = 1 << 23
    """Of the answer's body."""
    off_machine: bool = False
    """Whether it may be another machine than this."""
    cancelled: Callable[[], bool] | None = None
    """Asked every moment, from another thread: a silent server is left as well."""
    media_type: str = "application/json"
    """Of ``body``, where it is no JSON."""
    accept: str | None = None
    """The media type that is wanted, where the server has several."""
    silence: float | None = None
    """Seconds without a byte before it counts as broken off, where that is to be sooner than ``timeout``."""


@dataclass(frozen=True)
class Arriving:
    """An answer whose head is here, and whose body is still on its way."""

    host: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    blocks: Iterator[bytes] = field(repr=False)
    """The body as it arrives, read once. Ends where the server ended it; raises as `Outbound.ask_json` where it breaks
    off, comes too late or is larger than what was asked for at most."""


class Outbound(Protocol):
    """The only way to the network. What it sends is in the log before it is sent: host, bytes, why."""

    def post_form(
        self, url: str, form: Form, *, why: str, timeout: float, bearer: str | None = None, most_bytes: int = 1 << 23
    ) -> Answer:
        """Send a form to ``url``, once, and wait for the answer. Where it would send us on, nobody goes.

        Args:
            url: https; http only on this machine or at a numeric address of a private network.
            why: for the log; never patient text.
            timeout: seconds for all of it.
            bearer: key of the user for this host; never logged.
            most_bytes: of the answer's body.

        Raises:
            Unreachable: no whole answer in time.
            UsageProblem: ``url`` may not be asked.
            StorageProblem: the log cannot be written; nothing was sent.
        """
        ...

    def ask_json(self, request: JsonRequest) -> AbstractContextManager[Arriving]:
        """Send JSON, once, and read the answer while it comes; leaving the block ends the connection. Where it would
        send us on, nobody goes.

        Raises:
            TooLate: no whole answer in time.
            Unreachable: no answer, not the whole of it, or too large a one.
            Cancelled: it is not wanted any more.
            UsageProblem: its address may not be asked.
            StorageProblem: the log cannot be written; nothing was sent.
        """
        ...
