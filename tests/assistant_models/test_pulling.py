"""``pull`` against a small hub over real HTTP: complete, resumed, checked, and in the log."""

from __future__ import annotations

import hashlib
import shutil
import socket
from pathlib import Path
from typing import Any, get_args

import pytest

from assistant.engines import language_model_of
from assistant.models.checking import verify_files
from assistant.models.pulling import installed
from assistant.settings import Settings
from pipelines.errors import ModelNeeded, UsageProblem, VerificationFailed
from pipelines.speech.language_model import LanguageModel
from pipelines.weights.catalogue import LANGUAGE_MODEL, MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.constructed import ALPHABET
from tests.support.hub_server import Hub, Masks, Refusal
from tests.support.pulling import UNWANTED, WEIGHTS, Puller, weights_path, weights_requests

MASKS = get_args(Masks)


def test_a_pulled_model_is_the_repositorys_model(puller: Puller, repository: Path) -> None:
    passport = puller()
    folder = puller.models / MEDASR.name
    ModelFolder(folder, MEDASR).require()
    assert (passport.source, passport.repository, passport.revision) == ("hub", MEDASR.repository, MEDASR.revision)
    for name, stored in passport.files.items():
        data = (repository / name).read_bytes()
        assert (folder / name).read_bytes() == data
        assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert ModelFolder(folder, MEDASR).passport == passport
    assert {path.name for path in puller.models.iterdir() if not path.name.endswith(".lock")} == {MEDASR.name}


def test_only_what_a_model_needs_is_fetched(puller: Puller, hub: Hub) -> None:
    passport = puller()
    assert hub.fetched() == set(passport.files) == set(hub.files()) - set(UNWANTED)
    assert {WEIGHTS, LANGUAGE_MODEL, "config.json", "tokenizer.json", "README.md", "LICENSE"} <= hub.fetched()


def test_the_language_model_is_pulled_checked_and_taken_for_the_beam(puller: Puller, repository: Path) -> None:
    settings = Settings(data_dir=puller.data, models_dir=puller.models)
    assert language_model_of(settings) is None
    passport = puller()
    pulled = puller.models / MEDASR.name / LANGUAGE_MODEL
    assert pulled.read_bytes() == (repository / LANGUAGE_MODEL).read_bytes()
    assert passport.files[LANGUAGE_MODEL].sha256 == LanguageModel(pulled, ALPHABET).sha256
    assert LANGUAGE_MODEL in verify_files(ModelFolder(pulled.parent, MEDASR))[0]
    assert language_model_of(settings) == pulled
    assert language_model_of(settings.model_copy(update={"language_model": "none"})) is None


def test_a_repository_without_a_language_model_is_pulled_as_well(puller: Puller, hub: Hub, tmp_path: Path) -> None:
    hub.folder = Path(shutil.copytree(hub.folder, tmp_path / "without"))
    (hub.folder / LANGUAGE_MODEL).unlink()
    assert LANGUAGE_MODEL not in puller().files
    folder = ModelFolder(puller.models / MEDASR.name, MEDASR)
    folder.require()
    assert language_model_of(Settings(data_dir=puller.data, models_dir=puller.models)) is None
    assert puller() == folder.passport


def test_a_pull_that_breaks_in_the_language_model_goes_on_there(puller: Puller, hub: Hub) -> None:
    hub.drop_after[LANGUAGE_MODEL] = 1_000
    assert "stopped in the middle" in puller.fails(ModelNeeded)
    (part,) = puller.models.glob(f".medasr.pulling/.{LANGUAGE_MODEL}.*.part")
    assert part.stat().st_size == 1_000
    assert LANGUAGE_MODEL in puller().files


def test_a_second_pull_does_nothing(puller: Puller, hub: Hub) -> None:
    first = puller()
    hub.requests.clear()
    puller.progress.clear()
    assert puller() == first
    assert installed(MEDASR, puller.models) == first
    assert (hub.requests, puller.progress) == ([], [])


