"""A pull that cannot be: one line each, which says what to do."""

from __future__ import annotations

import hashlib
import shutil
import socket
import threading
from pathlib import Path

import huggingface_hub.constants
import pytest

from pipelines.errors import ModelNeeded, StorageProblem, UsageProblem, VerificationFailed
from pipelines.weights.catalogue import MEDASR
from tests.support.hub_server import SIGNATURE, Hub, Refusal
from tests.support.pulling import TOKEN, WEIGHTS, Puller, weights_path


def gated(hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str | None = TOKEN) -> None:
    hub.token = TOKEN
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)


def test_a_gated_model_comes_with_the_token(puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    gated(hub, monkeypatch)
    puller()
    assert {ask.token for ask in hub.requests if ask.host == hub.host} == {TOKEN}
    assert {ask.token for ask in hub.requests if ask.host == hub.cdn_host} == {None}
    assert TOKEN.encode() not in puller.on_disk()
    assert SIGNATURE.encode() not in puller.on_disk()


def test_the_token_may_lie_in_the_hubs_own_file(puller: Puller, hub: Hub) -> None:
    hub.token = TOKEN
    Path(huggingface_hub.constants.HF_TOKEN_PATH).write_text(f"{TOKEN}\n")
    puller()


def test_without_a_token(puller: Puller, hub: Hub) -> None:
    hub.token = TOKEN
    assert puller.fails(ModelNeeded) == (
        "medasr: the hub wants a token; make one at https://huggingface.co/settings/tokens (read access), then"
        " run: hf auth login  (or set HF_TOKEN)"
    )
    assert puller.shown == []


@pytest.mark.parametrize("masks", ["hashes", "large files"])
def test_a_listing_that_hides_what_is_gated(
    masks: str, puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token, hub.masks = TOKEN, masks  # type: ignore[assignment]
    assert "the hub wants a token" in puller.fails(ModelNeeded)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.flipped = {WEIGHTS}
    assert "damaged" in puller.fails(VerificationFailed)
    hub.flipped = set()
    passport = puller()
    weights = (hub.folder / WEIGHTS).read_bytes()
    assert passport.files[WEIGHTS].sha256 == hashlib.sha256(weights).hexdigest()


def test_a_token_whose_account_has_not_accepted_the_terms(
    puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated(hub, monkeypatch)
    hub.accepted = False
    line = puller.fails(ModelNeeded)
    assert "open https://huggingface.co/google/medasr, accept the terms there with the account of the token" in line
    assert puller.shown == []
    hub.accepted = True
    puller()


def test_a_token_the_hub_does_not_know(puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    gated(hub, monkeypatch, "hf_withdrawn")
    line = puller.fails(ModelNeeded)
    assert "the hub does not know the token" in line
    assert "hf auth login" in line
    assert "hf_withdrawn" not in line
    assert b"hf_withdrawn" not in puller.on_disk()


def test_an_unreachable_hub(puller: Puller) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        line = puller.fails(ModelNeeded, endpoint=f"http://{host}")
    assert f"{host} cannot be reached (it refuses the connection)" in line
    assert "assistant models import DIR" in line
    (event,) = puller.outbound("closed")
    assert (event["host"], event["received_bytes"]) == (host, 0)


def test_a_hub_whose_name_is_unknown(puller: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: object, **named: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    line = puller.fails(ModelNeeded, endpoint="https://hub.invalid")
    assert "hub.invalid cannot be reached (its name is not known here (DNS))" in line


def test_a_proxy_that_does_not_answer(puller: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")
        line = puller.fails(ModelNeeded, endpoint="https://hub.invalid")
    assert "hub.invalid cannot be reached (it refuses the connection)" in line
    assert "HTTPS_PROXY" in line


def test_a_hub_that_does_not_answer_in_time(puller: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.outbound.clients.READ_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = puller.fails(ModelNeeded, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "silent for" in line


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_is_obeyed(puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    line = puller.fails(ModelNeeded)
    assert f"run: unset {name}" in line
    assert hub.requests == []


def test_a_revision_that_is_not_there(puller: Puller, hub: Hub) -> None:
    hub.revision = "f" * 40
    assert f"{hub.host} has no revision {MEDASR.revision} of google/medasr" in puller.fails(ModelNeeded)


def test_a_mirror_that_has_no_such_model(puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.repository = "google/another"
    line = puller.fails(ModelNeeded)
    assert f"{hub.host} has no google/medasr, or does not show it to this account; check HF_ENDPOINT" in line


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ((("RateLimit", '"resolvers";r=0;t=55'),), "wait 55 s"),
        ((("Retry-After", "120"),), "wait 120 s"),
        ((), "wait five minutes"),
    ],
)
@pytest.mark.parametrize("path", [MEDASR.revision, "/config.json"])
def test_too_many_requests(
    puller: Puller, hub: Hub, path: str, headers: tuple[tuple[str, str], ...], wait: str
) -> None:
    hub.refusals[path] = [Refusal(429, headers=headers)]
    assert f"{wait} and run the same command again" in puller.fails(ModelNeeded)


@pytest.mark.parametrize("status", [500, 503])
def test_a_hub_out_of_order(puller: Puller, hub: Hub, status: int) -> None:
    hub.refusals[MEDASR.revision] = [Refusal(status)]
    assert f"{hub.host} is out of order ({status})" in puller.fails(ModelNeeded)
    hub.refusals["/config.json"] = [Refusal(status)]
    assert f"out of order ({status})" in puller.fails(ModelNeeded)
    hub.refusals["/config.json"] = [Refusal(status), Refusal(status)]
    puller(pauses=(0.0, 0.0))


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_the_refusal_of_another_host_is_not_about_the_account(
    puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str | None, status: int
) -> None:
    if token is not None:
        gated(hub, monkeypatch, token)
    hub.refusals[weights_path(hub)] = [Refusal(status)]
    line = puller.fails(ModelNeeded)
    assert f"{hub.cdn_host} cannot be reached (it answers {status}: the signed address has ended" in line
    assert "clock" in line
    assert "token" not in line


def test_a_file_that_is_listed_but_missing(puller: Puller, hub: Hub) -> None:
    hub.refusals["/config.json"] = [Refusal(404, "EntryNotFound", "Entry not found")]
    assert f"{hub.host} has no config.json of google/medasr" in puller.fails(ModelNeeded)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Sign in to the guest network</html>",
        b"{}",
        b'{"sha": "main", "siblings": []}',
        b'{"sha": "%s", "siblings": [{"rfilename": "config.json"}]}' % MEDASR.revision.encode(),
        b'{"sha": "%s", "siblings": [{"rfilename": "config.json", "size": -1, "blobId": "%s"}]}'
        % (MEDASR.revision.encode(), b"0" * 40),
    ],
)
def test_an_answer_that_is_not_a_hubs(puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr("tests.support.hub_server.json.dumps", lambda _: answer.decode())
    assert "does not answer as the hub does; check HF_ENDPOINT" in puller.fails(ModelNeeded)


def test_a_repository_without_safetensors(puller: Puller, hub: Hub, repository: Path, tmp_path: Path) -> None:
    hub.folder = Path(shutil.copytree(repository, tmp_path / "changed"))
    (hub.folder / WEIGHTS).unlink()
    assert "has no safetensors file" in puller.fails(ModelNeeded)


def test_a_repository_with_another_model_is_not_installed(
    puller: Puller, hub: Hub, repository: Path, tmp_path: Path
) -> None:
    hub.folder = Path(shutil.copytree(repository, tmp_path / "changed"))
    config = hub.folder / "config.json"
    config.write_text(config.read_text().replace(MEDASR.model_type, "another_ctc"))
    with pytest.raises(ModelNeeded):
        puller()
    assert not (puller.models / MEDASR.name).exists()


def test_too_little_space_is_said_before_any_file(puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(puller.data)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageProblem, match=r"MB are still to come and 0\.0 MB are free; .*ASSISTANT_MODELS_DIR"):
        puller()
    assert hub.fetched() == set()


def test_a_models_folder_that_cannot_be_made(puller: Puller) -> None:
    puller.models.write_text("a file")
    with pytest.raises(StorageProblem, match="cannot be written"):
        puller()


def test_two_pulls_at_once(puller: Puller) -> None:
    caught: list[BaseException] = []

    def second() -> None:
        try:
            puller()
        except UsageProblem as error:
            caught.append(error)

    def meanwhile() -> None:
        puller.on_progress = lambda: None
        other = threading.Thread(target=second)
        other.start()
        other.join()

    puller.on_progress = meanwhile
    puller()
    assert [str(error) for error in caught] == [
        "medasr: is being pulled, imported or prepared by another process; wait until that is done, then try again"
    ]
