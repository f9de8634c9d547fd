"""Asks a chat server, again where that may help, and says what is wrong in one line.

Nothing that a server says is shown: it may repeat what it was asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pipelines.addresses import host_of, is_this_machine
from pipelines.errors import Cancelled, ModelNeeded, UsageProblem
from pipelines.models.generator import Following
from pipelines.models.openai.address import chat_url, models_url, props_url
from pipelines.models.openai.answer import Answered, Coming, OtherEnd
from pipelines.models.openai.control import removed
from pipelines.models.openai.events import MEDIA_TYPE, Broken, Reported, pieces
from pipelines.models.openai.refusals import is_about_length, said_by, takes_no_pictures
from pipelines.models.telling import Telling
from pipelines.pauses import wanted_pause
from pipelines.ports import Arriving, JsonRequest, Outbound, TooLate, Unreachable

SETTING: Final = "ASSISTANT_OPENAI"
#: Seconds before the first further attempt; each later one waits twice as long, but for chance.
_PAUSE: Final = 1.0
#: A server that wants to be left alone for longer is taken to be out of order.
_LONGEST_PAUSE: Final = 30.0
_STEP: Final = 0.25
#: Of what it says about itself, or against a request.
_MOST_SAID: Final = 1 << 20
_LOOK_SECONDS: Final = 10.0
#: An event has some 300 bytes around its piece of text.
_BYTES_PER_TOKEN: Final = 4096
_REFUSED: Final = (400, 415, 422, 501)


class Refused(Exception):
    """The server does not take the request.

    Args:
        status: of its answer.
        words: what it says: to be looked at, never shown.
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(status)
        self.status = status
        self.words = words