def test_a_changed_file_is_pulled_again(puller: Puller, hub: Hub, repository: Path) -> None:
    puller()
    weights = puller.models / MEDASR.name / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    assert installed(MEDASR, puller.models) is None
    puller()
    assert weights.read_bytes() == (repository / WEIGHTS).read_bytes()


def test_a_model_that_a_killed_install_had_moved_aside_comes_back(puller: Puller, hub: Hub) -> None:
    first = puller()
    (puller.models / "medasr").rename(puller.models / ".medasr.earlier")
    hub.requests.clear()
    assert puller() == first
    assert hub.requests == []
    ModelFolder(puller.models / "medasr", MEDASR).require()
    assert not (puller.models / ".medasr.earlier").exists()


@pytest.mark.parametrize("masks", MASKS)
def test_progress_never_falls_and_ends_whole(masks: Masks, puller: Puller, hub: Hub) -> None:
    hub.masks = masks
    hub.drop_after[WEIGHTS] = (hub.folder / WEIGHTS).stat().st_size - 1
    hub.ignores_ranges = True
    passport = puller(pauses=(0.0,))
    total = sum(stored.size for stored in passport.files.values())
    done = [done for _, done, _ in puller.progress]
    assert done == sorted(done)
    assert done[-1] == total
    assert {total_told for _, _, total_told in puller.progress} == {total}
    assert {name for name, _, _ in puller.progress} == set(passport.files)


def test_a_broken_pull_goes_on_where_it_stopped(puller: Puller, hub: Hub) -> None:
    hub.drop_after[WEIGHTS] = 50_000
    line = puller.fails(ModelNeeded)
    assert "stopped in the middle" in line
    assert "what arrived is kept; run the same command again" in line
    assert installed(MEDASR, puller.models) is None
    before = hub.fetched()
    hub.requests.clear()
    puller()
    assert weights_requests(hub) == ["bytes=50000-"]
    assert hub.fetched() & before == {WEIGHTS}


@pytest.mark.parametrize("ignores_ranges", [False, True])
def test_what_arrived_is_kept_where_nothing_more_comes(
    ignores_ranges: bool, puller: Puller, hub: Hub, repository: Path
) -> None:
    hub.drop_after[WEIGHTS] = 50_000
    hub.withheld, hub.ignores_ranges = {WEIGHTS}, ignores_ranges
    line = puller.fails(ModelNeeded, pauses=(0.0,))
    assert f"{hub.cdn_host} stopped in the middle (nothing more of the file came); what arrived is kept" in line
    (part,) = puller.models.glob(f".medasr.pulling/.{WEIGHTS}.*.part")
    assert part.read_bytes() == (repository / WEIGHTS).read_bytes()[:50_000]
    hub.withheld, hub.ignores_ranges = set(), False
    hub.requests.clear()
    puller()
    assert weights_requests(hub) == ["bytes=50000-"]


def test_an_address_whose_signature_has_ended_is_asked_for_anew(puller: Puller, hub: Hub) -> None:
    hub.drop_after[WEIGHTS] = 50_000
    puller.fails(ModelNeeded)
    hub.requests.clear()
    hub.refusals[weights_path(hub)] = [Refusal(403)]
    puller(pauses=(0.0,))
    assert weights_requests(hub) == ["bytes=50000-", "bytes=50000-"]
    assert [ask.path for ask in hub.requests if ask.method == "GET"].count(hub.url(WEIGHTS)) == 2


def test_a_drop_is_mended_within_the_pull(puller: Puller, hub: Hub) -> None:
    hub.drop_after[WEIGHTS] = 50_000
    puller(pauses=(0.0,))
    assert weights_requests(hub) == [None, "bytes=50000-"]


