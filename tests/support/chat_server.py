"""A chat server on this machine: real HTTP, OpenAI's protocol in its dialects, and every misbehaviour on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any

from tests.support.serving import serving

PATH = "/v1/chat/completions"
TEXT = "No acute finding. The left lung is clear; compare with the films of 3 March."
MODEL = "medgemma-1.5-4b-it"
#: In every body that is no answer: nobody may ever see it.
SECRET = "what the patient said"


@dataclass(frozen=True)
class Request:
    """One question as it arrived."""

    path: str
    key: str | None
    agent: str
    body: dict[str, Any]

    @property
    def user(self) -> Any:
        """The content of the user's turn."""
        return self.body["messages"][-1]["content"]


@dataclass(frozen=True)
class Reply:
    """What is answered instead of a stream."""

    status: int = 200
    body: bytes = SECRET.encode()
    media: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    def __call__(self, server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
        handler.send_response(self.status)
        length = str(len(self.body))
        for name, value in (("Content-Type", self.media), *self.headers, ("Content-Length", length)):
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(self.body)


Trouble = Callable[["ChatServer", BaseHTTPRequestHandler, Request], None]
"""What is done with a request instead of answering it."""


def hang(server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
    """Take the request and say nothing."""
    server.over.wait(30)


def drop(server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
    """End the connection without a word."""


@dataclass(frozen=True)
class CutOff:
    """A whole answer, ended after a share of its bytes; with the body's length unknown, or by chunks that never end."""

    share: float
    chunked: bool = False

    def __call__(self, server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
        whole = b"".join(server.events(request))
        kept = whole[: int(self.share * len(whole))]
        start(handler, chunked=self.chunked)
        handler.wfile.write(f"{len(whole):x}\r\n".encode() + kept if self.chunked else kept)


@dataclass(frozen=True)
class Events:
    """A stream of just these events."""

    data: tuple[str, ...]

    def __call__(self, server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
        start(handler)
        for data in self.data:
            handler.wfile.write(f"data: {data}\n\n".encode())


@dataclass(frozen=True)
class Endless:
    """The beginning of an answer, then something else over and over until somebody hangs up."""

    texts: Callable[[int], str]
    seconds: float = 0.0
    """Between two pieces."""

    def __call__(self, server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
        start(handler)
        handler.wfile.write(event(server.piece("Findings: ")))
        for number in count():
            if server.over.wait(self.seconds) if self.seconds else server.over.is_set():
                return
            handler.wfile.write(event(server.piece(self.texts(number))))


@dataclass(frozen=True)
class EndlessLine:
    """One event that never ends."""

    def __call__(self, server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
        start(handler)
        handler.wfile.write(b"data: ")
        while not server.over.is_set():
            handler.wfile.write(b"a" * 65_536)


@dataclass(frozen=True)
class Answering:
    """A proper answer, but for some of what the server is."""

    changed: dict[str, Any]

    def __call__(self, server: ChatServer, handler: BaseHTTPRequestHandler, request: Request) -> None:
        before = {name: getattr(server, name) for name in self.changed}
        vars(server).update(self.changed)
        try:
            server.stream(handler, request)
        finally:
            vars(server).update(before)


@dataclass
class ChatServer:
    """What it says is always the same text, or the same JSON where it is asked for some."""

    text: str = TEXT
    thoughts: str | None = None
    """Told apart, as vLLM's reasoning parsers do."""
    thoughts_as: str = "reasoning_content"
    json_text: str = '{"found": "yes", "side": "left", "count": 3}'
    model: str | None = MODEL
    key: str | None = None
    formats: tuple[str, ...] = ("json_schema", "json_object")
    """Of ``response_format``, those that are obeyed."""
    refuses: dict[str, int] = field(default_factory=dict)
    """Members and formats that are refused, and by which status."""
    says_what_it_refuses: bool = True
    finish: str | None = "stop"
    counts: bool = True
    """Whether it tells how many tokens there were."""
    prompt_tokens: int = 4321
    marks_its_end: bool = True
    end_of_line: str = "\n"
    context: int | None = None
    """Told by ``/v1/models`` as vLLM does."""
    slot_context: int | None = None
    """Told by ``/props`` as llama-server does."""
    troubles: list[Trouble] = field(default_factory=list)
    """For the next requests, before anything else is looked at."""
    requests: list[Request] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    """Paths of what was asked about the server itself."""
    busy: int = 0
    most_busy: int = 0
    port: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def answer(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        if self.key is not None and request.key != self.key:
            return Reply(401)(self, handler, request)
        wanted = request.body.get("response_format", {}).get("type", "")
        for name, status in self.refuses.items():
            if (
                name in request.body
                or name == wanted
                or (name == "schema" and name in request.body.get("response_format", {}))
            ):
                said = f"{name} is not supported" if self.says_what_it_refuses else SECRET
                return Reply(status, json.dumps({"error": {"message": said}}).encode())(self, handler, request)
        return self.stream(handler, request)

    def stream(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        start(handler)
        for data in self.events(request):
            handler.wfile.write(data)
            handler.wfile.flush()

    def events(self, request: Request) -> Iterator[bytes]:
        text, finish = self.says(request)
        yield event(self._chunk({"role": "assistant", "content": ""}))
        for start_ in range(0, len(self.thoughts or ""), 5):
            yield event(self._chunk({self.thoughts_as: (self.thoughts or "")[start_ : start_ + 5]}))
        for start_ in range(0, len(text), 5):
            yield event(self.piece(text[start_ : start_ + 5]), self.end_of_line)
        yield event(self._chunk({}, finish), self.end_of_line)
        if self.counts and "stream_options" in request.body:
            usage = {"prompt_tokens": self.reads(request), "completion_tokens": -(-len(text) // 5)}
            yield event(json.dumps({"model": self.model, "choices": [], "usage": usage}), self.end_of_line)
        if self.marks_its_end:
            yield event("[DONE]", self.end_of_line)

    def says(self, request: Request) -> tuple[str, str | None]:
        """What is answered, and why it ends."""
        wanted = request.body.get("response_format", {}).get("type")
        in_words = "JSON schema" in json.dumps(request.user)
        return self.json_text if wanted in self.formats or (in_words and not wanted) else self.text, self.finish

    def reads(self, request: Request) -> int:
        """How many tokens it says a request has."""
        return self.prompt_tokens

    def piece(self, text: str) -> str:
        return self._chunk({"content": text})

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        told = {"id": "1", "object": "chat.completion.chunk", "system_fingerprint": "fp", "choices": [choice]}
        return json.dumps({**told, "model": self.model}, ensure_ascii=False)


def start(handler: BaseHTTPRequestHandler, chunked: bool = False) -> None:
    """The head of a stream; without chunks its end is that of the connection."""
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.send_header("Transfer-Encoding" if chunked else "Connection", "chunked" if chunked else "close")
    handler.end_headers()


def event(data: str, end: str = "\n") -> bytes:
    return f"data: {data}{end}{end}".encode()


@contextmanager
def serve(server: ChatServer) -> Iterator[ChatServer]:
    """Answer at ``server.url`` until the block ends."""
    with serving(_handler(server), before_end=server.over.set) as server.port:
        yield server


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keeps quiet."""

        def handle(self) -> None:
            # The client may hang up at any time.
            with suppress(OSError):
                super().handle()

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

        def do_GET(self) -> None:
            server.looks.append(self.path)
            told: dict[str, Any] | None = None
            if self.path == "/v1/models" and server.context:
                told = {"object": "list", "data": [{"id": server.model, "max_model_len": server.context}]}
            elif self.path == "/props" and server.slot_context:
                told = {"default_generation_settings": {"n_ctx": server.slot_context}}
            reply = Reply(404) if told is None else Reply(200, json.dumps(told).encode())
            reply(server, self, Request(self.path, None, "", {}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            bearer = self.headers.get("Authorization")
            key = bearer.removeprefix("Bearer ") if bearer else None
            request = Request(self.path, key, self.headers["User-Agent"], body)
            self.close_connection = True
            with server.lock:
                server.requests.append(request)
                trouble = server.troubles.pop(0) if server.troubles else None
                server.busy += 1
                server.most_busy = max(server.most_busy, server.busy)
            try:
                if trouble is not None:
                    trouble(server, self, request)
                else:
                    server.answer(self, request)
            finally:
                with server.lock:
                    server.busy -= 1

    return Handler
