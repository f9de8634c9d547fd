"""What a user has confirmed once for all, kept in the session log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from assistant.users import user_name
from pipelines.errors import UsageProblem

if TYPE_CHECKING:
    from assistant.sessions import SessionLog

RESEARCH_USE: Final = "research-use"

#: What each confirmation says, as it is shown.
TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        RESEARCH_USE: (
            "Results about images come from a model that is made for research and development. They are no diagnosis,\n"
            "have not been validated for clinical use here, and can be wrong in what they see and where.\n"
            "I will use them for research and development only, and not for decisions about a patient's care."
        )
    }
)
_KIND: Final = "confirmed"


def confirm(log: SessionLog, what: str) -> bool:
    """Keep in the log that this user confirms ``what``; False where it was confirmed before.

    Raises:
        UsageProblem: there is nothing of that name to confirm.
    """
    if what not in TEXTS:
        raise UsageProblem(what, "is nothing that can be confirmed", f"use one of: {', '.join(TEXTS)}")
    if has_confirmed(log, what):
        return False
    log.event(_KIND, None, {"what": what, "user": user_name(), "text_sha256": _digest(what)})
    return True


def has_confirmed(log: SessionLog, what: str) -> bool:
    """Whether this user has confirmed the present text of ``what``."""
    wanted = {"what": what, "user": user_name(), "text_sha256": _digest(what)}
    return any({key: said.get(key) for key in wanted} == wanted for said in log.payloads(_KIND))


def _digest(what: str) -> str:
    return hashlib.sha256(TEXTS[what].encode()).hexdigest()
