"""The one way out: where it goes, what it says, and that the test's hub speaks as the real one does."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
from huggingface_hub import HfApi, hf_hub_download, set_client_factory
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils._http import default_client_factory

from assistant.outbound import FolderOutbound, Outbound
from assistant.sessions import SessionLog
from pipelines.errors import Cancelled, StorageProblem, UsageProblem
from pipelines.ports import JsonRequest, TooLate, Unreachable
from tests.support.chat_server import ChatServer, CutOff, Endless, Request, start
from tests.support.hub_server import SIGNATURE, Hub, Refusal, git_hash
from tests.support.local_server import Reply, hang, serve
from tests.support.outbound_log import arrived_at_each_event

REVISION = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_TheTokenOfThisTest"
FILES = {"config.json": b"{}", "model.safetensors": bytes(range(256)) * 100}

pytestmark = pytest.mark.usefixtures("own_hub_settings")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "repository"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    with serve(Hub(folder, "google/tiny", REVISION)) as served:
        yield served


def test_it_follows_the_hub_to_where_the_hub_sends_it(hub: Hub, log: SessionLog) -> None:
    with Outbound(log).connect(hub.endpoint, "a test") as connection:
        with connection.get(hub.url("model.safetensors"), {"Range": "bytes=100-"}) as reply:
            assert reply.status == 206
            assert reply.body() == FILES["model.safetensors"][100:]
        assert connection.head(hub.url("model.safetensors")).status == 302
    assert [ask.host for ask in hub.requests] == [hub.host, hub.cdn_host, hub.host]


def test_it_goes_nowhere_else(hub: Hub, log: SessionLog) -> None:
    with (
        Outbound(log).connect(hub.endpoint, "a test") as connection,
        pytest.raises(UsageProblem, match=rf"localhost:{hub.port}: may not be reached"),
        connection.get(f"http://{hub.cdn_host}/lfs/1"),
    ):
        pass
    assert (hub.requests, log.payloads("outbound")) == ([], ())


def test_from_an_https_hub_it_is_not_led_to_plain_http(hub: Hub, log: SessionLog) -> None:
    with (
        Outbound(log).connect("https://huggingface.co", "a test") as connection,
        pytest.raises(UsageProblem, match=r"huggingface\.co: may not be reached over http from"),
        connection.get("http://huggingface.co/google/tiny"),
    ):
        pass
    assert log.payloads("outbound") == ()


def test_it_is_not_led_to_other_kinds_of_address(hub: Hub, log: SessionLog) -> None:
    hub.elsewhere = "ftp://127.0.0.1"
    with (
        Outbound(log).connect(hub.endpoint, "a test") as connection,
        pytest.raises(UsageProblem, match="may not be reached over ftp"),
        connection.get(hub.url("model.safetensors")),
    ):
        pass


def test_what_was_sent_is_logged_also_when_the_work_fails(hub: Hub, log: SessionLog) -> None:
    def work() -> None:
        with Outbound(log).connect(hub.endpoint, "a test") as connection, connection.get(hub.url("config.json")):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    opened, closed = log.payloads("outbound")
    assert opened == {"host": hub.host, "state": "opened", "why": "a test"}
    assert (closed["host"], closed["state"]) == (hub.host, "closed")
    assert closed["sent_bytes"] == hub.received_bytes


def test_each_host_is_in_the_log_before_anything_is_sent_to_it(
    hub: Hub, log: SessionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is there whatever ends this process."""
    arrived = arrived_at_each_event(log, hub, monkeypatch)
    with Outbound(log).connect(hub.endpoint, "a test") as connection:
        for _ in range(2):
            with connection.get(hub.url("model.safetensors")) as reply:
                reply.body()
        assert arrived == [(hub.host, 0), (hub.cdn_host, 1)]
        assert [event["state"] for event in log.payloads("outbound")] == ["opened", "opened"]
    assert [event["state"] for event in log.payloads("outbound")] == ["opened", "opened", "closed", "closed"]


