"""The session log: everything a run was given and made, durable, sealed and checkable."""

from assistant.sessions.disk import Disk
from assistant.sessions.log import SessionLog
from assistant.sessions.verification import Verification
from assistant.sessions.views import RunSummary, RunView, StateChange

__all__ = ["Disk", "RunSummary", "RunView", "SessionLog", "StateChange", "Verification"]
