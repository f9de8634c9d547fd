"""A transcription server on this machine: real HTTP, OpenAI's protocol, and every way of misbehaving on demand."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import soundfile

from tests.support.local_server import Exchange, LocalServer, Reply, Trouble

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
class Dripping:
    """A beginning, then one byte after the other, each before any time-out of silence."""

    begins: bytes
    byte: bytes

    def __call__(self, server: SpeechServer, exchange: Exchange, request: Upload) -> None:
        exchange.close_connection = True
        exchange.wfile.write(self.begins)
        while not server.over.wait(0.02):
            exchange.wfile.write(self.byte)
            exchange.wfile.flush()


#: Within a header.
drip = Dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b".")
#: Within a body of which no length is told: its end is that of the connection.
drip_body = Dripping(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"text": "', b"a")


@dataclass
class SpeechServer(LocalServer[Upload]):
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

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def read(self, exchange: Exchange) -> Upload:
        head = f"Content-Type: {exchange.headers['Content-Type']}\r\n\r\n".encode()
        parts = list(BytesParser(policy=HTTP).parsebytes(head + exchange.body()).iter_parts())
        (file,) = [part for part in parts if part.get_filename()]
        samples, rate = soundfile.read(io.BytesIO(file.get_payload(decode=True)))
        return Upload(
            path=exchange.path,
            host=exchange.headers["Host"],
            key=exchange.bearer,
            agent=exchange.headers["User-Agent"],
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

    def trouble(self, request: Upload) -> Trouble | None:
        return self.troubles.pop(0) if self.troubles else None

    def answer(self, exchange: Exchange, request: Upload) -> None:
        self._reply(request)(self, exchange, request)

    def _reply(self, upload: Upload) -> Reply:
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
        return Reply(200, json.dumps(said).encode())

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
