"""Tokens by SMART backend services: what is proven, to whom, and what is said where none comes of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from pipelines.errors import BadInput, UsageProblem
from tests.assistant_records.conftest import Fetcher
from tests.support.fhir_server import FaultyFhirServer, outcome, resource
from tests.support.local_server import SECRET, Reply, drop

KEY = ec.generate_private_key(ec.SECP384R1())


def write_key(path: Path, key: Any, lock: KeySerializationEncryption | None = None) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption()))
    return path


def granting(token: str) -> Reply:
    return resource({"access_token": token, "token_type": "Bearer", "expires_in": 300})


@pytest.fixture
def client(server: FaultyFhirServer, fetcher: Fetcher, tmp_path: Path) -> FaultyFhirServer:
    """A server that gives tokens to this program."""
    key = write_key(tmp_path / "key.pem", KEY)
    fetcher.settings.update(fhir_url=server.base, fhir_client_id="me", fhir_private_key=key)
    server.smart = {"token_endpoint": f"{server.base}/token", "capabilities": ["permission-v2"]}
    server.granted = [granting("one"), granting("two")]
    server.token = "one"
    return server


def fetch(server: FaultyFhirServer, fetcher: Fetcher) -> None:
    fetcher.fetch(f"{server.base}/Patient/p1")


def test_it_proves_who_it_is(client: FaultyFhirServer, fetcher: Fetcher) -> None:
    fetcher.settings["fhir_key_id"] = "k-1"
    fetch(client, fetcher)
    (asked,) = [one for one in client.requests if one.path == "token"]
    assert asked.media == "application/x-www-form-urlencoded"
    form = dict(asked.form)
    assertion = form.pop("client_assertion")
    assert form == {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    place = f"{client.base}/token"
    claims = jwt.decode(assertion, KEY.public_key(), ["ES384"], audience=place, issuer="me")
    assert (claims["sub"], len(claims["jti"]) >= 32) == ("me", True)
    assert 0 < claims["exp"] - time.time() <= 300
    assert jwt.get_unverified_header(assertion) == {"alg": "ES384", "typ": "JWT", "kid": "k-1"}
    assert {one.token for one in client.requests if one.path.startswith(("Patient", "Observation"))} == {"one"}


def test_an_rsa_key_signs_as_well(client: FaultyFhirServer, fetcher: Fetcher, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    fetcher.settings["fhir_private_key"] = write_key(tmp_path / "rsa.pem", key)
    fetch(client, fetcher)
    (asked,) = [one for one in client.requests if one.path == "token"]
    jwt.decode(asked.form["client_assertion"], key.public_key(), ["RS384"], audience=f"{client.base}/token")
    assert jwt.get_unverified_header(asked.form["client_assertion"]) == {"alg": "RS384", "typ": "JWT"}


@pytest.mark.parametrize(
    ("capabilities", "setting", "scope"),
    [(["permission-v1"], None, "system/*.read"), (None, None, "system/*.read"), (["permission-v2"], "a b", "a b")],
)
def test_what_it_asks_to_read(
    client: FaultyFhirServer, fetcher: Fetcher, capabilities: Any, setting: str | None, scope: str
) -> None:
    client.smart = {"token_endpoint": f"{client.base}/token", "capabilities": capabilities}
    fetcher.settings["fhir_scope"] = setting
    fetch(client, fetcher)
    assert [one.form["scope"] for one in client.requests if one.path == "token"] == [scope]


def test_a_token_that_has_ended_is_renewed(client: FaultyFhirServer, fetcher: Fetcher) -> None:
    def change(server: FaultyFhirServer, exchange: Any, request: Any) -> None:
        server.token = "two"
        outcome(401, "expired")(server, exchange, request)

    client.troubles["Observation"] = [change]
    fetch(client, fetcher)
    assert len([one for one in client.requests if one.path == "token"]) == 2
    assert [one.token for one in client.requests if one.path == "Observation"][:2] == ["one", "two"]


def test_but_once_for_one_answer(client: FaultyFhirServer, fetcher: Fetcher) -> None:
    client.token = "another"
    with pytest.raises(BadInput, match=r"does not take the token \(401, login\)"):
        fetch(client, fetcher)
    assert client.granted == []


def test_no_secret_is_written_anywhere(client: FaultyFhirServer, fetcher: Fetcher) -> None:
    fetch(client, fetcher)
    events = fetcher.log.payloads("outbound")
    assert {event["why"] for event in events} == {
        "a token by which the record of a patient may be read from a FHIR server",
        "the record of a patient that the user attached from a FHIR server",
    }
    assertion = next(one.form["client_assertion"] for one in client.requests if one.path == "token")
    assert assertion not in json.dumps(events)
    assert "one" not in json.dumps(events)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(400, b'{"error": "invalid_client"}'), r"gives no token \(400, invalid_client\); register this client"),
        (Reply(400, b'{"error": "invalid_scope"}'), r"gives no token \(400, invalid_scope\); set ASSISTANT_FHIR_SCOPE"),
        (Reply(400, json.dumps({"error": SECRET}).encode()), r"gives no token \(400\); check ASSISTANT_FHIR_URL"),
        (Reply(500), r"gives no token \(500\)"),
        (Reply(302, headers=(("Location", "/elsewhere"),)), r"gives no token \(302\)"),
        (Reply(200), r"gives no token \(200\)"),
        (Reply(200, b"[]"), r"gives no token \(200\)"),
        (resource({"access_token": "one", "token_type": "mac"}), "gives no token that can be used"),
        (resource({"token_type": "bearer"}), "gives no token that can be used"),
        (resource({"access_token": 7, "token_type": "bearer"}), "gives no token that can be used"),
        (drop, r"cannot be reached \(the connection broke off\)"),
    ],
)
def test_where_none_is_given(client: FaultyFhirServer, fetcher: Fetcher, reply: Any, said: str) -> None:
    client.troubles["token"] = [reply]
    with pytest.raises(BadInput, match=f"^{client.host}: {said}") as caught:
        fetch(client, fetcher)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "place", [None, 7, "http://auth.example/token", "ftp://auth.example/token", "token", "https:///token"]
)
def test_no_proof_goes_where_it_may_be_read(client: FaultyFhirServer, fetcher: Fetcher, place: Any) -> None:
    client.smart = {"token_endpoint": place}
    with pytest.raises(BadInput, match="does not say where it gives tokens"):
        fetch(client, fetcher)
    assert [one.path for one in client.requests] == [".well-known/smart-configuration"]


def test_a_server_without_smart(client: FaultyFhirServer, fetcher: Fetcher) -> None:
    client.smart = None
    with pytest.raises(BadInput, match=r"gives no token \(404\); check ASSISTANT_FHIR_URL, or give"):
        fetch(client, fetcher)


def test_a_server_that_takes_another_signature(client: FaultyFhirServer, fetcher: Fetcher) -> None:
    assert client.smart is not None
    client.smart["token_endpoint_auth_signing_alg_values_supported"] = ["RS384"]
    with pytest.raises(BadInput, match="takes no ES384; register the other kind of key"):
        fetch(client, fetcher)


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "lock", "said"),
        [
            (ec.generate_private_key(ec.SECP256R1()), None, "is of a kind that SMART does not know"),
            (ed25519.Ed25519PrivateKey.generate(), None, "is of a kind that SMART does not know"),
            (rsa.generate_private_key(65537, 1024), None, "is of a kind that SMART does not know"),
            (KEY, BestAvailableEncryption(b"password"), "is no private key as PEM without a password"),
        ],
        ids=["P-256", "Ed25519", "RSA-1024", "locked"],
    )
    def test_of_the_wrong_kind(
        self, client: FaultyFhirServer, fetcher: Fetcher, tmp_path: Path, key: Any, lock: Any, said: str
    ) -> None:
        fetcher.settings["fhir_private_key"] = write_key(tmp_path / "other.pem", key, lock)
        with pytest.raises(UsageProblem, match=f"ASSISTANT_FHIR_PRIVATE_KEY: {said}"):
            fetch(client, fetcher)
        assert client.requests == []

    @pytest.mark.parametrize("data", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
    def test_none_at_all(self, client: FaultyFhirServer, fetcher: Fetcher, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "key.pem").write_bytes(data)
        with pytest.raises(UsageProblem, match="is no private key as PEM"):
            fetch(client, fetcher)

    def test_a_file_that_is_not_there(self, client: FaultyFhirServer, fetcher: Fetcher, tmp_path: Path) -> None:
        (tmp_path / "key.pem").unlink()
        with pytest.raises(UsageProblem, match="cannot be read"):
            fetch(client, fetcher)

    def test_a_client_without_one(self, client: FaultyFhirServer, fetcher: Fetcher) -> None:
        fetcher.settings["fhir_private_key"] = None
        with pytest.raises(UsageProblem, match="ASSISTANT_FHIR_CLIENT_ID: has no key"):
            fetch(client, fetcher)

    def test_a_library_that_is_not_there(
        self, client: FaultyFhirServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "jwt", None)
        with pytest.raises(UsageProblem, match=r"pip install 'clinical-assistant\[fhir-server\]'"):
            fetch(client, fetcher)
