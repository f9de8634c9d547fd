"""A small model hub on this machine: real HTTP, one repository, the answers that huggingface_hub 2.4 knows.

Small files are given directly, large ones (``*.safetensors``, ``*.kenlm``, ``tokenizer.json``) by a signed redirect to
another host name, as the hub does with its CDN.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.support.local_server import Exchange, LocalServer

LARGE = ("*.safetensors", "*.kenlm", "tokenizer.json")
SIGNATURE = "signed-for-one-hour"
Masks = Literal["nothing", "hashes", "large files"]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    host: str
    path: str
    query: str
    token: str | None
    range: str | None
    agent: str


@dataclass(frozen=True)
class Refusal:
    """What the hub answers instead."""

    status: int
    code: str | None = None
    message: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Hub(LocalServer[Asked]):
    """The repository, who may have it, and what goes wrong. Switches may be set between requests."""

    folder: Path
    repository: str
    revision: str
    token: str | None = None
    """Gated: only with this token."""
    accepted: bool = True
    """Whether the account of the token has accepted the terms on the hub's page."""
    drop_after: dict[str, int] = field(default_factory=dict)
    """File name -> the connection ends after so many bytes, once."""
    flipped: set[str] = field(default_factory=set)
    """Files that are given with one byte changed."""
    refusals: dict[str, list[Refusal]] = field(default_factory=dict)
    """End of a path -> refusals for its next requests."""
    masks: Masks = "nothing"
    """What the listing hides, as that of a gated repository may: hashes of large files, or that they are large.

    What it then says of a large file is true of the pointer to it that lies in git."""
    withheld: set[str] = field(default_factory=set)
    """Files of which nothing more is given to who has a part of them, in an answer that looks whole."""
    ignores_ranges: bool = False
    elsewhere: str | None = None
    """Where large files are said to lie, instead of this server under its other name."""
    sent_bytes: int = 0
    received_bytes: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}"

    @property
    def cdn_host(self) -> str:
        return f"localhost:{self.port}"

    def files(self) -> dict[str, Path]:
        return {str(path.relative_to(self.folder)): path for path in self.folder.rglob("*") if path.is_file()}

    def fetched(self) -> set[str]:
        """Names of the files of which any bytes were asked."""
        names = {hashlib.sha256(path.read_bytes()).hexdigest(): name for name, path in self.files().items()}
        asked = {ask.path for ask in self.requests if ask.method == "GET"}
        large = {names[path.removeprefix("/lfs/")] for path in asked if path.startswith("/lfs/")}
        return large | {name for name, path in self.files().items() if not _is_large(path) and self.url(name) in asked}

    def url(self, name: str) -> str:
        return f"/{self.repository}/resolve/{self.revision}/{name}"

    def listing(self) -> dict[str, Any]:
        siblings = []
        for name, path in sorted(self.files().items()):
            data = path.read_bytes()
            entry: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": git_hash(data)}
            if _is_large(path):
                digest = hashlib.sha256(data).hexdigest()
                pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n"
                entry["blobId"] = git_hash(pointer.encode())
                shown = digest if self.masks == "nothing" else None
                if self.masks == "large files":
                    entry["size"] = len(pointer)
                else:
                    entry["lfs"] = {"sha256": shown, "size": len(data), "pointerSize": len(pointer)}
            siblings.append(entry)
        return {"id": self.repository, "sha": self.revision, "gated": "manual", "siblings": siblings}

    def outlet(self, out: io.BufferedIOBase) -> io.BufferedIOBase:
        return _Counting(out, self)

    def read(self, exchange: Exchange) -> Asked:
        headers = exchange.headers
        self.received_bytes += len(f"{exchange.requestline}\r\n\r\n")
        self.received_bytes += sum(len(f"{name}: {value}\r\n") for name, value in headers.items())
        url = urlsplit(exchange.path)
        return Asked(
            method=exchange.command,
            host=headers["Host"],
            path=url.path,
            query=url.query,
            token=exchange.bearer,
            range=headers.get("Range"),
            agent=headers["User-Agent"],
        )

    def answer(self, exchange: Exchange, request: Asked) -> None:
        given = self._given(request)
        data, status, headers = given.data, given.status, given.headers
        if given.name in self.flipped:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if request.range and status == 200 and not self.ignores_ranges:
            first = int(request.range.removeprefix("bytes=").removesuffix("-"))
            headers = (*headers, ("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}"))
            data, status = data[first:], 206
        if request.range and given.name in self.withheld:
            data = b""
        exchange.head(status, *headers, ("Content-Length", str(len(data))))
        if request.method == "HEAD":
            return
        drop = self.drop_after.pop(given.name, None)
        exchange.wfile.write(data[:drop])
        if drop is not None:
            exchange.close_connection = True

    def _given(self, asked: Asked) -> _Given:
        refusal = self._refusal(asked)
        if refusal is not None:
            named = (("X-Error-Code", refusal.code), ("X-Error-Message", refusal.message))
            said = [(name, value) for name, value in named if value is not None]
            body = json.dumps({"error": refusal.message}).encode()
            return _Given(body, (*said, *refusal.headers), refusal.status)
        if asked.path.startswith("/lfs/"):
            return self._large(asked.path.removeprefix("/lfs/"), parse_qs(asked.query))
        if asked.path == f"/api/models/{self.repository}/revision/{self.revision}":
            return _Given(json.dumps(self.listing() if "blobs" in asked.query else {"id": self.repository}).encode())
        return self._resolved(self.files()[asked.path.removeprefix(self.url(""))])

    def _refusal(self, asked: Asked) -> Refusal | None:
        for end, refusals in self.refusals.items():
            if asked.path.endswith(end) and refusals:
                return refusals.pop(0)
        if asked.path.startswith("/lfs/"):
            return None
        if self.repository not in asked.path:
            return Refusal(404 if asked.token else 401, "RepoNotFound", "Repository not found")
        if self.revision not in asked.path:
            return Refusal(404, "RevisionNotFound", "Invalid rev id")
        if "/resolve/" not in asked.path:
            return None
        if self.token is not None and not asked.path.endswith("README.md"):
            if asked.token is None:
                return Refusal(401, "GatedRepo", f"Access to model {self.repository} is restricted.")
            if asked.token != self.token:
                return Refusal(401, None, "Invalid credentials in Authorization header")
            if not self.accepted:
                return Refusal(403, "GatedRepo", "You are not in the authorized list.")
        if asked.path.removeprefix(self.url("")) not in self.files():
            return Refusal(404, "EntryNotFound", "Entry not found")
        return None

    def _resolved(self, path: Path) -> _Given:
        data = path.read_bytes()
        commit = ("X-Repo-Commit", self.revision)
        if not _is_large(path):
            return _Given(data, (commit, ("ETag", f'"{git_hash(data)}"')), name=path.name)
        digest = hashlib.sha256(data).hexdigest()
        target = self.elsewhere or f"http://{self.cdn_host}"
        linked = (
            ("ETag", f'"{git_hash(data)}"'),
            ("X-Linked-Size", str(len(data))),
            ("X-Linked-ETag", f'"{digest}"'),
            ("Location", f"{target}/lfs/{digest}?X-Amz-Signature={SIGNATURE}"),
        )
        return _Given(b"", (commit, *linked), 302)

    def _large(self, digest: str, query: dict[str, list[str]]) -> _Given:
        if query.get("X-Amz-Signature") != [SIGNATURE]:
            return _Given(b"", status=403)
        (path,) = (path for path in self.files().values() if hashlib.sha256(path.read_bytes()).hexdigest() == digest)
        return _Given(path.read_bytes(), (("ETag", f'"{digest}"'),), name=path.name)


@dataclass(frozen=True)
class _Given:
    """An answer before anything goes wrong with it."""

    data: bytes
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    name: str = ""
    """Of the file that is given."""


class _Counting(io.BufferedIOBase):
    """The writing end of a connection, which counts what goes out."""

    def __init__(self, out: io.BufferedIOBase, hub: Hub) -> None:
        self._out = out
        self._hub = hub

    def write(self, data: Any) -> int:
        self._hub.sent_bytes += len(data)
        return self._out.write(data)


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_large(path: Path) -> bool:
    return any(path.match(pattern) for pattern in LARGE)
