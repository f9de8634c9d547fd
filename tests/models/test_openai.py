"""The engine behind a server, against one on this machine that speaks every dialect, through the real way out."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from pipelines.errors import BadInput, Cancelled, ModelNeeded, UsageProblem
from pipelines.models.generator import Ask, Following, Generation, Generator, Sampling, Slot, Words
from pipelines.models.openai.generator import OpenAIGenerator
from tests.models.generator_conformance import QUESTION, RECORD, SCHEMA, GeneratorConformance, Pictures, an_ask
from tests.support.chat_server import MODEL, PATH, TEXT, Answering, ChatServer, Events, Request
from tests.support.local_server import SECRET, Reply, drop, hang, serve

KEY = "sk-TheKeyOfThisTest"
THINK = "SYSTEM INSTRUCTION: think silently if needed."


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serve(ChatServer()) as served:
        yield served


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that the engine waited between attempts, in small steps."""
    return []


Make = Callable[..., OpenAIGenerator]


@pytest.fixture
def openai(server: ChatServer, log: SessionLog, pauses: list[float]) -> Make:
    def make(**changed: Any) -> OpenAIGenerator:
        key = changed.pop("key", None)
        url, model = changed.pop("url", server.url), changed.pop("model", MODEL)
        given = {"timeout": 20.0, "pause": pauses.append, "chance": lambda: 1.0, **changed}
        return OpenAIGenerator(Outbound(log), url, model, lambda: key, **given)

    return make


def asked(generator: Generator, ask: Ask | None = None, following: Following | None = None) -> Generation:
    return generator.generate(ask or an_ask(QUESTION), Pictures(), following or Following())


def one_line(generator: Generator, ask: Ask | None = None, kind: type[Exception] = ModelNeeded) -> str:
    with pytest.raises(kind) as caught:
        asked(generator, ask)
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    assert KEY not in said
    return said


class Obliging(ChatServer):
    """Keeps to limits and schemas, and counts what it reads."""

    def says(self, request: Request) -> tuple[str, str | None]:
        schema = request.body.get("response_format", {}).get("json_schema", {}).get("schema")
        values = {name: of.get("enum", [0])[0] for name, of in schema["properties"].items()} if schema else None
        text = self.text if values is None else json.dumps(values)
        most = 5 * request.body["max_tokens"]
        return (text, "stop") if len(text) <= most else (text[:most], "length")

    def reads(self, request: Request) -> int:
        parts = [part for turn in request.body["messages"] for part in self._parts(turn["content"])]
        return sum(260 if part["type"] == "image_url" else len(part["text"]) // 2 for part in parts)

    def _parts(self, content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"type": "text", "text": content}] if isinstance(content, str) else content


class TestConformance(GeneratorConformance):
    """With a server that obeys; the real ones are in test_openai_servers.py."""

    knows_weights = False

    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generator]:
        with (
            serve(Obliging(context=4096)) as served,
            SessionLog.open(tmp_path_factory.mktemp("openai") / "data") as log,
        ):
            yield OpenAIGenerator(Outbound(log), served.url, MODEL)