@pytest.mark.parametrize("masks", MASKS)
def test_an_interrupted_pull_goes_on_where_it_stopped(masks: Masks, puller: Puller, hub: Hub, repository: Path) -> None:
    hub.masks = masks

    def interrupt() -> None:
        if len([name for name, _, _ in puller.progress if name == WEIGHTS]) == 2:
            raise KeyboardInterrupt

    puller.on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        puller()
    assert {event["host"] for event in puller.outbound("closed")} == {hub.host, hub.cdn_host}
    (part,) = puller.models.glob(f".medasr.pulling/.{WEIGHTS}.*.part")
    arrived = part.stat().st_size
    assert 0 < arrived < (repository / WEIGHTS).stat().st_size
    puller.on_progress = lambda: None
    hub.requests.clear()
    puller()
    assert weights_requests(hub) == [f"bytes={arrived}-"]


@pytest.mark.parametrize("name", [WEIGHTS, LANGUAGE_MODEL, "config.json"])
def test_a_damaged_file_is_refused_deleted_and_mended_by_a_second_pull(puller: Puller, hub: Hub, name: str) -> None:
    hub.flipped.add(name)
    line = puller.fails(VerificationFailed)
    assert f"the hub gave a damaged file ({name}: " in line
    assert "run the same command again" in line
    assert not [path for path in puller.models.rglob("*") if name in path.name]
    assert installed(MEDASR, puller.models) is None
    hub.flipped.clear()
    puller()
    ModelFolder(puller.models / MEDASR.name, MEDASR).require()


def test_a_file_damaged_after_it_arrived_is_fetched_again(puller: Puller, hub: Hub, repository: Path) -> None:
    hub.drop_after[WEIGHTS] = 50_000
    puller.fails(ModelNeeded)
    (part,) = puller.models.glob(f".medasr.pulling/.{WEIGHTS}.*.part")
    assert part.read_bytes() == (repository / WEIGHTS).read_bytes()[:50_000]
    part.write_bytes(bytes(50_000))
    puller.fails(VerificationFailed)
    puller()
    assert (puller.models / "medasr" / WEIGHTS).read_bytes() == (repository / WEIGHTS).read_bytes()


def test_what_another_revision_left_is_not_installed(puller: Puller) -> None:
    staged = puller.models / ".medasr.pulling"
    staged.mkdir(parents=True)
    (staged / "model-00001-of-00002.safetensors").write_bytes(b"old")
    (staged / f".{WEIGHTS}.0123456789abcdef.part").write_bytes(b"old")
    puller()
    assert {path.name for path in (puller.models / "medasr").iterdir()} == {
        *puller().files,
        "assistant-model.json",
    }


def test_every_host_is_in_the_log_with_its_bytes(puller: Puller, hub: Hub) -> None:
    puller()
    assert {event["host"] for event in puller.outbound("opened")} == {hub.host, hub.cdn_host}
    events = {event["host"]: event for event in puller.outbound("closed")}
    assert set(events) == {hub.host, hub.cdn_host} == {ask.host for ask in hub.requests}
    assert sum(event["received_bytes"] for event in events.values()) == hub.sent_bytes
    assert sum(event["sent_bytes"] for event in events.values()) == hub.received_bytes
    assert {event["why"] for event in events.values()} == {"pull medasr"}
    assert all(set(event) == {"host", "received_bytes", "sent_bytes", "state", "why"} for event in events.values())


def test_nothing_but_the_hub_and_its_cdn_is_looked_up(puller: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: set[str] = set()
    real = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **named: Any) -> Any:
        looked_up.add(host)
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    puller()
    assert looked_up == {"127.0.0.1", "localhost"}


def test_the_endpoint_of_the_environment_is_taken_as_it_is_now(
    puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"{hub.endpoint}/")
    puller(endpoint=None)
    assert {ask.host for ask in hub.requests} == {hub.host, hub.cdn_host}


def test_the_given_endpoint_comes_before_the_environments(
    puller: Puller, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    puller()


@pytest.mark.parametrize("address", ["huggingface.co", "ftp://huggingface.co", "https://", "\x00"])
def test_an_endpoint_that_is_no_address(puller: Puller, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(UsageProblem, match="HF_ENDPOINT: is not an http"):
        puller(endpoint=address)
