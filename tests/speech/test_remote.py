"""The engine on another machine, against a real server on this one, through the real way out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from pipelines.errors import ModelNeeded, StorageProblem, UsageProblem
from pipelines.ports import Form, Unreachable
from pipelines.speech.audio import RATE, read_speech
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.recognizer import Heard, Recognizer
from pipelines.speech.remote import RemoteRecognizer
from pipelines.speech.remote_answer import NotAnAnswer, Said, SaidWord, read_answer
from pipelines.speech.remote_client import transcriptions_url
from pipelines.speech.remote_writer import UNKNOWN_CONFIDENCE, RemoteWriter
from tests.speech.recognizer_conformance import RecognizerConformance
from tests.support.local_server import SECRET, Reply, drop, hang, serve
from tests.support.outbound_log import arrived_at_each_event
from tests.support.speech_server import TEXT, SpeechServer, drip, drip_body

SAMPLES = Path(__file__).parents[2] / "samples"
KEY = "sk-TheKeyOfThisTest"


def _clip(name: str) -> Samples:
    path = SAMPLES / "recordings" / f"{name}.flac"
    return correct_level(read_speech(path, path.name).samples)[0]


@pytest.fixture(scope="module")
def speech() -> Samples:
    return _clip("question-potassium")


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    with serve(SpeechServer()) as served:
        yield served


Make = Callable[..., RemoteRecognizer]


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that the engine waited between attempts."""
    return []


@pytest.fixture
def remote(server: SpeechServer, log: SessionLog, pauses: list[float]) -> Make:
    def make(**changed: Any) -> RemoteRecognizer:
        given = {"url": server.url, "model": "whisper-1", "key": None, "timeout": 20.0, "retries": 2, **changed}
        return RemoteRecognizer(Outbound(log), pause=pauses.append, **given)

    return make


def one_line(recognizer: RemoteRecognizer, speech: Samples) -> str:
    with pytest.raises(ModelNeeded) as caught:
        recognizer.recognise(speech)
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    assert KEY not in said
    return said


