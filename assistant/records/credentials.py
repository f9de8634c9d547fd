"""What a FHIR server wants before it hands out a record: a token of the user's."""

from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr

from assistant.secrets import server_key


class Credentials(Protocol):
    """Where the token for one server comes from."""

    def token(self) -> str | None:
        """The token, or None where there is none."""
        ...

    def renew(self) -> bool:
        """The server does not take it any more: get another. False where there is no other to get."""
        ...


class GivenToken:
    """The token that the user has given or keeps in the keyring; it is as it is.

    Args:
        given: by a setting.
        host: of the server, under which the keyring may have one.
    """

    def __init__(self, given: SecretStr | None, host: str) -> None:
        self._given = given
        self._host = host
        self._looked_up: tuple[str | None] | None = None

    def token(self) -> str | None:
        if self._looked_up is None:
            self._looked_up = (server_key(self._given, self._host),)
        return self._looked_up[0]

    def renew(self) -> bool:
        return False
