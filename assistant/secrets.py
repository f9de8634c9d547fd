"""Keys of servers: from the settings, else from the system's own keeper of secrets. Never written down, never shown."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

#: Under which keys are kept; the user is the server's host, with its port where it has one.
SERVICE: Final = "clinical-assistant"


def server_key(given: SecretStr | None, host: str) -> str | None:
    """The key for ``host``: ``given``, else what ``keyring set clinical-assistant HOST`` has kept; None without either.

    A system without such a keeper, or with one that does not work, has no key: servers that want one will say so.
    """
    if given is not None:
        return given.get_secret_value() or None
    import keyring

    try:
        return keyring.get_password(SERVICE, host) or None
    except Exception:
        # Each keeper has errors of its own, those of the message bus among them.
        return None
