"""Five hundred faults of a server: what comes out is the whole answer, or one line that says what is wrong."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from pipelines.errors import ModelNeeded
from pipelines.models.generator import Following, Words
from pipelines.models.openai.generator import OpenAIGenerator
from tests.models.generator_conformance import QUESTION, SCHEMA, Pictures, an_ask
from tests.support.chat_server import MODEL, TEXT, Answering, ChatServer, CutOff, Endless, EndlessLine, Events
from tests.support.local_server import SECRET, Reply, Trouble, drop, hang, serve

FAULTS = 500
DEADLINE = 0.4
#: How often each comes up; those that cost a whole deadline are the rarest.
WEIGHTS = {
    "429": 6,
    "429 for a while": 4,
    "429 for a day": 2,
    "500": 5,
    "502": 5,
    "401": 1,
    "hangs": 1,
    "trickles": 1,
    "dropped": 5,
    "cut off": 22,
    "cut off in a chunk": 10,
    "malformed": 8,
    "other JSON": 4,
    "no event stream": 4,
    "error page": 5,
    "error in the stream": 6,
    "filtered": 2,
    "no end": 4,
    "white space": 4,
    "round and round": 4,
    "on and on": 2,
    "one endless line": 1,
    "another model": 5,
    "cut by its limit": 3,
}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serve(ChatServer()) as served:
        yield served


@pytest.fixture
def generator(server: ChatServer, tmp_path: Path) -> Iterator[OpenAIGenerator]:
    with SessionLog.open(tmp_path / "data") as log:
        yield OpenAIGenerator(
            Outbound(log), server.url, MODEL, lambda: "sk-Key", timeout=DEADLINE, pause=lambda _: None
        )


def a_fault(kind: str, chance: random.Random) -> Trouble:
    page = b"<html><body>" + SECRET.encode() + b"</body></html>"
    made: dict[str, Trouble] = {
        "429": Reply(429),
        "429 for a while": Reply(429, headers=(("Retry-After", str(chance.randint(1, 20))),)),
        "429 for a day": Reply(429, headers=(("Retry-After", "86400"),)),
        "500": Reply(500),
        "502": Reply(502, page, "text/html"),
        "401": Reply(401),
        "hangs": hang,
        "trickles": Endless(lambda number: f"{number} ", seconds=0.02),
        "dropped": drop,
        "cut off": CutOff(chance.random()),
        "cut off in a chunk": CutOff(chance.random(), chunked=True),
        "malformed": Events(('{"choices": [{"index": 0, "delta": {"content": "' + SECRET, "[DONE]")),
        "other JSON": Events((f'["{SECRET}"]', "[DONE]")),
        "no event stream": Reply(200, f'{{"choices": [{{"message": {{"content": "{SECRET}"}}}}]}}'.encode()),
        "error page": Reply(200, page, "text/html"),
        "error in the stream": Events(('{"choices": []}', f'{{"error": {{"message": "{SECRET}"}}}}', "[DONE]")),
        "filtered": Answering({"finish": "content_filter"}),
        "no end": Answering({"finish": None}),
        "white space": Endless(lambda _: " \n"),
        "round and round": Endless(lambda _: "the lung is clear, "),
        "on and on": Endless(lambda number: f"finding {number * 7919} is new; "),
        "one endless line": EndlessLine(),
        "another model": Answering({"model": "gpt-9"}),
        "cut by its limit": Answering({"finish": "length"}),
    }
    return made[kind]


@pytest.mark.long
def test_500_faults(server: ChatServer, generator: OpenAIGenerator) -> None:
    chance = random.Random(5)
    met: Counter[str] = Counter()
    came: Counter[str] = Counter()
    lines: list[str] = []
    while met.total() < FAULTS:
        script = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=chance.choice((1, 1, 2, 3)))
        server.troubles = [a_fault(kind, chance) for kind in script]
        told: list[float] = []
        try:
            answered = generator.generate(an_ask(QUESTION), Pictures(), Following(progress=told.append))
        except ModelNeeded as problem:
            lines.append(str(problem))
            came["refused"] += 1
        else:
            came[answered.finish_reason] += 1
            assert answered.text == (TEXT if answered.finish_reason == "stop" else "")
            assert answered.finish_reason != "no-answer"
            assert answered.engine == generator.engine()
            assert SECRET not in answered.raw
        assert told == sorted(set(told))
        met.update(script[: len(script) - len(server.troubles)])
    assert all(line.startswith("openai: ") and line.count("; ") == 1 for line in lines)
    assert not any("\n" in line or SECRET in line or "sk-Key" in line for line in lines)
    assert set(met) == set(WEIGHTS)
    assert set(came) == {"refused", "stop", "length", "loop"}
    server.troubles = []
    assert generator.generate(an_ask(QUESTION), Pictures()).text == TEXT


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("text", [TEXT, "Für β-Blocker: 12 µg/ml — „ruhig“ 🫁."])
def test_wherever_a_stream_is_cut_no_half_answer_comes_out(
    server: ChatServer, generator: OpenAIGenerator, end: str, text: str
) -> None:
    """Without chunks the end of a connection looks like that of an answer."""
    server.text, server.end_of_line = text, end
    chance = random.Random(len(text))
    refused = 0
    for _ in range(12):
        server.troubles = [CutOff(chance.random()) for _ in range(3)]
        try:
            answered = generator.generate(an_ask(QUESTION), Pictures())
        except ModelNeeded:
            refused += 1
        else:
            assert (answered.text, answered.finish_reason) == (text, "stop")
    assert refused


def test_a_half_answer_is_never_taken_for_an_object(server: ChatServer, generator: OpenAIGenerator) -> None:
    """What was cut may be whole JSON: nothing that has no end is taken."""
    server.json_text = '{"found": "yes", "side": "left", "count": 31}'
    server.troubles = [CutOff(share / 20) for share in range(20)]
    while server.troubles:
        try:
            answered = generator.generate(an_ask(Words(text="?"), json_schema=SCHEMA), Pictures())
        except ModelNeeded:
            continue
        assert answered.text == server.json_text
