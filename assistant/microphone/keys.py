"""Single keys from the terminal, without waiting for them."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def keys() -> Iterator[Callable[[float], str]]:
    """Yields what waits up to so many seconds for a key and says which, or an empty string. The terminal is left as it
    was found. Ctrl-C stays a signal."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([terminal], [], [], seconds)
        # What a function key sends counts as one key that means nothing.
        return os.read(terminal, 16).decode("utf-8", "replace")[:1] if ready else ""

    try:
        tty.setcbreak(terminal)
        yield pressed
    finally:
        # The terminal may be gone.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
