"""The session log: everything a run was given and made, durable, sealed and checkable."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from assistant.sessions.disk import Disk
    from assistant.sessions.log import SessionLog
    from assistant.sessions.similar import Pictured, Similar
    from assistant.sessions.verification import Verification
    from assistant.sessions.views import RunSummary, RunView, StateChange, StepLine

__all__ = [
    "Disk",
    "Pictured",
    "RunSummary",
    "RunView",
    "SessionLog",
    "Similar",
    "StateChange",
    "StepLine",
    "Verification",
]

_WHERE: Final = {
    "Disk": "disk",
    "Pictured": "similar",
    "RunSummary": "views",
    "RunView": "views",
    "SessionLog": "log",
    "Similar": "similar",
    "StateChange": "views",
    "StepLine": "views",
    "Verification": "verification",
}


def __getattr__(name: str) -> Any:
    """Imported when asked for: who writes a recording to disk does not wait for the database's library."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