def test_what_cannot_be_logged_is_not_sent(hub: Hub, log: SessionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StorageProblem("log.db", "the disk is full", "free some space")

    monkeypatch.setattr(log, "event", refuse)
    with (
        Outbound(log).connect(hub.endpoint, "a test") as connection,
        pytest.raises(StorageProblem, match="the disk is full"),
        connection.get(hub.url("config.json")),
    ):
        pass
    assert hub.requests == []


def test_it_says_no_more_of_this_machine_than_the_product_and_its_version(hub: Hub, log: SessionLog) -> None:
    with Outbound(log).connect(hub.endpoint, "a test") as connection, connection.get(hub.url("config.json")):
        pass
    (asked,) = hub.requests
    assert asked.agent == "clinical-assistant/0.1.0"


def test_no_library_writes_down_a_signature_or_token(
    hub: Hub, log: SessionLog, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    caplog.set_level(logging.DEBUG)
    with Outbound(log).connect(hub.endpoint, "a test") as connection:
        connection.sign_in()
        with connection.get(hub.url("model.safetensors")) as reply:
            reply.body()
    assert [ask.token for ask in hub.requests] == [TOKEN, None]
    assert SIGNATURE not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("token", ["hf_ümlaut", "two words", "hf_\x07"])
def test_what_cannot_be_a_token_is_refused_without_being_shown(
    hub: Hub, log: SessionLog, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with Outbound(log).connect(hub.endpoint, "a test") as connection, pytest.raises(UsageProblem) as caught:
        connection.sign_in()
    assert token not in str(caught.value)


def test_an_ending_token_is_renewed_through_the_same_way_out(
    hub: Hub, log: SessionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's tools would ask huggingface.co; a connection to another hub does not go there."""
    stored = tmp_path / "stored_tokens"
    stored.write_text(f"[mine]\nhf_token = {TOKEN}\nrefresh_token = r\nexpires_at = 1\n")
    Path(huggingface_hub.constants.HF_TOKEN_PATH).write_text(TOKEN)
    monkeypatch.setattr(huggingface_hub.constants, "HF_STORED_TOKENS_PATH", str(stored))
    with Outbound(log).connect(hub.endpoint, "a test") as connection:
        connection.sign_in()
        assert connection.signed_in
    assert (hub.requests, log.payloads("outbound")) == ([], ())


def test_a_proxy_that_cannot_be_used(hub: Hub, log: SessionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy")
    with (
        pytest.raises(UsageProblem, match="HTTPS_PROXY: names a proxy that cannot be used"),
        Outbound(log).connect("https://huggingface.co", "a test"),
    ):
        pass


class TestTheHubOfTheseTests:
    """huggingface_hub itself is content with it."""

    @pytest.fixture(autouse=True)
    def _fresh_client(self) -> Iterator[None]:
        set_client_factory(default_client_factory)
        yield
        set_client_factory(default_client_factory)

    def test_lists_as_the_hub_does(self, hub: Hub) -> None:
        info = HfApi(hub.endpoint, token=False).model_info("google/tiny", revision=REVISION, files_metadata=True)
        assert info.sha == REVISION
        small, large = info.siblings or ()
        assert (small.rfilename, small.size, small.blob_id) == ("config.json", 2, git_hash(b"{}"))
        assert large.lfs is not None
        assert large.lfs.sha256 == hashlib.sha256(FILES["model.safetensors"]).hexdigest()

    @pytest.mark.parametrize("name", FILES)
    def test_gives_files_as_the_hub_does(self, hub: Hub, tmp_path: Path, name: str) -> None:
        path = hf_hub_download(
            "google/tiny", name, revision=REVISION, endpoint=hub.endpoint, token=False, local_dir=tmp_path / "got"
        )
        assert Path(path).read_bytes() == FILES[name]

    def test_refuses_as_the_hub_does(self, hub: Hub) -> None:
        api = HfApi(hub.endpoint, token=TOKEN)
        with pytest.raises(RepositoryNotFoundError):
            api.model_info("google/none", revision=REVISION)
        with pytest.raises(RevisionNotFoundError):
            api.model_info("google/tiny", revision="main")
        hub.token, hub.accepted = TOKEN, False
        with pytest.raises(GatedRepoError):
            api.get_hf_file_metadata(url=hub.endpoint + hub.url("config.json"))
        hub.refusals["config.json"] = [Refusal(401, "GatedRepo", "restricted")]
        with pytest.raises(GatedRepoError):
            api.get_hf_file_metadata(url=hub.endpoint + hub.url("config.json"))


class TestJson:
    """Sent once, and read while it comes."""

    @pytest.fixture
    def chat(self) -> Iterator[ChatServer]:
        with serve(ChatServer()) as served:
            yield served

    @pytest.fixture
    def url(self, chat: ChatServer) -> str:
        return f"{chat.url}/chat/completions"

    BODY = json.dumps({"messages": [{"role": "user", "content": "?"}]}).encode()

    def test_it_is_read_as_it_arrives(self, chat: ChatServer, url: str, log: SessionLog) -> None:
        """The first block is here before the server goes on."""
        go_on = threading.Event()

        def in_two(server: ChatServer, exchange: Any, request: Request) -> None:
            start(exchange)
            exchange.wfile.write(b"one")
            exchange.wfile.flush()
            go_on.wait(10)
            exchange.wfile.write(b"two")

        chat.troubles = [in_two]
        with Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=20)) as arriving:
            assert (arriving.status, arriving.host) == (200, chat.host)
            assert arriving.headers["content-type"].startswith("text/event-stream")
            assert next(arriving.blocks) == b"one"
            go_on.set()
            assert b"".join(arriving.blocks) == b"two"

    def test_what_is_sent_is_in_the_log_before_it_is_sent(
        self, chat: ChatServer, url: str, log: SessionLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrived = arrived_at_each_event(log, chat, monkeypatch)
        with Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=20, bearer="k")) as arriving:
            body = b"".join(arriving.blocks)
        assert arrived == [(chat.host, 0), (chat.host, 1)]
        opened, closed = log.payloads("outbound")
        assert opened == {"host": chat.host, "sending_bytes": len(self.BODY), "state": "opened", "why": "t"}
        assert closed["received_bytes"] > len(body)
        assert chat.requests[0].key == "k"

    def test_a_block_that_is_left_early_ends_the_connection(self, chat: ChatServer, url: str, log: SessionLog) -> None:
        chat.troubles = [Endless(str, seconds=0.001)]
        with Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=20)) as arriving:
            next(arriving.blocks)
        while chat.busy:
            chat.over.wait(0.01)
        assert [event["state"] for event in log.payloads("outbound")] == ["opened", "closed"]

    @pytest.mark.parametrize("trouble", [hang, Endless(lambda _: "a", seconds=0.01)])
    def test_its_time_is_that_of_the_whole_answer(
        self, chat: ChatServer, url: str, log: SessionLog, trouble: Any
    ) -> None:
        chat.troubles = [trouble]
        with (
            pytest.raises(TooLate, match=r"no whole answer within 0\.3 s"),
            Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=0.3)) as arriving,
        ):
            b"".join(arriving.blocks)

    @pytest.mark.parametrize("trouble", [hang, Endless(lambda _: "a", seconds=0.01)])
    def test_it_ends_as_soon_as_nobody_wants_it(
        self, chat: ChatServer, url: str, log: SessionLog, trouble: Any
    ) -> None:
        chat.troubles = [trouble]
        with (
            pytest.raises(Cancelled),
            Outbound(log).ask_json(
                JsonRequest(url, self.BODY, why="t", timeout=20, cancelled=lambda: bool(chat.requests))
            ) as arriving,
        ):
            b"".join(arriving.blocks)

    def test_it_takes_no_more_than_it_was_told_to(self, chat: ChatServer, url: str, log: SessionLog) -> None:
        chat.troubles = [Endless(lambda _: "a" * 1000)]
        with (
            pytest.raises(Unreachable, match="more than 50,000 bytes"),
            Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=20, most_bytes=50_000)) as arriving,
        ):
            b"".join(arriving.blocks)

    def test_a_body_that_breaks_off_is_not_whole(self, chat: ChatServer, url: str, log: SessionLog) -> None:
        chat.troubles = [CutOff(0.5, chunked=True)]
        with (
            pytest.raises(Unreachable, match="the connection broke off"),
            Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=20)) as arriving,
        ):
            b"".join(arriving.blocks)

    def test_it_is_not_sent_on(self, chat: ChatServer, url: str, log: SessionLog) -> None:
        chat.troubles = [Reply(307, headers=(("Location", "/v1/elsewhere"),))]
        with Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=20)) as arriving:
            assert arriving.status == 307
        assert len(chat.requests) == 1

    def test_without_a_body_it_only_asks(self, chat: ChatServer, log: SessionLog) -> None:
        chat.context = 4096
        with Outbound(log).ask_json(JsonRequest(f"{chat.url}/models", None, why="t", timeout=20)) as arriving:
            assert b"4096" in b"".join(arriving.blocks)
        assert chat.looks == ["/v1/models"]

    @pytest.mark.parametrize("url", ["https://a.example/v1", "http://10.0.0.7/v1", "http://localhost.example/v1"])
    def test_another_machine_only_where_it_is_allowed(self, log: SessionLog, url: str) -> None:
        with pytest.raises(UsageProblem), Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=1)):
            pass
        assert log.payloads("outbound") == ()

    def test_a_data_folder_is_enough(self, chat: ChatServer, url: str, tmp_path: Path) -> None:
        with FolderOutbound(tmp_path / "data", 5.0).ask_json(
            JsonRequest(url, self.BODY, why="t", timeout=20)
        ) as arriving:
            assert arriving.status == 200
        with SessionLog.open(tmp_path / "data") as log:
            assert len(log.payloads("outbound")) == 2

    def test_proxies_do_not_see_what_goes_over_http(
        self, chat: ChatServer, url: str, log: SessionLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        with Outbound(log).ask_json(JsonRequest(url, self.BODY, why="t", timeout=20)) as arriving:
            assert arriving.status == 200
