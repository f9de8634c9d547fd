"""Asks a server that the user has named, again where that may help, and says what its refusals mean for him."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from pipelines.errors import Cancelled

Answered = TypeVar("Answered")

#: Statuses that may be over in a while.
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Seconds before the first further attempt; each later one waits twice as long, but for chance.
_PAUSE: Final = 1.0
#: A server that wants to be left alone for longer is taken to be out of order.
_LONGEST_PAUSE: Final = 60.0
_STEP: Final = 0.25


def no_progress(_what: str, _share: float) -> None:
    """For whoever shows none."""


class Refused(Exception):
    """The server answers with a status that is none of success.

    Args:
        status: of its answer.
        issue: a known code for why, where it gives one.
    """

    def __init__(self, status: int, issue: str | None = None) -> None:
        super().__init__(status, issue)
        self.status = status
        self.issue = issue

    @property
    def reason(self) -> str:
        return f"{self.status}, {self.issue}" if self.issue else str(self.status)

    def meaning(self, *, has_token: bool, docs: str) -> tuple[str, str] | None:
        """What the server does, and what its user can do about it; None where that depends on what was asked for.

        Args:
            has_token: whether a token was sent.
            docs: where it is written who gets in.
        """
        why = f"({self.reason})"
        match self.status:
            case 401:
                return f"{'does not take the token' if has_token else 'wants a token'} {why}", (
                    f"give one of this server: see {docs}"
                )
            case 403:
                return f"does not let you read it {why}", "ask for the right, or for a wider scope"
            case 429:
                return f"has too much to do {why}", "wait a while, then attach it again"
            case status if status >= 500:
                return f"is out of order {why}", "see its own log, then attach it again"
            case status if 300 <= status < 400:
                return f"sends elsewhere {why}, and nobody goes there", "name the address itself"
        return None


class Passing(Exception):
    """What may be over in a while.

    Args:
        finally_: what is raised if it is not.
        wait: seconds that the server wants to be left alone; None where it does not say.
    """

    def __init__(self, finally_: Exception, wait: float | None = None) -> None:
        super().__init__(finally_)
        self.finally_ = finally_
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for."""

    timeout: float
    """Seconds for one answer."""
    retries: int
    """Further attempts where it does not answer whole or has too much to do."""
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def persist(self, once: Callable[[], Answered], cancelled: Callable[[], bool]) -> Answered:
        """What ``once`` returns, asked again where it raises `Passing`.

        Args:
            cancelled: asked every moment; where it says yes nothing more is asked.

        Raises:
            Cancelled: it is not wanted any more.
            Exception: what ``once`` raises, and what did not pass.
        """
        for attempt in range(self.retries + 1):
            if cancelled():
                raise Cancelled
            try:
                return once()
            except Passing as trouble:
                longest = _PAUSE * 2**attempt
                wait = trouble.wait if trouble.wait is not None else longest * (0.5 + self.chance() / 2)
                if attempt == self.retries or wait > _LONGEST_PAUSE:
                    raise trouble.finally_ from None
                self._wait(wait, cancelled)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        while seconds > 0:
            if cancelled():
                raise Cancelled
            self.pause(min(seconds, _STEP))
            seconds -= _STEP