class _Passing(Exception):
    """What may be over in a while.

    Args:
        wait: seconds that the server wants to be left alone; None where it does not say.
    """

    def __init__(self, problem: str, remedy: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.wait = wait


@dataclass(frozen=True)
class Server:
    """Where a server is and how it is to be asked; see `OpenAIGenerator` for each."""

    outbound: Outbound
    url: str
    key: Callable[[], str | None]
    timeout: float
    retries: int
    off_machine: bool
    pause: Callable[[float], None]
    chance: Callable[[], float]

    @property
    def host(self) -> str:
        return host_of(self.url)

    def answer(self, body: dict[str, Any], budget: int, following: Following) -> Answered:
        """The answer to a request that wants it streamed.

        Raises:
            Refused: the server does not take the request.
            ModelNeeded: it gives no whole answer.
            Cancelled: it is not wanted any more.
            UsageProblem: it may not be asked.
        """
        self.require_allowed()
        data = json.dumps(body, ensure_ascii=False).encode()
        telling = Telling(following, budget, removed)
        for attempt in range(self.retries + 1):
            if following.cancelled():
                raise Cancelled
            try:
                return self._once(data, budget, following, telling)
            except _Passing as trouble:
                longest = _PAUSE * 2**attempt
                wait = trouble.wait if trouble.wait is not None else longest * (0.5 + self.chance() / 2)
                if attempt == self.retries or wait > _LONGEST_PAUSE:
                    raise self.problem(trouble.problem, trouble.remedy) from None
                self._wait(wait, following)
        raise AssertionError("the last attempt returns or raises")

    def told(self, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """What the server says about itself, place by place; nothing where it does not."""
        for url in (models_url(self.url), props_url(self.url)):
            if url is None:
                continue
            try:
                with self._asking(url, None, _LOOK_SECONDS, _MOST_SAID, cancelled) as arriving:
                    told = json.loads(b"".join(arriving.blocks)) if arriving.status == 200 else None
            except Unreachable:
                return
            except (ValueError, RecursionError):
                continue
            yield told

    def require_allowed(self) -> None:
        """Raises UsageProblem where the address is of another machine and nothing may leave this one."""
        if not self.off_machine and not is_this_machine(self.url):
            raise UsageProblem(
                self.host,
                "is another machine, and nothing may leave this one",
                f"set {SETTING}_OFF_MACHINE=true if the text and pictures of a run may be sent there",
            )

    def problem(self, problem: str, remedy: str) -> ModelNeeded:
        return ModelNeeded("openai", problem, remedy)

    def _once(self, data: bytes, budget: int, following: Following, telling: Telling) -> Answered:
        most = _MOST_SAID + _BYTES_PER_TOKEN * budget
        try:
            with self._asking(chat_url(self.url), data, self.timeout, most, following.cancelled) as arriving:
                self._require_stream(arriving)
                return Coming(budget, telling).take(pieces(arriving.blocks))
        except TooLate as late:
            raise self.problem(
                f"{late.host} gives {late.reason}", f"give it more time by {SETTING}_TIMEOUT, or see its own log"
            ) from None
        except Unreachable as gone:
            raise _Passing(
                f"{gone.host} cannot be reached ({gone.reason})", f"start it, or check network and {SETTING}_URL"
            ) from None
        except Reported as error:
            if is_about_length(error.words):
                raise Refused(200, error.words) from None
            raise self._broken(error) from None
        except Broken as broken:
            raise self._broken(broken) from None
        except OtherEnd:
            raise self.problem(
                f"{self.host} ended its answer for another reason than its end",
                "see its own log: a filter may have stopped it",
            ) from None

    def _broken(self, broken: Broken) -> _Passing:
        return _Passing(
            f"{self.host} does not answer as a chat server does ({broken})", f"see its own log, or check {SETTING}_URL"
        )

    @contextmanager
    def _asking(
        self, url: str, data: bytes | None, timeout: float, most: int, cancelled: Callable[[], bool] | None
    ) -> Iterator[Arriving]:
        request = JsonRequest(
            url,
            data,
            why="language and images by the engine openai" if data else "what the server of the engine openai can take",
            timeout=timeout,
            bearer=self.key(),
            most_bytes=most,
            off_machine=self.off_machine,
            cancelled=cancelled,
        )
        with self.outbound.ask_json(request) as arriving:
            yield arriving

    def _require_stream(self, arriving: Arriving) -> None:
        """Raises what is wrong with an answer that is none."""
        status, host = arriving.status, arriving.host
        if status == 200:
            media = arriving.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media != MEDIA_TYPE:
                raise self.problem(
                    f"{host} does not answer as a chat server does (no stream of events)", f"check {SETTING}_URL"
                )
            return
        said = said_by(arriving)
        if status >= 400 and takes_no_pictures(said):
            raise self.problem(
                f"{host} takes no pictures with this model",
                f"give it its picture encoder (mmproj), or set {SETTING}_IMAGES=false",
            )
        if status in _REFUSED:
            raise Refused(status, said)
        if status == 429:
            raise _Passing(
                f"{host} has too much to do (429)", "wait a while, then resume the run", wanted_pause(arriving)
            )
        if status >= 500 or status in (408, 425):
            if is_about_length(said):
                raise Refused(status, said)
            raise _Passing(
                f"{host} is out of order ({status})", "see its own log, then resume the run", wanted_pause(arriving)
            )
        raise self._against(status, host)

    def _against(self, status: int, host: str) -> ModelNeeded:
        if status in (401, 403):
            given = "does not take the key" if self.key() else "wants a key"
            return self.problem(f"{host} {given} ({status})", f"set {SETTING}_KEY to one of this server")
        if status == 404:
            return self.problem(
                f"{host} has no such address or model",
                f"check {SETTING}_URL and {SETTING}_MODEL: ask it for /v1/models",
            )
        if status == 413:
            return self.problem(f"{host} takes no request as large (413)", "raise its limit, or give fewer pictures")
        if 300 <= status < 400:
            return self.problem(
                f"{host} sends elsewhere ({status}), and nothing is sent on", f"name the right {SETTING}_URL"
            )
        return self.problem(f"{host} refuses ({status})", f"check {SETTING}_URL and {SETTING}_MODEL")

    def _wait(self, seconds: float, following: Following) -> None:
        while seconds > 0:
            if following.cancelled():
                raise Cancelled
            self.pause(min(seconds, _STEP))
            seconds -= _STEP
