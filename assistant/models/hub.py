"""What the hub is asked, and what its refusals mean for the person at the keyboard."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError

from assistant.outbound import BrokenOff, Connection, Reply
from pipelines.errors import ModelNeeded, VerificationFailed
from pipelines.ports import Unreachable
from pipelines.weights.catalogue import GGUF, KnownModel

PUBLIC_HUB: Final = "https://huggingface.co"
_LOG_IN: Final = "run: hf auth login  (or set HF_TOKEN)"
_SHA256: Final = re.compile("[0-9a-f]{64}")
_AGAIN: Final = "what arrived is kept; run the same command again"
#: What a model needs to be loaded and to be known: never pickles, code, sounds or notebooks. Files in folders are not.
_WANTED: Final = re.compile(
    r"[\w-][\w.-]*\.(json|safetensors|jinja|model)|vocab\.txt|merges\.txt|README\.md"
    r"|(LICEN[CS]E|NOTICE|TERMS)[\w-]*(\.(txt|md))?"
)


class _Lfs(BaseModel):
    """Masked for those who have no access: the hash may be anything or nothing."""

    sha256: str | None = None
    size: int = Field(ge=0)


class _Sibling(BaseModel):
    rfilename: str
    size: int | None = Field(None, ge=0)
    blob_id: str | None = Field(None, alias="blobId", pattern="^[0-9a-f]{40}$")
    lfs: _Lfs | None = None


class _Listing(BaseModel):
    sha: str
    siblings: list[_Sibling]


@dataclass(frozen=True)
class HubFile:
    """A file of a repository. ``digest`` is its SHA-256, or of a small file git's SHA-1 of its blob."""

    name: str
    size: int
    digest: str

    @property
    def is_lfs(self) -> bool:
        """Whether ``digest`` is the SHA-256."""
        return len(self.digest) == 64

    @property
    def is_weights(self) -> bool:
        return self.name.endswith((".safetensors", ".gguf"))


def hub_address(given: str | None) -> str:
    """The hub's address: the given one, else ``HF_ENDPOINT`` as it is now, else the public hub."""
    return given or os.environ.get("HF_ENDPOINT") or PUBLIC_HUB


