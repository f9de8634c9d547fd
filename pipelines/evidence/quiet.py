"""Without the warnings that libraries have for unusual files: they are nothing that a user could act upon."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Final


class Together:
    """A change to what belongs to all threads, from the first that comes to the last that leaves: what each turned back
    by itself would be turned back for another that still reads, or for ever stay as that one found it.

    Args:
        change: made by the first, undone by the last.
    """

    def __init__(self, change: Callable[[], AbstractContextManager[None]]) -> None:
        self._change = change
        self._lock = threading.Lock()
        self._inside = 0
        self._made = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._made.enter_context(self._change())
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._made.close()


@contextmanager
def _unheard() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(pydicom|PIL)\.")
        yield


QUIET: Final = Together(_unheard)
"""Of pydicom and Pillow."""
