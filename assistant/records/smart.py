"""A token by SMART backend services: this program proves by a signature who it is, and nobody has to log in.

After HL7's SMART App Launch 2.2, "Backend Services" and "Client Authentication: Asymmetric"
(http://hl7.org/fhir/smart-app-launch/).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from assistant.records.address import ServerAddress, may_be_asked
from assistant.records.written import Json, NotJson, read
from pipelines.errors import BadInput, UsageProblem
from pipelines.ports import JsonRequest, Login, Outbound, Unreachable

_WHY: Final = "a token by which the record of a patient may be read from a FHIR server"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: Seconds for which a signed assertion counts; SMART allows 300.
_COUNTS: Final = 240
_MOST_SAID: Final = 1 << 20
_MOST_KEY: Final = 1 << 16
#: Error codes that may be shown (RFC 6749, section 5.2).
_ERRORS: Final = frozenset(
    "invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope".split()
)
_KEY: Final = "ASSISTANT_FHIR_PRIVATE_KEY"


@dataclass(frozen=True)
class Client:
    """Who this program is to the server, as it was registered there."""

    id: str
    key: Path
    """A private key as PEM: RSA of at least 2,048 bits, or EC on P-384."""
    key_id: str | None
    """By which the server knows the public one, where it knows several."""
    scope: str | None
    """What may be read; None for everything that backend services may."""


class BackendServices:
    """Tokens for one server, each got when the one before is not taken any more.

    Args:
        client: see `Client`.
        server: whose records are to be read.
        timeout: seconds for one answer.
    """

    def __init__(
        self,
        client: Client,
        server: ServerAddress,
        outbound: Outbound,
        timeout: float,
        cancelled: Callable[[], bool],
    ) -> None:
        self._client = client
        self._server = server
        self._outbound = outbound
        self._timeout = timeout
        self._cancelled = cancelled
        self._token: str | None = None

    def token(self) -> str | None:
        """A token.

        Raises:
            BadInput: the server gives none.
            UsageProblem: the key cannot be used.
            Cancelled: it is not wanted any more.
        """
        if self._token is None:
            self._token = self._new_token()
        return self._token

    def login(self) -> Login | None:
        return None

    def renew(self) -> bool:
        self._token = None
        return True

    def _new_token(self) -> str:
        key, algorithm = _private_key(self._client.key)
        said = self._said_by(self._server.below(".well-known/smart-configuration"), None)
        place = said.get("token_endpoint")
        if not isinstance(place, str) or not may_be_asked(place):
            raise self._problem("does not say where it gives tokens (smart-configuration)", "give a token of your own")
        takes = said.get("token_endpoint_auth_signing_alg_values_supported")
        if isinstance(takes, list) and takes and algorithm not in takes:
            raise self._problem(f"takes no {algorithm}", "register the other kind of key: RSA, or EC on P-384")
        grant = {
            "grant_type": "client_credentials",
            "scope": self._client.scope or _widest(said),
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(key, algorithm, place),
        }
        granted = self._said_by(place, urlencode(grant).encode())
        token = granted.get("access_token")
        if not isinstance(token, str) or not token or str(granted.get("token_type", "")).lower() != "bearer":
            raise self._problem("gives no token that can be used", "see its own log")
        return token

    def _assertion(self, key: Any, algorithm: str, place: str) -> str:
        import jwt

        claims = {
            "iss": self._client.id,
            "sub": self._client.id,
            "aud": place,
            "exp": int(time.time()) + _COUNTS,
            "jti": str(uuid.uuid4()),
        }
        named = {"kid": self._client.key_id} if self._client.key_id else {}
        return jwt.encode(claims, key, algorithm=algorithm, headers=named)

    def _said_by(self, url: str, form: bytes | None) -> dict[str, Json]:
        request = JsonRequest(
            url,
            form,
            why=_WHY,
            timeout=self._timeout,
            most_bytes=_MOST_SAID,
            off_machine=True,
            cancelled=self._cancelled,
            media_type="application/x-www-form-urlencoded",
            accept="application/json",
        )
        try:
            with self._outbound.ask_json(request) as arriving:
                said = read(b"".join(arriving.blocks))
        except Unreachable as gone:
            raise self._problem(
                f"cannot be reached ({gone.reason})", "check the network, then attach it again", gone.host
            ) from None
        except NotJson:
            said = None
        if arriving.status != 200 or not isinstance(said, dict):
            raise self._refusal(arriving.status, said, arriving.host)
        return said

    def _refusal(self, status: int, said: Json, host: str) -> BadInput:
        error = said.get("error") if isinstance(said, dict) else None
        why = f"{status}, {error}" if isinstance(error, str) and error in _ERRORS else str(status)
        match error:
            case "invalid_client" | "unauthorized_client":
                remedy = "register this client and its public key there: see docs/fhir-server.md"
            case "invalid_scope":
                remedy = "set ASSISTANT_FHIR_SCOPE to what this client may read"
            case _:
                remedy = "check ASSISTANT_FHIR_URL, or give a token of your own"
        return self._problem(f"gives no token ({why})", remedy, host)

    def _problem(self, problem: str, remedy: str, host: str | None = None) -> BadInput:
        return BadInput(host or self._server.host, problem, remedy)


def _widest(configuration: dict[str, Json]) -> str:
    """All that may be read, as the server's version of SMART writes it."""
    can = configuration.get("capabilities")
    return "system/*.rs" if isinstance(can, list) and "permission-v2" in can else "system/*.read"


def _private_key(path: Path) -> tuple[Any, str]:
    """The key in a PEM file, and the algorithm by which it signs.

    Raises:
        UsageProblem: it is none that SMART knows, or cannot be read.
    """
    try:
        import jwt  # noqa: F401
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise UsageProblem(
            _KEY, "needs a library that is not installed", "pip install 'clinical-assistant[fhir-server]'"
        ) from None
    try:
        with path.open("rb") as file:
            pem = file.read(_MOST_KEY)
        key = load_pem_private_key(pem, password=None)
    except OSError:
        raise UsageProblem(_KEY, "cannot be read", "name the file of a private key (PEM)") from None
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise UsageProblem(_KEY, "is no private key as PEM without a password", "see docs/fhir-server.md") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return key, "RS384"
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return key, "ES384"
    raise UsageProblem(
        _KEY, "is of a kind that SMART does not know", "make an EC key on P-384: see docs/fhir-server.md"
    )