class Hub:
    """One model's repository, at the pinned revision. Every method raises ModelNeeded with what to do."""

    def __init__(self, connection: Connection, model: KnownModel) -> None:
        self._connection = connection
        self._model = model

    def files(self) -> tuple[HubFile, ...]:
        """The files that are needed of it, by name."""
        path = f"/api/models/{self._model.repository}/revision/{self._model.revision}?blobs=true"
        with self._problems(), self._connection.get(path) as reply:
            self._refuse(reply)
            answer = reply.body()
        try:
            listing = _Listing.model_validate_json(answer)
            if listing.sha != self._model.revision:
                raise ValueError("of another revision")
            wanted = [_hub_file(sibling) for sibling in listing.siblings if self._is_wanted(sibling.rfilename)]
        except (ValidationError, ValueError):
            raise self._problem(
                f"{self._connection.host} does not answer as the hub does", "check HF_ENDPOINT, or unset it"
            ) from None
        return tuple(sorted(wanted, key=lambda file: file.name))

    def require_access(self, file: HubFile) -> None:
        """Whether the hub would give this file, before anything is asked of the user."""
        self._head(file)

    def announced(self, files: Sequence[HubFile]) -> tuple[HubFile, ...]:
        """The files with the hashes that the hub states for each where its listing hides which are large ones.

        That of a gated repository may: what it calls a large file's hash is then of something else.
        """
        if all(file.is_lfs for file in files if file.is_weights):
            return tuple(files)
        return tuple(file if file.is_lfs else self._as_stated(file) for file in files)

    def _is_wanted(self, name: str) -> bool:
        if self._model.model_type == GGUF and name.endswith(".json"):
            return False
        return _WANTED.fullmatch(name) is not None or name in self._model.beside or name in self._model.published

    def _as_stated(self, file: HubFile) -> HubFile:
        headers = self._head(file).headers
        stated = [_etag(headers.get(name)) for name in ("x-linked-etag", "etag")]
        digest = next((tag for tag in stated if _SHA256.fullmatch(tag)), file.digest)
        size = headers.get("x-linked-size", "")
        return HubFile(file.name, int(size) if size.isdecimal() else file.size, digest)

    def _head(self, file: HubFile) -> Reply:
        with self._problems():
            reply = self._connection.head(self._path(file))
            self._refuse(reply, file)
            return reply

    @contextmanager
    def open(self, file: HubFile, start: int) -> Iterator[tuple[Reply, int]]:
        """The bytes of ``file`` from ``start`` on, and where they really begin: 0 where the hub ignored ``start``.

        Every call asks the hub itself, which sends it on by an address that is signed anew.

        Raises:
            ModelNeeded: refused for good.
            Unreachable: no answer, the hub is out of order, or where it sends us the signature is not taken.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self._connection.get(self._path(file), headers) as reply:
            if reply.status >= 500:
                raise Unreachable(reply.host, f"it is out of order ({reply.status})")
            self._refuse(reply, file)
            begins = reply.headers.get("content-range", "").startswith(f"bytes {start}-")
            yield reply, start if reply.status == 206 and begins else 0

    def unreachable(self, error: Unreachable) -> ModelNeeded:
        """The error for a hub that gives no answer."""
        if isinstance(error, BrokenOff):
            return self._problem(f"{error.host} stopped in the middle ({error.reason})", _AGAIN)
        return self._problem(
            f"{error.host} cannot be reached ({error.reason})",
            "check network and HTTPS_PROXY and run the same command again; without network, copy the folder from"
            " another machine and run: assistant models import DIR",
        )

    def damaged(self, file: HubFile) -> VerificationFailed:
        """The error for bytes that are not those of the listing."""
        kind = "SHA-256" if file.is_lfs else "git hash"
        return VerificationFailed(
            self._model.name,
            f"the hub gave a damaged file ({file.name}: {kind} differs)",
            "it is deleted; run the same command again",
        )

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except Unreachable as error:
            raise self.unreachable(error) from None

    def _path(self, file: HubFile) -> str:
        return f"/{self._model.repository}/resolve/{self._model.revision}/{quote(file.name)}"

    def _problem(self, problem: str, remedy: str) -> ModelNeeded:
        return ModelNeeded(self._model.name, problem, remedy)

    def _refuse(self, reply: Reply, file: HubFile | None = None) -> None:
        if reply.status < 400:
            return
        repository, host, code = self._model.repository, reply.host, reply.headers.get("x-error-code")
        if reply.status in (401, 403) and host != self._connection.host:
            # Only the endpoint knows accounts; the others judge the signature in the address, which ends with time.
            raise Unreachable(
                host, f"it answers {reply.status}: the signed address has ended, or the clock of this machine is wrong"
            )
        if reply.status in (401, 403) and not self._connection.signed_in:
            raise self._problem(
                "the hub wants a token",
                f"make one at {PUBLIC_HUB}/settings/tokens (read access), then {_LOG_IN}",
            )
        if reply.status == 401:
            raise self._problem(
                "the hub does not know the token",
                f"it may be mistyped, ended or withdrawn: make a new one at {PUBLIC_HUB}/settings/tokens (read"
                f" access), then {_LOG_IN}",
            )
        if reply.status == 403:
            raise self._problem(
                "the account of the token has not been given access",
                f"open {PUBLIC_HUB}/{repository}, accept the terms there with the account of the token (one with"
                " chosen rights must be allowed to read gated repositories), then pull again",
            )
        if reply.status == 404 and code == "RevisionNotFound":
            raise self._problem(
                f"{host} has no revision {self._model.revision} of {repository}",
                "unset HF_ENDPOINT if it names a mirror, or install a newer version of this product",
            )
        if reply.status == 404:
            missing = f"{file.name} of {repository}" if file else repository
            raise self._problem(
                f"{host} has no {missing}, or does not show it to this account",
                f"check HF_ENDPOINT and that {PUBLIC_HUB}/{repository} opens in a browser",
            )
        if reply.status == 429:
            raise self._problem(
                "the hub has had too many requests from here",
                f"wait {_seconds_to_wait(reply.headers)} and run the same command again; what arrived is kept",
            )
        if reply.status >= 500:
            raise self._problem(f"{host} is out of order ({reply.status})", f"wait a while; {_AGAIN}")
        raise self._problem(f"{host} refuses ({reply.status})", "check HF_ENDPOINT, or unset it")


def _hub_file(sibling: _Sibling) -> HubFile:
    if sibling.lfs is not None and _SHA256.fullmatch(sibling.lfs.sha256 or ""):
        return HubFile(sibling.rfilename, sibling.lfs.size, str(sibling.lfs.sha256))
    size = sibling.lfs.size if sibling.lfs is not None else sibling.size
    if size is None or sibling.blob_id is None:
        raise ValueError("no size or hash")
    return HubFile(sibling.rfilename, size, sibling.blob_id)


def _etag(header: str | None) -> str:
    return (header or "").removeprefix("W/").strip('"')


def _seconds_to_wait(headers: Mapping[str, Any]) -> str:
    """From the two headers in which the hub says so."""
    limit = re.search(r";\s*t\s*=\s*(\d+)", headers.get("ratelimit", ""))
    after = headers.get("retry-after", "")
    if limit:
        return f"{limit[1]} s"
    return f"{after} s" if after.isdigit() else "five minutes"
