"""Keys of servers: where they come from, and that they are never needed to be shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from pydantic import SecretStr

from assistant.secrets import SERVICE, server_key
from assistant.settings import load_settings


class Kept(KeyringBackend):
    """A keeper with one key, or a broken one."""

    priority = 1

    def __init__(self, broken: bool = False) -> None:
        super().__init__()
        self._broken = broken

    def get_password(self, service: str, username: str) -> str | None:
        if self._broken:
            raise RuntimeError("org.freedesktop.secrets was not provided")
        return "kept" if (service, username) == (SERVICE, "models.example:8000") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def keeper() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Kept())
    yield
    keyring.set_keyring(before)


def test_the_setting_comes_first() -> None:
    assert server_key(SecretStr("given"), "models.example:8000") == "given"
    assert server_key(SecretStr(""), "models.example:8000") is None


def test_then_the_keyring_by_host_and_port() -> None:
    assert server_key(None, "models.example:8000") == "kept"
    assert server_key(None, "models.example") is None


def test_a_system_without_a_working_keeper_has_no_key() -> None:
    keyring.set_keyring(Kept(broken=True))
    assert server_key(None, "models.example:8000") is None


def test_the_keeper_is_not_even_loaded_where_the_setting_has_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert server_key(SecretStr("given"), "h") == "given"


def test_a_key_of_the_settings_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_OPENAI_KEY", "sk-TheKeyOfThisTest")
    settings = load_settings()
    assert "sk-TheKeyOfThisTest" not in f"{settings!r} {settings.model_dump_json()}"
