"""A chat server on this machine: real HTTP, OpenAI's protocol in its dialects, and every misbehaviour on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.support.local_server import SECRET, Exchange, LocalServer, Reply, Trouble

PATH = "/v1/chat/completions"
TEXT = "No acute finding. The left lung is clear; compare with the films of 3 March."
MODEL = "medgemma-1.5-4b-it"


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
class CutOff:
    """A whole answer, ended after a share of its bytes; with the body's length unknown, or by chunks that never end."""

    share: float
    chunked: bool = False

    def __call__(self, server: ChatServer, exchange: Exchange, request: Request) -> None:
        whole = b"".join(server.events(request))
        kept = whole[: int(self.share * len(whole))]
        start(exchange, chunked=self.chunked)
        exchange.wfile.write(f"{len(whole):x}\r\n".encode() + kept if self.chunked else kept)


@dataclass(frozen=True)
class Events:
    """A stream of just these events."""

    data: tuple[str, ...]

    def __call__(self, server: ChatServer, exchange: Exchange, request: Request) -> None:
        start(exchange)
        for data in self.data:
            exchange.wfile.write(f"data: {data}\n\n".encode())


@dataclass(frozen=True)
class Endless:
    """The beginning of an answer, then something else over and over until somebody hangs up."""

    texts: Callable[[int], str]
    seconds: float = 0.0
    """Between two pieces."""

    def __call__(self, server: ChatServer, exchange: Exchange, request: Request) -> None:
        start(exchange)
        exchange.wfile.write(event(server.piece("Findings: ")))
        for number in count():
            if server.over.wait(self.seconds) if self.seconds else server.over.is_set():
                return
            exchange.wfile.write(event(server.piece(self.texts(number))))


@dataclass(frozen=True)
class EndlessLine:
    """One event that never ends."""

    def __call__(self, server: ChatServer, exchange: Exchange, request: Request) -> None:
        start(exchange)
        exchange.wfile.write(b"data: ")
        while not server.over.is_set():
            exchange.wfile.write(b"a" * 65_536)


@dataclass(frozen=True)
class Answering:
    """A proper answer, but for some of what the server is."""

    changed: dict[str, Any]

    def __call__(self, server: ChatServer, exchange: Exchange, request: Request) -> None:
        before = {name: getattr(server, name) for name in self.changed}
        vars(server).update(self.changed)
        try:
            server.stream(exchange, request)
        finally:
            vars(server).update(before)


@dataclass
class ChatServer(LocalServer[Request]):
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
    looks: list[str] = field(default_factory=list)
    """Paths of what was asked about the server itself."""
    busy: int = 0
    most_busy: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def take(self, exchange: Exchange) -> None:
        if exchange.command == "GET":
            self._tell_of_itself(exchange)
            return
        with self.lock:
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        try:
            super().take(exchange)
        finally:
            with self.lock:
                self.busy -= 1

    def _tell_of_itself(self, exchange: Exchange) -> None:
        self.looks.append(exchange.path)
        told: dict[str, Any] | None = None
        if exchange.path == "/v1/models" and self.context:
            told = {"object": "list", "data": [{"id": self.model, "max_model_len": self.context}]}
        elif exchange.path == "/props" and self.slot_context:
            told = {"default_generation_settings": {"n_ctx": self.slot_context}}
        reply = Reply(404) if told is None else Reply(200, json.dumps(told).encode())
        reply(self, exchange, None)

    def read(self, exchange: Exchange) -> Request:
        body = json.loads(exchange.body())
        return Request(exchange.path, exchange.bearer, exchange.headers["User-Agent"], body)

    def trouble(self, request: Request) -> Trouble | None:
        return self.troubles.pop(0) if self.troubles else None

    def answer(self, exchange: Exchange, request: Request) -> None:
        if self.key is not None and request.key != self.key:
            return Reply(401)(self, exchange, request)
        wanted = request.body.get("response_format", {}).get("type", "")
        for name, status in self.refuses.items():
            if (
                name in request.body
                or name == wanted
                or (name == "schema" and name in request.body.get("response_format", {}))
            ):
                said = f"{name} is not supported" if self.says_what_it_refuses else SECRET
                return Reply(status, json.dumps({"error": {"message": said}}).encode())(self, exchange, request)
        return self.stream(exchange, request)

    def stream(self, exchange: Exchange, request: Request) -> None:
        start(exchange)
        for data in self.events(request):
            exchange.wfile.write(data)
            exchange.wfile.flush()

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


def start(exchange: Exchange, chunked: bool = False) -> None:
    """The head of a stream; without chunks its end is that of the connection."""
    exchange.close_connection = True
    ends = ("Transfer-Encoding", "chunked") if chunked else ("Connection", "close")
    exchange.head(200, ("Content-Type", "text/event-stream; charset=utf-8"), ends)


def event(data: str, end: str = "\n") -> bytes:
    return f"data: {data}{end}{end}".encode()
