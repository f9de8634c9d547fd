"""Who works at this machine."""

from __future__ import annotations

import os
import pwd


def user_name() -> str:
    """As the operating system says, whatever the environment does."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