class TestRemoteConformance(RecognizerConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def recognizer(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognizer]:
        with serve(SpeechServer()) as served, SessionLog.open(tmp_path_factory.mktemp("remote") / "data") as log:
            yield RemoteRecognizer(Outbound(log), served.url, "whisper-1")

    @pytest.fixture(scope="class")
    @classmethod
    def speech(cls) -> Samples:
        return _clip("question-potassium")

    def test_names_itself_fully(self, recognizer: Recognizer) -> None:
        """But for revision and hash of weights, which only the server knows. What a reader must know is said."""
        engine = recognizer.engine()
        assert (engine.name, engine.model) == ("remote", "whisper-1")
        assert engine.version
        assert recognizer.libraries()
        assert "leaves this machine" in (engine.note or "")
        assert "127.0.0.1:" in (engine.note or "")


class TestWhatIsSent:
    def test_the_form_is_that_of_the_protocol(self, remote: Make, server: SpeechServer, speech: Samples) -> None:
        server.key = KEY
        heard = remote(key=KEY).recognise(speech)
        assert heard.raw == TEXT
        (upload,) = server.requests
        assert upload.path == "/v1/audio/transcriptions"
        assert upload.key == KEY
        assert upload.field("model") == ["whisper-1"]
        assert upload.field("temperature") == ["0"]
        assert upload.field("response_format") == ["verbose_json"]
        assert upload.field("timestamp_granularities[]") == ["word", "segment"]
        assert (upload.file_name, upload.subtype, upload.rate) == ("speech.wav", "PCM_16", RATE)
        assert upload.agent == "clinical-assistant/0.1.0"

    def test_long_speech_goes_in_pieces_and_pauses_stay_here(
        self, remote: Make, server: SpeechServer, speech: Samples
    ) -> None:
        """A minute and a half, most of it silent."""
        silence = np.zeros(10 * RATE, np.float32)
        sound = np.concatenate([part for _ in range(6) for part in (speech, silence)])
        heard = remote().recognise(sound)
        assert len(server.requests) == 6
        assert all(upload.seconds <= 26 for upload in server.requests)
        assert sum(upload.seconds for upload in server.requests) < 6 * len(speech) / RATE + 6
        assert heard.raw == " ".join([TEXT] * 6)
        starts = [segment.start for segment in heard.segments]
        expected = [n * (len(speech) / RATE + 10) for n in range(6)]
        assert starts == pytest.approx(expected, abs=1.0)

    def test_unbroken_speech_is_cut_before_servers_refuse_it(self, remote: Make, server: SpeechServer) -> None:
        remote().recognise(np.tile(_clip("nephrology-letter"), 2))
        assert len(server.requests) > 1
        assert all(upload.seconds <= 26 for upload in server.requests)

    def test_silence_is_not_sent(self, remote: Make, server: SpeechServer, log: SessionLog) -> None:
        assert remote().recognise(np.zeros(5 * RATE, np.float32)).raw == ""
        assert (server.requests, log.payloads("outbound")) == ([], ())

    def test_what_comes_out_does_not_depend_on_how_the_sound_came_in(self, remote: Make, speech: Samples) -> None:
        recognizer = remote()
        whole = recognizer.recognise(speech)
        listening = recognizer.listen()
        for start in range(0, len(speech), 777):
            listening.hear(speech[start : start + 777])
        parts = listening.finish()
        assert (parts.raw, parts.segments, parts.parameters) == (whole.raw, whole.segments, whole.parameters)

    def test_what_was_said_shows_after_each_pause(self, remote: Make, speech: Samples) -> None:
        listening = remote().listen()
        assert listening.so_far().settled == ""
        listening.hear(np.concatenate((speech, np.zeros(4 * RATE, np.float32))))
        assert listening.so_far().settled == TEXT
        listening.hear(speech)
        assert listening.finish().raw == f"{TEXT} {TEXT}"

    def test_loud_sound_does_not_wrap_around(self, remote: Make, server: SpeechServer, speech: Samples) -> None:
        remote().recognise(speech * np.float32(3))
        assert server.requests[0].loudest <= 1.0


class TestWhatComesBack:
    @pytest.mark.parametrize("punctuated", [True, False])
    def test_words_have_the_server_s_times_and_the_text_s_punctuation(
        self, remote: Make, server: SpeechServer, speech: Samples, punctuated: bool
    ) -> None:
        server.punctuated_words = punctuated
        heard = remote().recognise(speech)
        words = [word for segment in heard.segments for word in segment.words]
        assert [word.text for word in words] == TEXT.split()
        (upload,) = server.requests
        step = upload.seconds / len(words)
        assert [word.end - word.start for word in words] == pytest.approx([0.9 * step] * len(words), abs=0.01)
        assert [word.confidence for word in words] == pytest.approx([np.exp(-0.2)] * len(words))
        assert heard.parameters["word_times"] == "words"
        assert not [warning for warning in heard.warnings if "times" in warning]

    def test_times_of_segments_are_spread_and_warned_of(
        self, remote: Make, server: SpeechServer, speech: Samples
    ) -> None:
        server.word_times = False
        heard = remote().recognise(speech)
        assert heard.parameters["word_times"] == "segments"
        assert any("guessed within its segments" in warning for warning in heard.warnings)

    def test_text_alone_is_taken_and_warned_of(self, remote: Make, server: SpeechServer, speech: Samples) -> None:
        server.formats = ("json",)
        recognizer = remote()
        heard = recognizer.recognise(speech)
        assert [upload.field("response_format") for upload in server.requests] == [
            ["verbose_json"],
            ["verbose_json"],
            ["json"],
        ]
        assert heard.raw == TEXT
        assert heard.parameters["word_times"] == "spread"
        assert heard.parameters["response_format"] == "json"
        assert any("gives no times" in warning for warning in heard.warnings)
        assert any("how sure" in warning for warning in heard.warnings)
        words = [word for segment in heard.segments for word in segment.words]
        assert {word.confidence for word in words} == {UNKNOWN_CONFIDENCE}
        assert all(a.end <= b.start + 1e-6 for a, b in pairwise(words))
        recognizer.recognise(speech)
        assert server.requests[-1].field("response_format") == ["json"]
        assert len(server.requests) == 4

    @pytest.mark.parametrize(
        ("stated", "language", "warned"),
        [
            ("english", "en", False),
            ("en", "en", False),
            ("german", "de", True),
            ("fr", "fr", True),
            (None, None, False),
        ],
    )
    def test_another_language_is_warned_of_and_kept(
        self,
        remote: Make,
        server: SpeechServer,
        speech: Samples,
        stated: str | None,
        language: str | None,
        warned: bool,
    ) -> None:
        server.language = stated
        heard = remote().recognise(speech)
        assert heard.language == language
        assert any("another language" in warning for warning in heard.warnings) == warned
        assert heard.raw == TEXT

    def test_a_server_that_hears_nothing_where_somebody_speaks_is_warned_of(
        self, remote: Make, server: SpeechServer, speech: Samples
    ) -> None:
        server.text = ""
        heard = remote().recognise(speech)
        assert heard.raw == ""
        assert any("gave few words" in warning for warning in heard.warnings)

    def test_what_no_terminal_should_get_is_not_in_the_text(
        self, remote: Make, server: SpeechServer, speech: Samples
    ) -> None:
        server.text = "left\x1b[2J lung\x00 clear\u202e"
        heard = remote().recognise(speech)
        assert heard.raw.isprintable()
        assert heard.raw.encode().startswith(b"left")


class TestTrouble:
    def test_a_server_that_recovers_is_asked_again(
        self, remote: Make, server: SpeechServer, speech: Samples, pauses: list[float]
    ) -> None:
        server.troubles = [Reply(500), Reply(503)]
        assert remote().recognise(speech).raw == TEXT
        assert pauses == [1.0, 2.0]

    def test_a_dropped_connection_is_tried_again(self, remote: Make, server: SpeechServer, speech: Samples) -> None:
        server.troubles = [drop]
        assert remote().recognise(speech).raw == TEXT

    def test_it_waits_as_long_as_the_server_wants(
        self, remote: Make, server: SpeechServer, speech: Samples, pauses: list[float]
    ) -> None:
        server.troubles = [Reply(429, headers=(("Retry-After", "7"),))]
        assert remote().recognise(speech).raw == TEXT
        assert pauses == [7.0]

    def test_but_not_for_ever(self, remote: Make, server: SpeechServer, speech: Samples, pauses: list[float]) -> None:
        server.troubles = [Reply(429, headers=(("Retry-After", "86400"),))]
        assert "too many requests" in one_line(remote(), speech)
        assert pauses == []

    def test_one_that_stays_out_of_order(self, remote: Make, server: SpeechServer, speech: Samples) -> None:
        server.troubles = [Reply(500, SECRET.encode())] * 3
        assert f"{server.host} is out of order (500)" in one_line(remote(), speech)
        assert len(server.requests) == 3

    @pytest.mark.parametrize(
        ("reply", "said"),
        [
            (Reply(401, SECRET.encode()), "wants a key (401); set ASSISTANT_REMOTE_SPEECH_KEY"),
            (Reply(403), "wants a key"),
            (Reply(404), "no model whisper-1; check ASSISTANT_REMOTE_SPEECH_URL and ASSISTANT_REMOTE_SPEECH_MODEL"),
            (Reply(413), "takes no piece of 25 s"),
            (Reply(418), "refuses (418)"),
            (Reply(302, headers=(("Location", "http://localhost:1/elsewhere?token=1"),)), "sends elsewhere (302)"),
            (Reply(200, b"<html>" + SECRET.encode()), "does not answer as a transcription server does (no JSON)"),
            (Reply(200, b'["' + SECRET.encode() + b'"]'), "its JSON has another form"),
            (Reply(200, b'{"text": 7}'), "its JSON has another form"),
            (Reply(200, b'{"text": "' + b"a" * (2 << 20) + b'"}'), "answers more than a transcription is"),
        ],
    )
    def test_what_more_attempts_would_not_mend_is_told_at_once(
        self, remote: Make, server: SpeechServer, speech: Samples, pauses: list[float], reply: Reply, said: str
    ) -> None:
        server.troubles = [reply]
        assert said in one_line(remote(), speech)
        assert (len(server.requests), pauses) == (1, [])

    def test_a_key_that_is_not_taken_is_not_shown(self, remote: Make, server: SpeechServer, speech: Samples) -> None:
        server.key = "another"
        assert "does not take the key (401)" in one_line(remote(key=KEY), speech)

    @pytest.mark.parametrize("trouble", [hang, drip, drip_body])
    def test_a_server_that_does_not_come_to_an_end(
        self, remote: Make, server: SpeechServer, speech: Samples, trouble: Any
    ) -> None:
        server.troubles = [trouble]
        assert "no whole answer within 0.4 s" in one_line(remote(timeout=0.4, retries=0), speech)

    def test_a_server_that_is_not_there(self, remote: Make, speech: Samples, pauses: list[float]) -> None:
        said = one_line(remote(url="http://127.0.0.1:1"), speech)
        assert "127.0.0.1:1 cannot be reached (it refuses the connection)" in said
        assert pauses == [1.0, 2.0]

    @pytest.mark.parametrize("missing", ["url", "model"])
    def test_what_is_not_set_is_named(self, remote: Make, missing: str) -> None:
        available = remote(**{missing: None}).available()
        assert not available.ready
        assert f"ASSISTANT_REMOTE_SPEECH_{missing.upper()}" in available.detail
        assert remote().available().ready


class TestTheWayOut:
    def test_what_is_sent_is_logged_before_it_is_sent(
        self, remote: Make, server: SpeechServer, log: SessionLog, speech: Samples, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrived = arrived_at_each_event(log, server, monkeypatch)
        remote().recognise(speech)
        assert arrived == [(server.host, 0), (server.host, 1)]
        opened, closed = log.payloads("outbound")
        assert opened["state"] == "opened"
        assert opened["host"] == closed["host"] == server.host
        assert opened["why"] == "speech to text by the engine remote"
        assert 0 < opened["sending_bytes"] < closed["sent_bytes"] < opened["sending_bytes"] + 1000
        assert closed["received_bytes"] > 0

    def test_every_attempt_is_logged(
        self, remote: Make, server: SpeechServer, log: SessionLog, speech: Samples
    ) -> None:
        server.troubles = [Reply(500), hang]
        remote(timeout=0.5).recognise(speech)
        assert [event["state"] for event in log.payloads("outbound")] == ["opened", "closed"] * 3

    def test_what_cannot_be_logged_is_not_sent(
        self, remote: Make, server: SpeechServer, log: SessionLog, speech: Samples, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise StorageProblem("log.db", "the disk is full", "free some space")

        monkeypatch.setattr(log, "event", refuse)
        with pytest.raises(StorageProblem, match="the disk is full"):
            remote().recognise(speech)
        assert server.requests == []

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("http://speech.example/v1", "speech.example: would be sent what was said unencrypted"),
            ("http://8.8.8.8/v1", "8.8.8.8: would be sent"),
            ("http://127.0.0.1.example.com/v1", "would be sent"),
            ("ftp://127.0.0.1/v1", "is not an http"),
            ("nonsense", "is not an http"),
            ("https://user:secret@speech.example/v1", "has a name or password in its address"),
        ],
    )
    def test_where_it_does_not_go(self, remote: Make, log: SessionLog, speech: Samples, url: str, said: str) -> None:
        with pytest.raises(UsageProblem) as caught:
            remote(url=url).recognise(speech)
        assert said in str(caught.value)
        assert "secret" not in str(caught.value)
        assert log.payloads("outbound") == ()

    def test_a_form_is_not_sent_on_even_to_the_same_host(self, server: SpeechServer, log: SessionLog) -> None:
        server.troubles = [Reply(307, headers=(("Location", "/v1/audio/transcriptions/"),))]
        form = Form((("model", "m"),), "file", "a.wav", "audio/wav", _wav_of_silence())
        assert Outbound(log).post_form(f"{server.url}/audio/transcriptions", form, why="t", timeout=5).status == 307
        assert len(server.requests) == 1

    def test_proxies_do_not_see_what_goes_over_http(
        self, remote: Make, speech: Samples, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert remote().recognise(speech).raw == TEXT

    def test_no_library_writes_down_the_key(
        self, remote: Make, speech: Samples, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        remote(key=KEY).recognise(speech)
        assert KEY not in caplog.text

    def test_unreachable_names_host_and_reason_only(self, log: SessionLog) -> None:
        form = Form((("model", "m"),), "file", "a.wav", "audio/wav", b"x")
        with pytest.raises(Unreachable) as caught:
            Outbound(log).post_form("http://127.0.0.1:1/a?token=s", form, why="t", timeout=5, bearer=KEY)
        assert (caught.value.host, caught.value.reason) == ("127.0.0.1:1", "it refuses the connection")


def _wav_of_silence() -> bytes:
    import io

    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.zeros(RATE), RATE, format="WAV")
    return out.getvalue()


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("https://a.example", "https://a.example/v1/audio/transcriptions"),
        ("https://a.example/", "https://a.example/v1/audio/transcriptions"),
        ("https://a.example/v1/", "https://a.example/v1/audio/transcriptions"),
        ("https://a.example/openai/v1", "https://a.example/openai/v1/audio/transcriptions"),
        ("https://a.example/x/transcriptions?api-version=1", "https://a.example/x/transcriptions?api-version=1"),
        ("http://127.0.0.1:8080/inference", "http://127.0.0.1:8080/inference"),
    ],
)
def test_the_address_of_a_server_is_enough(given: str, asked: str) -> None:
    assert transcriptions_url(given) == asked