class TestWhatIsSent:
    def test_the_request_is_that_of_the_protocol(self, openai: Make, server: ChatServer) -> None:
        server.key = KEY
        answered = asked(openai(key=KEY), an_ask(QUESTION, system="You are a careful reader.", max_new_tokens=77))
        assert (answered.text, answered.finish_reason) == (TEXT, "stop")
        (request,) = server.requests
        assert (request.path, request.key, request.agent) == (PATH, KEY, "clinical-assistant/0.1.0")
        assert request.body == {
            "model": MODEL,
            "messages": [
                {"role": "system", "content": "You are a careful reader."},
                {"role": "user", "content": "Is there a fracture?"},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 77,
            "max_completion_tokens": 77,
            "temperature": 0,
        }

    def test_pictures_go_as_they_are_between_the_texts(self, openai: Make, server: ChatServer) -> None:
        pictures = Pictures()
        one, two = pictures.add(1), pictures.add(2)
        parts = (RECORD, one, two, Words(text=" Left? "), Words(text="Right?"))
        openai().generate(an_ask(*parts), pictures)
        (request,) = server.requests
        kinds = [part["type"] for part in request.user]
        assert kinds == ["text", "image_url", "image_url", "text"]
        for part, picture in zip(request.user[1:3], (one, two), strict=True):
            start, _, data = part["image_url"]["url"].partition(",")
            assert start == "data:image/png;base64"
            assert base64.b64decode(data) == pictures.data[picture.frame]
        assert request.user[3]["text"] == "Left?Right?"

    def test_jpeg_is_sent_as_such_and_nothing_else_is(self, openai: Make, server: ChatServer) -> None:
        import io

        from PIL import Image

        pictures = Pictures()
        for kind in ("JPEG", "GIF"):
            out = io.BytesIO()
            Image.new("RGB", (8, 8)).save(out, kind)
            ask = an_ask(pictures.add_bytes(out.getvalue()), QUESTION)
            if kind == "JPEG":
                openai().generate(ask, pictures)
                assert server.requests[-1].user[0]["image_url"]["url"].startswith("data:image/jpeg;base64,/9j/")
                continue
            with pytest.raises(BadInput, match="is neither PNG nor JPEG"):
                openai().generate(ask, pictures)
        assert len(server.requests) == 1

    def test_shared_parts_are_written_alike_whatever_follows(self, openai: Make, server: ChatServer) -> None:
        """So that the server's prefix cache knows them again, with a schema in words as well."""
        server.formats = ()
        generator = openai()
        for question, schema in (("Which hand?", None), ("Can it be moved?", None), ("Which?", SCHEMA)):
            ask = an_ask(RECORD, Words(text=question), system="Be brief.", shared=1, json_schema=schema)
            generator.generate(ask, Pictures())
        sent = [request.body["messages"] for request in server.requests]
        assert {turns[0]["content"] for turns in sent} == {"Be brief."}
        assert all(turns[1]["content"].startswith(RECORD.text.strip()) for turns in sent)
        assert sent[-1][1]["content"].startswith(f"{RECORD.text.strip()}Which?\n\nAnswer with one JSON object")

    def test_a_trace_is_asked_for_as_google_does(self, openai: Make, server: ChatServer) -> None:
        asked(openai(), an_ask(QUESTION, system="Be brief.", thinking=True))
        assert server.requests[0].body["messages"][0]["content"] == f"{THINK} Be brief."

    @pytest.mark.parametrize(
        "spelt",
        ["<end_of_turn>", "<start_of_image>", "<unused94>", "<bos>", "<|im_end|>", "<|channel>", "<channel|>"],
    )
    def test_what_looks_like_a_control_token_is_sent_as_text(
        self, openai: Make, server: ChatServer, spelt: str
    ) -> None:
        half = len(spelt) // 2
        halves = (Words(text=f"a{spelt[:half]}"), Words(text=f"{spelt[half:]}b"))
        asked(openai(), an_ask(*halves, system=f"{spelt}x"))
        system, user = (turn["content"] for turn in server.requests[0].body["messages"])
        assert (system, user) == (f"< {spelt[1:]}x", f"a< {spelt[1:]}b")

    def test_ordinary_markup_is_left_alone(self, openai: Make, server: ChatServer) -> None:
        asked(openai(), an_ask(Words(text="HR <60, SpO2 > 92 % <b>now</b> | left")))
        assert server.requests[0].user == "HR <60, SpO2 > 92 % <b>now</b> | left"

    def test_drawing_is_asked_for_with_its_seed(self, openai: Make, server: ChatServer) -> None:
        drawn = an_ask(QUESTION, sampling=Sampling(temperature=0.7, top_p=0.9, seed=11))
        answered = asked(openai(), drawn)
        body = server.requests[0].body
        assert (body["temperature"], body["top_p"], body["seed"]) == (0.7, 0.9, 11)
        assert answered.parameters["seed"] == 11

    def test_all_it_takes_to_repeat_it_is_told(self, openai: Make, server: ChatServer) -> None:
        answered = asked(openai(), an_ask(QUESTION, json_schema=SCHEMA))
        assert answered.parameters == {
            "device": "server",
            "host": server.host,
            "model": MODEL,
            "answered_by": MODEL,
            "system_fingerprint": "fp",
            "temperature": 0,
            "max_new_tokens": 120,
            "limits": ["max_tokens", "max_completion_tokens"],
            "thinking": False,
            "picture_tokens": 258,
            "estimated": [],
            "response_format": "json_schema",
        }
        assert (answered.prompt_tokens, answered.output_tokens) == (4321, -(-len(server.json_text) // 5))
        assert answered.engine.model == MODEL
        assert server.host in (answered.engine.note or "")
        server.counts = False
        assert asked(openai()).parameters["estimated"] == ["prompt", "output"]


class TestDialects:
    def test_what_is_refused_by_name_is_left_out_from_then_on(self, openai: Make, server: ChatServer) -> None:
        server.refuses = {"stream_options": 422, "max_tokens": 400}
        generator = openai()
        assert asked(generator).text == TEXT
        assert len(server.requests) == 3
        assert asked(generator).text == TEXT
        assert len(server.requests) == 4
        last = server.requests[-1].body
        assert "stream_options" not in last
        assert "max_tokens" not in last
        assert last["max_completion_tokens"] == 120

    @pytest.mark.parametrize("refused", ["max_tokens", "max_completion_tokens"])
    def test_either_name_of_the_limit_may_be_refused(self, openai: Make, server: ChatServer, refused: str) -> None:
        server.refuses = {refused: 400}
        asked(openai())
        (kept,) = {"max_tokens", "max_completion_tokens"} - {refused}
        assert server.requests[-1].body[kept] == 120
        assert refused not in server.requests[-1].body
        assert len(server.requests) == 2

    def test_who_refuses_without_a_word_is_asked_in_simpler_forms(self, openai: Make, server: ChatServer) -> None:
        server.refuses = {"stream_options": 400, "max_completion_tokens": 400}
        server.says_what_it_refuses = False
        generator = openai()
        assert asked(generator).text == TEXT
        asked(generator)
        assert set(server.requests[-1].body) == {"model", "messages", "stream", "temperature", "max_tokens"}

    def test_what_was_taken_before_is_not_simplified_for_another_refusal(
        self, openai: Make, server: ChatServer
    ) -> None:
        generator = openai()
        asked(generator)
        server.troubles = [Reply(400)]
        assert "refuses the request (400)" in one_line(generator)
        assert len(server.requests) == 2
        asked(generator)
        assert "stream_options" in server.requests[-1].body

    @pytest.mark.parametrize(
        ("changed", "structured", "sent"),
        [
            ({}, "enforced", ["json_schema"]),
            ({"refuses": {"json_schema": 400, "schema": 400}}, "json", ["json_schema", "json_object", "json_object"]),
            ({"refuses": {"response_format": 400}}, "asked", ["json_schema", "json_object", "json_object", None]),
            ({"formats": ()}, "asked", ["json_schema", "json_object", "json_object", None]),
            ({"formats": ("json_object",)}, "json", ["json_schema", "json_object"]),
        ],
    )
    def test_json_is_asked_for_as_strictly_as_the_server_takes_it(
        self, openai: Make, server: ChatServer, changed: dict[str, Any], structured: str, sent: list[str | None]
    ) -> None:
        vars(server).update(changed)
        generator = openai()
        assert generator.capabilities().structured == "enforced"
        for _ in range(2):
            answered = asked(generator, an_ask(QUESTION, json_schema=SCHEMA))
            assert json.loads(answered.text) == {"found": "yes", "side": "left", "count": 3}
        formats = [request.body.get("response_format", {}).get("type") for request in server.requests]
        assert formats == [*sent, sent[-1]]
        able = generator.capabilities()
        assert (able.structured, able.choices) == (structured, structured == "enforced")
        in_words = [json.dumps(SCHEMA) in request.user for request in server.requests]
        assert in_words == [format != "json_schema" for format in formats]

    def test_the_schema_goes_whole_and_strict(self, openai: Make, server: ChatServer) -> None:
        asked(openai(), an_ask(QUESTION, json_schema=SCHEMA))
        assert server.requests[0].body["response_format"] == {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        }

    @pytest.mark.parametrize(
        "said",
        [
            '{"side": "left", "found": "yes", "count": 3}',
            '{"found": "yes"}',
            '["found"]',
            'Sure! {"found": "yes", "side": "left", "count": 3}',
            '{"found": "yes", "side": "left", "count":',
        ],
    )
    def test_a_server_that_takes_a_schema_and_passes_over_it_is_found_out(
        self, openai: Make, server: ChatServer, said: str
    ) -> None:
        server.json_text = said
        generator = openai()
        asked(generator, an_ask(QUESTION, json_schema=SCHEMA))
        assert generator.capabilities().structured == "asked"

    def test_that_is_remembered_though_the_next_attempt_fails(self, openai: Make, server: ChatServer) -> None:
        server.troubles = [Answering({"formats": ()}), Reply(404)]
        generator = openai()
        one_line(generator, an_ask(QUESTION, json_schema=SCHEMA))
        assert not generator.capabilities().choices

    def test_a_cut_object_is_no_sign_of_that(self, openai: Make, server: ChatServer) -> None:
        server.json_text, server.finish = '{"found": "ye', "length"
        generator = openai()
        assert asked(generator, an_ask(QUESTION, json_schema=SCHEMA)).finish_reason == "length"
        assert (generator.capabilities().structured, len(server.requests)) == ("enforced", 1)

    def test_what_is_known_before_may_be_set(self, openai: Make, server: ChatServer) -> None:
        generator = openai(structured="asked")
        assert not generator.capabilities().choices
        asked(generator, an_ask(QUESTION, json_schema=SCHEMA))
        assert "response_format" not in server.requests[0].body
        assert openai(structured="json").capabilities().structured == "json"

    def test_who_draws_by_no_seed_says_so(self, openai: Make, server: ChatServer) -> None:
        server.refuses = {"seed": 422}
        generator = openai()
        drawn = an_ask(QUESTION, sampling=Sampling(temperature=0.7, seed=1))
        for _ in range(2):
            assert "takes none" in one_line(generator, drawn, BadInput)
            assert not generator.capabilities().sampling
        assert len(server.requests) == 1
        assert asked(generator).text == TEXT

    @pytest.mark.parametrize(
        "changed",
        [{"marks_its_end": False}, {"counts": False}, {"end_of_line": "\r\n"}, {"end_of_line": "\r"}, {"model": None}],
    )
    def test_streams_of_other_makes_are_read(self, openai: Make, server: ChatServer, changed: dict[str, Any]) -> None:
        vars(server).update(changed)
        server.text = "Für β-Blocker: 12 µg/ml\n\n— „ruhig“ 🫁."
        assert asked(openai()).text == server.text

    def test_comments_other_fields_and_events_of_several_lines_are_read(self, openai: Make, server: ChatServer) -> None:
        one = json.dumps({"choices": [{"index": 0, "delta": {"content": "Clear."}}]}).replace(": [", ":\ndata: [")
        end = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        server.troubles = [Events((f"{one}\nevent: message\nid: 1", f"{end}\n\n: ping"))]
        assert asked(openai()).text == "Clear."


class TestChoices:
    SLOTS = (
        Slot(lead="Task: ", options=("note", "question")),
        Slot(options=("sure", "unsure")),
        Slot(lead="Task:", options=("", "<end_of_turn>")),
    )

    def test_they_are_made_by_a_schema(self, openai: Make, server: ChatServer) -> None:
        server.json_text = '{"Task": "note", "choice": "unsure", "Task 2": "<end_of_turn>"}'
        chosen = openai().choose(an_ask(QUESTION, max_new_tokens=1), self.SLOTS, Pictures())
        assert chosen.chosen == ("note", "unsure", "<end_of_turn>")
        assert chosen.text == "Task: note\nunsure\nTask:<end_of_turn>"
        assert chosen.parameters["slots"] == [slot.model_dump(mode="json") for slot in self.SLOTS]
        schema = server.requests[0].body["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["Task"] == {"type": "string", "enum": ["note", "question"]}
        assert schema["required"] == list(schema["properties"]) == ["Task", "choice", "Task 2"]
        assert server.requests[0].body["max_tokens"] > 100

    @pytest.mark.parametrize(
        "said",
        [
            "note",
            '{"Task": "notes", "choice": "sure", "Task 2": ""}',
            '{"Task": "note", "choice": "sure"}',
            '{"Task": ["note"], "choice": "sure", "Task 2": ""}',
        ],
    )
    def test_what_is_none_of_them_is_refused_and_no_more_are_asked_for(
        self, openai: Make, server: ChatServer, said: str
    ) -> None:
        server.json_text = said
        generator = openai()
        for _ in range(2):
            with pytest.raises(BadInput, match="does not hold its answers to a JSON schema; set ASSISTANT_OPENAI_"):
                generator.choose(an_ask(QUESTION), self.SLOTS, Pictures())
            assert not generator.capabilities().choices
            asked_so_far = len(server.requests)
        assert asked_so_far == len(server.requests) <= 4

    def test_the_one_that_finds_out_may_be_made_in_words(self, openai: Make, server: ChatServer) -> None:
        server.refuses = {"response_format": 400}
        server.json_text = '{"Task": "note", "choice": "sure", "Task 2": ""}'
        generator = openai()
        assert generator.choose(an_ask(QUESTION), self.SLOTS, Pictures()).chosen == ("note", "sure", "")
        assert not generator.capabilities().choices


class TestTraces:
    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
    def test_one_that_is_told_apart_is_kept_apart(self, openai: Make, server: ChatServer, name: str) -> None:
        server.thoughts, server.thoughts_as = "Look, then say it.", name
        told: list[str] = []
        answered = asked(openai(), following=Following(text=told.append))
        assert (answered.text, answered.thoughts) == (TEXT, "Look, then say it.")
        assert answered.raw == f"<unused94>thought\nLook, then say it.<unused95>{TEXT}"
        assert answered.parameters["trace"] == "told apart by the server"
        assert not any("Look" in text for text in told)

    def test_one_within_the_text_is_told_apart_here(self, openai: Make, server: ChatServer) -> None:
        server.text = f"<unused94>thought\nLook, then say it.<unused95>{TEXT}<end_of_turn>"
        told: list[str] = []
        answered = asked(openai(), following=Following(text=told.append))
        assert (answered.text, answered.thoughts, answered.raw) == (TEXT, "Look, then say it.", server.text)
        assert told[-1] == TEXT
        assert all(TEXT.startswith(text) for text in told)

    @pytest.mark.parametrize("finish", ["stop", "length"])
    @pytest.mark.parametrize("raw", ["<unused94>thought\nLook, then", "thought\nLook, then", None])
    def test_one_that_never_ends_is_no_answer(
        self, openai: Make, server: ChatServer, finish: str, raw: str | None
    ) -> None:
        server.finish = finish
        server.text, server.thoughts = (raw, None) if raw is not None else ("", "Look, then")
        told: list[str] = []
        answered = asked(openai(), following=Following(text=told.append))
        assert (answered.finish_reason, answered.text, told) == ("no-answer", "", [])
        assert "Look, then" in (answered.thoughts or "")

    def test_nothing_is_no_answer(self, openai: Make, server: ChatServer) -> None:
        server.text = " \n"
        assert asked(openai()).finish_reason == "no-answer"


class TestFollowing:
    def test_a_silent_server_is_left_as_soon_as_nobody_waits(self, openai: Make, server: ChatServer) -> None:
        server.troubles = [hang]
        generator = openai()
        with pytest.raises(Cancelled):
            asked(generator, following=Following(cancelled=lambda: bool(server.requests)))
        server.over.set()
        assert len(server.requests) == 1

    def test_so_is_the_pause_between_attempts(self, openai: Make, server: ChatServer, pauses: list[float]) -> None:
        server.troubles = [Reply(429, headers=(("Retry-After", "20"),))]
        with pytest.raises(Cancelled):
            asked(openai(), following=Following(cancelled=lambda: len(pauses) > 3))
        assert sum(pauses) < 2

    def test_a_call_that_waits_for_its_turn_can_be_ended(self, openai: Make, server: ChatServer) -> None:
        server.troubles = [hang]
        generator = openai()
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(asked, generator, None, Following(cancelled=server.over.is_set))
            while not server.requests:
                server.over.wait(0.01)
            waited: list[int] = []
            with pytest.raises(Cancelled):
                asked(generator, following=Following(cancelled=lambda: waited.append(1) or len(waited) > 2))
            assert len(server.requests) == 1
            server.over.set()
            with pytest.raises(Cancelled):
                first.result()

    @pytest.mark.parametrize("at_once", [1, 3])
    def test_so_many_calls_run_at_once_and_no_more(self, openai: Make, server: ChatServer, at_once: int) -> None:
        def slowly(one: ChatServer, exchange: Any, request: Request) -> None:
            one.over.wait(0.05)
            one.stream(exchange, request)

        server.troubles = [slowly] * 9
        generator = openai(parallel=at_once)
        with ThreadPoolExecutor(9) as threads:
            said = list(threads.map(lambda _: asked(generator).text, range(9)))
        assert said == [TEXT] * 9
        assert server.most_busy == generator.capabilities().parallel == at_once


class TestTrouble:
    def test_a_server_that_recovers_is_asked_again(self, openai: Make, server: ChatServer, pauses: list[float]) -> None:
        server.troubles = [Reply(500), drop]
        assert asked(openai()).text == TEXT
        assert sum(pauses) == pytest.approx(1.0 + 2.0)
        assert len(server.requests) == 3

    def test_the_pauses_are_left_to_chance_within_bounds(
        self, openai: Make, server: ChatServer, pauses: list[float]
    ) -> None:
        server.troubles = [Reply(503)]
        asked(openai(chance=lambda: 0.0))
        assert sum(pauses) == pytest.approx(0.5)

    def test_it_waits_as_long_as_the_server_wants_but_not_for_ever(
        self, openai: Make, server: ChatServer, pauses: list[float]
    ) -> None:
        server.troubles = [Reply(429, headers=(("Retry-After", "7"),))]
        assert asked(openai()).text == TEXT
        assert sum(pauses) == pytest.approx(7.0)
        pauses.clear()
        server.troubles = [Reply(429, headers=(("Retry-After", "Fri, 31 Dec 2199 23:59:59 GMT"),))]
        assert "too much to do (429); wait a while, then resume the run" in one_line(openai())
        assert pauses == []

    @pytest.mark.parametrize(
        ("trouble", "said"),
        [
            (Reply(401), "wants a key (401); set ASSISTANT_OPENAI_KEY"),
            (Reply(403), "wants a key"),
            (Reply(404), "no such address or model; check ASSISTANT_OPENAI_URL and ASSISTANT_OPENAI_MODEL"),
            (Reply(413), "takes no request as large"),
            (Reply(418), "refuses (418)"),
            (Reply(307, headers=(("Location", "http://localhost:1/?token=1"),)), "sends elsewhere (307)"),
            (Reply(200), "does not answer as a chat server does (no stream of events)"),
            (Reply(200, b"<html>", "text/html"), "no stream of events"),
            (Answering({"finish": "tool_calls"}), "ended its answer for another reason than its end"),
            (
                Answering({"model": "gpt-9"}),
                f"answers as gpt-9 where {MODEL} was asked; set ASSISTANT_OPENAI_MODEL",
            ),
            (Answering({"model": f"x\n{SECRET}"}), "answers as another name where"),
            (Reply(500, b'{"error": "image input is not supported"}'), "takes no pictures with this model"),
        ],
    )
    def test_what_more_attempts_would_not_mend_is_told_at_once(
        self, openai: Make, server: ChatServer, pauses: list[float], trouble: Any, said: str
    ) -> None:
        server.troubles = [trouble]
        assert said in one_line(openai())
        assert (len(server.requests), pauses) == (1, [])

    def test_a_server_that_does_not_come_to_an_end(self, openai: Make, server: ChatServer) -> None:
        server.troubles = [hang]
        assert "no whole answer within 0.3 s; give it more time by ASSISTANT_OPENAI_TIMEOUT" in one_line(
            openai(timeout=0.3)
        )
        assert len(server.requests) == 1

    def test_a_server_that_is_not_there(self, openai: Make, pauses: list[float]) -> None:
        assert "127.0.0.1:1 cannot be reached (it refuses the connection); start it" in one_line(
            openai(url="http://127.0.0.1:1")
        )
        assert sum(pauses) == pytest.approx(3.0)

    def test_a_key_that_is_not_taken_is_not_shown(self, openai: Make, server: ChatServer) -> None:
        server.key = "another"
        assert "does not take the key (401)" in one_line(openai(key=KEY))

    @pytest.mark.parametrize("key", ["sk-ümlaut", "two words", "sk\x07"])
    def test_what_cannot_be_a_key_is_refused_unseen(self, openai: Make, server: ChatServer, key: str) -> None:
        said = one_line(openai(key=key), kind=UsageProblem)
        assert key not in said
        assert server.requests == []

    def test_the_keyring_is_asked_once_and_only_when_needed(self, server: ChatServer, log: SessionLog) -> None:
        times: list[int] = []

        def key() -> str:
            times.append(1)
            return KEY

        generator = OpenAIGenerator(Outbound(log), server.url, MODEL, key)
        assert generator.available().ready
        assert times == []
        asked(generator)
        asked(generator)
        assert times == [1]


class TestLength:
    @pytest.mark.parametrize("told", [{"context": 3000}, {"slot_context": 3000}])
    def test_what_the_server_takes_is_found_out(self, openai: Make, server: ChatServer, told: dict[str, int]) -> None:
        vars(server).update(told)
        generator = openai(context=9999)
        asked(generator)
        asked(generator)
        assert generator.capabilities().context_tokens == 3000
        assert len(server.looks) <= 2
        assert "of 3000 together; give less text" in one_line(generator, an_ask(Words(text="word " * 3000)), BadInput)
        assert len(server.requests) == 2

    def test_without_it_the_setting_holds_or_a_guess_that_says_so(self, openai: Make, server: ChatServer) -> None:
        long = an_ask(Words(text="word " * 8192))
        assert "of 5000 together; give less text or fewer pictures" in one_line(openai(context=5000), long, BadInput)
        assert "of 8192 together; give less text or fewer pictures, or set ASSISTANT_OPENAI_CONTEXT" in one_line(
            openai(), long, BadInput
        )

    @pytest.mark.parametrize(
        "body",
        [
            {"error": {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 3031, "n_ctx": 2048}},
            {"message": "This model's maximum context length is 2048 tokens. However, you requested 5000 tokens"},
        ],
    )
    def test_a_server_that_finds_it_too_long_is_believed(
        self, openai: Make, server: ChatServer, body: dict[str, Any]
    ) -> None:
        server.troubles = [Reply(400, json.dumps({**body, "prompt": SECRET}).encode())]
        generator = openai()
        assert "120 for the output, of 2048 together" in one_line(generator, kind=BadInput)
        assert generator.capabilities().context_tokens == 2048

    def test_a_prompt_that_was_cut_without_a_word_is_noticed(self, openai: Make, server: ChatServer) -> None:
        server.prompt_tokens = 400
        said = one_line(openai(), an_ask(Words(text="word " * 1000)))
        assert "read 400 tokens of a prompt of 1000 words: it cut the rest off; raise its context" in said

    def test_pictures_that_it_cannot_take_are_not_sent(self, openai: Make, server: ChatServer) -> None:
        pictures = Pictures()
        with pytest.raises(BadInput, match=r"has pictures, and medgemma.* takes none"):
            openai(images=False).generate(an_ask(pictures.add(1), QUESTION), pictures)
        assert (server.requests, pictures.asked) == ([], [])

    def test_a_server_that_ignores_the_limit_is_stopped(self, openai: Make, server: ChatServer) -> None:
        server.text = "".join(f"{number} is new. " for number in range(500))
        answered = asked(openai(), an_ask(QUESTION, max_new_tokens=20))
        assert (answered.finish_reason, answered.text) == ("length", "")
        assert len(answered.raw) < 300


class TestWhoAnswers:
    @pytest.mark.parametrize(
        ("wanted", "answers"),
        [
            ("google/medgemma-1.5-4b-it", "medgemma-1.5-4b-it"),
            ("medgemma-1.5-4b-it", "google/MedGemma-1.5-4B-it"),
            ("medgemma-Q4", "/models/some/medgemma-Q4.gguf"),
            ("C:\\models\\medgemma.gguf", "medgemma.gguf"),
            ("/models/medgemma", "/models/medgemma@main"),
            ("medgemma1.5", "medgemma1.5:latest"),
            ("gpt-4o", "gpt-4o-2024-08-06"),
            ("", "whatever-it-runs"),
        ],
    )
    def test_names_of_one_model_may_differ(self, openai: Make, server: ChatServer, wanted: str, answers: str) -> None:
        server.model = answers
        answered = asked(openai(model=wanted))
        assert (answered.text, answered.parameters["answered_by"]) == (TEXT, answers)

    @pytest.mark.parametrize(
        ("wanted", "answers"),
        [
            ("medgemma:27b", "medgemma:4b"),
            ("medgemma-1.5-4b-it", "medgemma-4b-it"),
            ("google/medgemma", "somebody/medgemma"),
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("medgemma", "medgemma-Q4_K_M.gguf"),
        ],
    )
    def test_those_of_two_may_not(self, openai: Make, server: ChatServer, wanted: str, answers: str) -> None:
        server.model = answers
        assert f"answers as {answers} where {wanted} was asked" in one_line(openai(model=wanted))

    def test_one_that_changes_between_calls_is_refused(self, openai: Make, server: ChatServer) -> None:
        generator = openai(model="")
        asked(generator)
        engine = generator.engine()
        server.model = "another"
        assert f"answers as another where {MODEL} was asked" in one_line(generator)
        assert generator.engine() == engine


class TestTheWayOut:
    @pytest.mark.parametrize(
        ("url", "path"),
        [
            ("", "/v1/chat/completions"),
            ("/", "/v1/chat/completions"),
            ("/v1/", "/v1/chat/completions"),
            ("/v1beta1/projects/p/endpoints/1", "/v1beta1/projects/p/endpoints/1/chat/completions"),
            ("/deployments/x/chat/completions?api-version=1", "/deployments/x/chat/completions?api-version=1"),
        ],
    )
    def test_the_address_of_a_server_is_enough(self, openai: Make, server: ChatServer, url: str, path: str) -> None:
        asked(openai(url=f"http://{server.host}{url}"))
        assert server.requests[0].path == path

    def test_what_is_not_set_is_named(self, openai: Make) -> None:
        for missing in ("url", "model"):
            generator = openai(**{missing: None})
            assert f"ASSISTANT_OPENAI_{missing.upper()} is not set" in generator.available().detail
            with pytest.raises(ModelNeeded, match="no server is named"):
                generator.engine()
        assert "is not an http(s) address" in openai(url="nonsense").available().detail
        assert openai(model="").available().ready

    @pytest.mark.parametrize(
        "url",
        ["https://models.example/v1", "http://192.168.1.5:8000", "http://0.0.0.0:8000", "http://127.0.0.1.example.com"],
    )
    def test_another_machine_is_not_asked_unless_it_is_allowed(self, openai: Make, log: SessionLog, url: str) -> None:
        available = openai(url=url).available()
        assert not available.ready
        assert "ASSISTANT_OPENAI_OFF_MACHINE" in (available.remedy or "")
        assert "set ASSISTANT_OPENAI_OFF_MACHINE=true" in one_line(openai(url=url), kind=UsageProblem)
        assert log.payloads("outbound") == ()
        assert openai(url=url, off_machine=True).available().ready

    @pytest.mark.parametrize("url", ["http://models.example/v1", "http://8.8.8.8", "http://[::ffff:8.8.8.8]"])
    def test_never_unencrypted_over_the_internet(self, openai: Make, log: SessionLog, url: str) -> None:
        assert "unencrypted" in one_line(openai(url=url, off_machine=True), kind=UsageProblem)
        assert log.payloads("outbound") == ()

    def test_every_request_is_logged_with_its_size(self, openai: Make, server: ChatServer, log: SessionLog) -> None:
        server.troubles = [Reply(500)]
        asked(openai())
        states = [event["state"] for event in log.payloads("outbound")]
        whys = [event["why"] for event in log.payloads("outbound")]
        assert states == ["opened", "closed"] * 4
        assert whys[:4] == ["what the server of the engine openai can take"] * 4
        assert whys[4:] == ["language and images by the engine openai"] * 4
        opened, closed = log.payloads("outbound")[-2:]
        assert 0 < opened["sending_bytes"] < closed["sent_bytes"] < opened["sending_bytes"] + 1000
        assert closed["received_bytes"] > len(TEXT)

    def test_no_library_writes_down_the_key(self, openai: Make, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        asked(openai(key=KEY))
        assert KEY not in caplog.text
        assert "fracture" not in caplog.text
