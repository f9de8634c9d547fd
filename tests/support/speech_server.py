"""A transcription server on this machine: real HTTP, OpenAI's protocol, and every way of misbehaving on demand."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any

import soundfile

from tests.support.serving import serving

PATH = "/v1/audio/transcriptions"
TEXT = "Findings, the left lung is clear."


@dataclass(frozen=True)
class Upload:
    """One request as it arrived."""

    path: str
    host: str
    key: str | None
    agent: str
    fields: tuple[tuple[str, str], ...]
    file_name: str
    seconds: float
    rate: int
    subtype: str
    loudest: float

    def field(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


@dataclass(frozen=True)
class Reply:
    """What is answered instead of a transcription."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()


Trouble = Reply | Callable[[BaseHTTPRequestHandler, threading.Event], None]
"""An answer, or what is done with the connection; the event is set when the server ends."""


def hang(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    """Take the request and say nothing."""
    over.wait(30)
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    """One byte of a header after the other, each before any time-out of silence."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.02):
        handler.wfile.write(b".")
        handler.wfile.flush()


def drip_body(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    """Likewise, within a body of which no length is told: its end is that of the connection."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"text": "')
    while not over.wait(0.02):
        handler.wfile.write(b"a")
        handler.wfile.flush()


def drop(handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
    """End the connection without a word."""
    handler.close_connection = True


@dataclass
class SpeechServer:
    """What it hears is always the same text, its words spread over the sound."""

    text: str = TEXT
    key: str | None = None
    language: str | None = "english"
    formats: tuple[str, ...] = ("verbose_json", "json")
    word_times: bool = True
    segment_times: bool = True
    punctuated_words: bool = False
    troubles: list[Trouble] = field(default_factory=list)
    """For the next requests, before anything else is looked at."""
    uploads: list[Upload] = field(default_factory=list)
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def answer(self, upload: Upload) -> Reply:
        if upload.path != PATH:
            return Reply(404)
        if self.key is not None and upload.key != self.key:
            return Reply(401, b'{"error": {"message": "Incorrect API key"}}')
        wanted = upload.field("response_format")[-1]
        if wanted not in self.formats:
            return Reply(400, b'{"error": {"message": "response_format is not compatible"}}')
        said: dict[str, Any] = {"text": self.text}
        if wanted == "verbose_json":
            said |= self._times(upload)
        return Reply(200, json.dumps(said).encode(), (("Content-Type", "application/json"),))

    def _times(self, upload: Upload) -> dict[str, Any]:
        spelt = self.text.split()
        step = upload.seconds / max(1, len(spelt))
        found: dict[str, Any] = {"task": "transcribe", "language": self.language, "duration": upload.seconds}
        if self.segment_times:
            found["segments"] = [
                {"id": 0, "start": 0.0, "end": upload.seconds, "text": f" {self.text}", "avg_logprob": -0.2}
            ]
        if self.word_times and "word" in upload.field("timestamp_granularities[]"):
            found["words"] = [
                {
                    "word": word if self.punctuated_words else word.strip(".,"),
                    "start": at * step,
                    "end": (at + 0.9) * step,
                }
                for at, word in enumerate(spelt)
            ]
        return found


@contextmanager
def serve(server: SpeechServer) -> Iterator[SpeechServer]:
    """Answer at ``server.url`` until the block ends."""
    with serving(_handler(server), before_end=server.over.set) as server.port:
        yield server


def _handler(server: SpeechServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keeps quiet."""

        def do_POST(self) -> None:
            upload = self._upload()
            server.uploads.append(upload)
            trouble = server.troubles.pop(0) if server.troubles else server.answer(upload)
            if not isinstance(trouble, Reply):
                try:
                    trouble(self, server.over)
                except OSError:
                    self.close_connection = True
                return
            self.send_response(trouble.status)
            for name, value in (*trouble.headers, ("Content-Length", str(len(trouble.body)))):
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(trouble.body)
            except OSError:
                self.close_connection = True

        def _upload(self) -> Upload:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = list(BytesParser(policy=HTTP).parsebytes(head + body).iter_parts())
            (file,) = [part for part in parts if part.get_filename()]
            samples, rate = soundfile.read(io.BytesIO(file.get_payload(decode=True)))
            bearer = self.headers.get("Authorization")
            return Upload(
                path=self.path,
                host=self.headers["Host"],
                key=bearer.removeprefix("Bearer ") if bearer else None,
                agent=self.headers["User-Agent"],
                fields=tuple(
                    (part.get_param("name", header="content-disposition"), part.get_payload(decode=True).decode())
                    for part in parts
                    if part is not file
                ),
                file_name=file.get_filename() or "",
                seconds=len(samples) / rate,
                rate=rate,
                subtype=soundfile.info(io.BytesIO(file.get_payload(decode=True))).subtype,
                loudest=float(abs(samples).max()) if len(samples) else 0.0,
            )

    return Handler