times = st.one_of(st.none(), st.floats(), st.floats(-5, 40), st.just("soon"), st.integers(-2, 30))
texts = st.one_of(st.text(max_size=30), st.sampled_from(["a", "the", "Left.", "left", "-", "x-ray", "ＸＹ", "ß"]))
entries = st.fixed_dictionaries(
    {}, optional={"word": texts, "text": texts, "start": times, "end": times, "probability": times}
)
answers = st.fixed_dictionaries(
    {"text": st.one_of(texts, st.lists(texts, max_size=8).map(" ".join))},
    optional={"words": st.lists(entries, max_size=8), "segments": st.lists(entries, max_size=4), "language": texts},
)


@given(given=st.lists(answers, max_size=4))
def test_whatever_a_server_says_the_transcript_holds_together(given: list[dict[str, Any]]) -> None:
    writer = RemoteWriter()
    for index, answer in enumerate(given):
        body = json.dumps(answer).encode()
        try:
            said = read_answer(body)
        except NotAnAnswer:
            assert body
            continue
        writer.add(said, 10.0 * index, 10.0 * index + 8)
    heard = Heard(writer.text, writer.segments, "stop", 0.0, warnings=writer.warnings())
    at, moment = 0, 0.0
    words = [word for segment in heard.segments for word in segment.words]
    assert "".join(word.text for word in words) == "".join(heard.raw.split())
    for segment in heard.segments:
        for word in segment.words:
            assert heard.raw[word.raw_start : word.raw_end] == word.text
            assert word.raw_start >= at
            assert moment <= word.start <= word.end <= 10.0 * len(given)
            assert segment.start <= word.start
            assert word.end <= segment.end
            assert 0 <= word.confidence <= 1
            at, moment = word.raw_end, word.end


def test_one_entry_that_holds_several_words_shares_its_time() -> None:
    writer = RemoteWriter()
    writer.add(Said("l four, x-ray", (SaidWord("L four", 1.0, 2.0, 0.5), SaidWord("x ray", 2.0, 3.0, 0.9))), 0.0, 4.0)
    words = [(word.text, word.start, word.end) for segment in writer.segments for word in segment.words]
    assert words == [("l", 1.0, 1.2), ("four,", 1.2, 2.0), ("x-ray", 2.0, 3.0)]
