"""A small model hub on this machine: real HTTP, one repository, the answers that huggingface_hub 2.4 knows.

Small files are given directly, large ones (``*.safetensors``, ``*.kenlm``, ``tokenizer.json``) by a signed redirect to
another host name, as the hub does with its CDN.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import parse_qs, urlsplit

from tests.support.serving import serving

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
class Hub:
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
    requests: list[Asked] = field(default_factory=list)
    sent_bytes: int = 0
    received_bytes: int = 0
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

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


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Answer at ``hub.endpoint`` until the block ends."""
    with serving(_handler(hub)) as hub.port:
        yield hub


def _is_large(path: Path) -> bool:
    return any(path.match(pattern) for pattern in LARGE)


class _Counting:
    """The socket's writing end."""

    def __init__(self, out: BinaryIO, hub: Hub) -> None:
        self._out = out
        self._hub = hub

    def write(self, data: bytes) -> int:
        self._hub.sent_bytes += len(data)
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()

    def close(self) -> None:
        self._out.close()

    @property
    def closed(self) -> bool:
        return self._out.closed


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.wfile = _Counting(self.wfile, hub)  # type: ignore[assignment]

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keeps quiet."""

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            url = urlsplit(self.path)
            self.remember(url.path, url.query)
            refusal = self.refusal(url.path)
            if refusal is not None:
                self.refuse(refusal)
            elif url.path.startswith("/lfs/"):
                self.large(url.path.removeprefix("/lfs/"), parse_qs(url.query))
            elif url.path == f"/api/models/{hub.repository}/revision/{hub.revision}":
                self.give(json.dumps(hub.listing() if "blobs" in url.query else {"id": hub.repository}).encode())
            else:
                self.resolve(hub.files()[url.path.removeprefix(hub.url(""))])

        def remember(self, path: str, query: str) -> None:
            headers: Message = self.headers
            hub.received_bytes += len(self.raw_requestline) + len(b"\r\n")
            hub.received_bytes += sum(len(f"{name}: {value}\r\n") for name, value in headers.items())
            bearer = headers.get("Authorization")
            hub.requests.append(
                Asked(
                    method=self.command,
                    host=headers["Host"],
                    path=path,
                    query=query,
                    token=bearer.removeprefix("Bearer ") if bearer else None,
                    range=headers.get("Range"),
                    agent=headers["User-Agent"],
                )
            )

        def refusal(self, path: str) -> Refusal | None:
            for end, refusals in hub.refusals.items():
                if path.endswith(end) and refusals:
                    return refusals.pop(0)
            if path.startswith("/lfs/"):
                return None
            if hub.repository not in path:
                return Refusal(404 if hub.requests[-1].token else 401, "RepoNotFound", "Repository not found")
            if hub.revision not in path:
                return Refusal(404, "RevisionNotFound", "Invalid rev id")
            if "/resolve/" not in path:
                return None
            if hub.token is not None and not path.endswith("README.md"):
                token = hub.requests[-1].token
                if token is None:
                    return Refusal(401, "GatedRepo", f"Access to model {hub.repository} is restricted.")
                if token != hub.token:
                    return Refusal(401, None, "Invalid credentials in Authorization header")
                if not hub.accepted:
                    return Refusal(403, "GatedRepo", "You are not in the authorized list.")
            if path.removeprefix(hub.url("")) not in hub.files():
                return Refusal(404, "EntryNotFound", "Entry not found")
            return None

        def refuse(self, refusal: Refusal) -> None:
            named = (("X-Error-Code", refusal.code), ("X-Error-Message", refusal.message))
            said = [(name, value) for name, value in named if value is not None]
            self.give(
                json.dumps({"error": refusal.message}).encode(), refusal.status, (*said, *refusal.headers), ranges=False
            )

        def resolve(self, path: Path) -> None:
            data = path.read_bytes()
            commit = ("X-Repo-Commit", hub.revision)
            if not _is_large(path):
                self.give(data, 200, (commit, ("ETag", f'"{git_hash(data)}"')), path.name)
                return
            digest = hashlib.sha256(data).hexdigest()
            target = hub.elsewhere or f"http://{hub.cdn_host}"
            self.give(
                b"",
                302,
                (
                    commit,
                    ("ETag", f'"{git_hash(data)}"'),
                    ("X-Linked-Size", str(len(data))),
                    ("X-Linked-ETag", f'"{digest}"'),
                    ("Location", f"{target}/lfs/{digest}?X-Amz-Signature={SIGNATURE}"),
                ),
            )

        def large(self, digest: str, query: dict[str, list[str]]) -> None:
            if query.get("X-Amz-Signature") != [SIGNATURE]:
                self.give(b"", 403)
                return
            (path,) = (path for path in hub.files().values() if hashlib.sha256(path.read_bytes()).hexdigest() == digest)
            self.give(path.read_bytes(), 200, (("ETag", f'"{digest}"'),), path.name)

        def give(
            self,
            data: bytes,
            status: int = 200,
            headers: tuple[tuple[str, str], ...] = (),
            name: str = "",
            ranges: bool = True,
        ) -> None:
            if name in hub.flipped:
                data = data[:-1] + bytes([data[-1] ^ 1])
            asked = self.headers.get("Range")
            if asked and ranges and status == 200 and not hub.ignores_ranges:
                first = int(asked.removeprefix("bytes=").removesuffix("-"))
                headers = (*headers, ("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}"))
                data, status = data[first:], 206
            if asked and name in hub.withheld:
                data = b""
            self.send_response(status)
            for header, value in (*headers, ("Content-Length", str(len(data)))):
                self.send_header(header, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            drop = hub.drop_after.pop(name, None) if name else None
            self.wfile.write(data[:drop])
            if drop is not None:
                self.close_connection = True

    return Handler
