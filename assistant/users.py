"""Who works at this machine."""

from __future__ import annotations

import getpass
import os


def user_name() -> str:
    """As the operating system says."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
