"""The one way out of this machine (design, rule 7): known hosts only, every byte counted, every host in the log.

A connection is opened only inside a command by which the user asks for it, or for an engine that he has chosen by name.
It reaches its endpoint and, where it only asks, the hosts to which that endpoint sends it on, over https; over http
only where the endpoint itself is http. A form or JSON, which may hold what a patient said, goes to its address alone.
The user's token goes to the endpoint alone and is never handed out from here.
"""

from __future__ import annotations

from assistant.outbound.connection import Connection
from assistant.outbound.failures import BrokenOff
from assistant.outbound.folder import FolderOutbound
from assistant.outbound.logged import Outbound
from assistant.outbound.reply import Reply

__all__ = ["BrokenOff", "Connection", "FolderOutbound", "Outbound", "Reply"]
