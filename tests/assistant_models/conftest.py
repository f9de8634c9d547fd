"""A hub with one repository, and a user who pulls from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from pipelines.weights.catalogue import MEDASR
from tests.support.hub_server import Hub
from tests.support.local_server import serve
from tests.support.pulling import Puller, build_repository

#: What the environment of whoever runs the tests must not add.
_OWN = (
    "HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
)  # fmt: skip


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Where models are installed."""
    return tmp_path / "models"


@pytest.fixture
def own_hub_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No token, no proxy, no other hub than the test names."""
    for name in _OWN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_repository(tmp_path_factory.mktemp("repository") / "medasr")


@pytest.fixture
def hub(repository: Path) -> Iterator[Hub]:
    with serve(Hub(repository, MEDASR.repository, MEDASR.revision)) as served:
        yield served


@pytest.fixture
def puller(hub: Hub, tmp_path: Path, own_hub_settings: None) -> Iterator[Puller]:
    made = Puller(hub, tmp_path)
    yield made
    made.log.close()
