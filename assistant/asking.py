"""Asks a server that the user has named, again where that may help, and says what its refusals mean for him."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from pipelines.errors import Cancelled
from pipelines.models.generator import never

if TYPE_CHECKING:
    from assistant.records.credentials import Credentials
    from assistant.settings import Settings
    from pipelines.ports import Arriving, Outbound

Answered = TypeVar("Answered")
Progress = Callable[[str, float], None]

#: Statuses that may be over in a while.
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Seconds before the first further attempt; each later one waits twice as long, but for chance.
_PAUSE: Final = 1.0
#: A server that wants to be left alone for longer is taken to be out of order.
_LONGEST_PAUSE: Final = 60.0
_STEP: Final = 0.25
_TOKEN: Final = "token"
_LOGIN: Final = "name and password"
#: By what servers call them (RFC 9110, 11.6.1).
_WAYS: Final = {"bearer": _TOKEN, "basic": _LOGIN}
_WAY: Final = re.compile(r"(?:^|,)\s*(bearer|basic)\b(?!\s*=)", re.IGNORECASE)


def no_progress(_what: str, _share: float) -> None:
    """For whoever shows none."""


@dataclass(frozen=True)
class Means:
    """What a command has for fetching from servers."""

    settings: Settings
    outbound: Callable[[], Outbound]
    """Makes the way out, when something is fetched."""
    progress: Progress = no_progress
    """Told what is being done and the share done, from 0 to 1."""
    cancelled: Callable[[], bool] = never
    """Asked every moment; where it says yes the fetching ends."""
    pause: Callable[[float], None] = time.sleep
    """Waits so many seconds."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The time, with its zone."""


class Refused(Exception):
    """The server answers with a status that is none of success.

    Args:
        status: of its answer.
        issue: a known code for why, where it gives one.
        wants: what it says that it takes instead, of `_WAYS`.
    """

    def __init__(self, status: int, issue: str | None = None, wants: tuple[str, ...] = ()) -> None:
        super().__init__(status, issue, wants)
        self.status = status
        self.issue = issue
        self._wants = wants

    @classmethod
    def by(cls, arriving: Arriving, issue: str | None = None) -> Refused:
        """From the head of the answer."""
        ways = {way.lower() for way in _WAY.findall(arriving.headers.get("www-authenticate", ""))}
        return cls(arriving.status, issue, tuple(name for way, name in _WAYS.items() if way in ways))

    @property
    def reason(self) -> str:
        return f"{self.status}, {self.issue}" if self.issue else str(self.status)

    def meaning(self, credentials: Credentials, docs: str) -> tuple[str, str] | None:
        """What the server does, and what its user can do about it; None where that depends on what was asked for.

        Args:
            credentials: what was sent.
            docs: where it is written who gets in.
        """
        why = f"({self.reason})"
        match self.status:
            case 401:
                sent = _TOKEN if credentials.token() else _LOGIN if credentials.login() else None
                wanted = f"a {' or a '.join(self._wants or (sent or _TOKEN,))}"
                does = f"does not take the {sent}" if sent else f"wants {wanted}"
                return f"{does} {why}", f"give {wanted} of this server: see {docs}"
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
