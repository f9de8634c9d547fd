"""How long a server wants to be left alone."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

from pipelines.ports import Arriving


def wanted_pause(arriving: Arriving) -> float | None:
    """Seconds that the server asks us to wait, if it does."""
    after = arriving.headers.get("retry-after", "").strip()
    if after.isascii() and after.isdigit():
        return float(after)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
