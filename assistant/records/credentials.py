"""What a server wants before it hands out what is a patient's: a token of the user's, or his name and password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

from assistant.records.address import ServerAddress
from assistant.secrets import server_key
from pipelines.errors import UsageProblem
from pipelines.ports import Login


class Credentials(Protocol):
    """Where what one server wants comes from."""

    def token(self) -> str | None:
        """The token, or None where there is none."""
        ...

    def login(self) -> Login | None:
        """Likewise name and password."""
        ...

    def renew(self) -> bool:
        """The server does not take it any more: get another. False where there is no other to get."""
        ...


@dataclass(frozen=True)
class Account:
    """What the settings say of who the user is on one server: ``PREFIX_URL``, ``PREFIX_TOKEN`` and so on."""

    prefix: str
    has: str
    """What of a patient's is there."""
    url: str | None
    token: SecretStr | None = field(repr=False)
    user: SecretStr | None = field(repr=False)
    password: SecretStr | None = field(repr=False)
    client: str | None = None
    """What proves by itself who it is."""

    def is_of(self, server: ServerAddress) -> bool:
        """Whether any of it is for ``server``: nothing ever goes to another.

        Raises:
            UsageProblem: the settings do not fit together.
        """
        ways = {"TOKEN": self.token, "USER": self.user, "CLIENT_ID": self.client}
        given = [f"{self.prefix}_{name}" for name, value in ways.items() if value]
        if self.password and not self.user:
            raise UsageProblem(f"{self.prefix}_PASSWORD", "does not say whose it is", f"set {self.prefix}_USER")
        if len(given) > 1:
            raise UsageProblem(given[1], f"is given beside {given[0]}", "unset one of them")
        if self.url is None:
            if given:
                raise UsageProblem(
                    given[0], "does not say for which server it is", f"set {self.prefix}_URL to its base"
                )
            return False
        return ServerAddress.parse(self.url, f"{self.prefix}_URL", has=self.has, account=self.prefix) == server

    def credentials(self, server: ServerAddress) -> Credentials:
        """Token, or name and password; else what the keyring has for the server.

        Raises:
            UsageProblem: the settings do not fit together.
        """
        is_mine = self.is_of(server)
        if is_mine and self.user:
            return GivenLogin(self.prefix, self.user, self.password, server.host)
        return GivenToken(self.token if is_mine else None, server.host)


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

    def login(self) -> Login | None:
        return None

    def renew(self) -> bool:
        return False


class GivenLogin:
    """The name that the user has given, and his password, which he has given or keeps in the keyring.

    Args:
        prefix: of the settings, for errors.
        host: of the server; the keyring has the password under the user and it.
    """

    def __init__(self, prefix: str, user: SecretStr, password: SecretStr | None, host: str) -> None:
        self._prefix = prefix
        self._user = user.get_secret_value()
        self._password = password
        self._host = host
        self._looked_up: Login | None = None

    def token(self) -> str | None:
        return None

    def login(self) -> Login | None:
        """Name and password.

        Raises:
            UsageProblem: they are none that can be sent.
        """
        if self._looked_up is None:
            password = server_key(self._password, f"{self._user}@{self._host}")
            if password is None:
                raise UsageProblem(
                    f"{self._prefix}_USER",
                    "has no password",
                    f"run: keyring set clinical-assistant USER@{self._host}  (or set {self._prefix}_PASSWORD)",
                )
            if ":" in self._user or not self._user.isprintable():
                raise UsageProblem(f"{self._prefix}_USER", "is no user's name: it has other signs", "set it anew")
            if not password.isprintable():
                raise UsageProblem(f"{self._prefix}_PASSWORD", "is no password: it has other signs", "set it anew")
            self._looked_up = Login(self._user, password)
        return self._looked_up

    def renew(self) -> bool:
        return False
