"""Asks a transcription server about one piece of sound, again where that may help, and says what is wrong in one line.

Nothing that a server answers is shown: it may hold what was said.
"""

from __future__ import annotations

import io
import threading
import wave
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from pipelines.addresses import host_of, is_address
from pipelines.errors import ModelNeeded
from pipelines.ports import Answer, Form, Outbound, Unreachable
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.remote_answer import NotAnAnswer, Said, read_answer

SETTING: Final = "ASSISTANT_REMOTE_SPEECH"
#: Half a minute of speech with the times of all words is some ten thousand bytes.
MOST_BYTES: Final = 1 << 20
#: Seconds before the first further attempt; each later one waits twice as long.
_PAUSE: Final = 1.0
#: A server that wants to be left alone for longer is taken to be out of order.
_LONGEST_PAUSE: Final = 30.0
_PATH: Final = "/v1/audio/transcriptions"
#: How answers are asked for, the fullest first. Some models give text alone, and refuse the rest.
_FORMATS: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
    ),
    (("response_format", "verbose_json"),),
    (("response_format", "json"),),
)
#: What servers answer to a form of which they do not take all.
_REFUSED_FORM: Final = (400, 415, 422)


class RemoteClient:
    """One server. May be used by several threads at once.

    Args:
        outbound: the way there.
        url, model, key, timeout, retries, pause: as `RemoteRecognizer`.
    """

    def __init__(
        self,
        outbound: Outbound,
        url: str,
        model: str,
        key: str | None,
        timeout: float,
        retries: int,
        pause: Callable[[float], None],
    ) -> None:
        self._outbound = outbound
        self._url = transcriptions_url(url)
        self._host = host_of(url)
        self._model = model
        self._key = key
        self._timeout = timeout
        self._retries = retries
        self._pause = pause
        self._format = 0
        """The fullest one that the server takes, as far as is known."""
        self._choosing = threading.Lock()

    def parameters(self) -> dict[str, Any]:
        return {
            "host": self._host,
            "model": self._model,
            "temperature": 0.0,
            "response_format": _FORMATS[self._format][0][1],
            "granularities": [value for name, value in _FORMATS[self._format][1:]],
        }

    def transcribe(self, samples: Samples) -> Said:
        """What the server hears in mono 16 kHz samples, [n].

        Raises:
            ModelNeeded: it gives no usable answer.
            UsageProblem: its address may not be asked.
        """
        sound = _wav(samples)
        tried = self._format
        while True:
            answer = self._ask(sound, tried)
            if answer.status not in _REFUSED_FORM or tried + 1 == len(_FORMATS):
                break
            tried += 1
        self._refuse(answer)
        try:
            said = read_answer(answer.body)
        except NotAnAnswer as problem:
            raise self._problem(
                f"{answer.host} does not answer as a transcription server does ({problem})", f"check {SETTING}_URL"
            ) from None
        with self._choosing:
            self._format = max(self._format, tried)
        return said

    def _ask(self, sound: bytes, tried: int) -> Answer:
        """One answer that is not a passing trouble."""
        form = Form(
            fields=(("model", self._model), ("temperature", "0"), *_FORMATS[tried]),
            file_field="file",
            file_name="speech.wav",
            media_type="audio/wav",
            data=sound,
        )
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            wait: float | None = _PAUSE * 2**attempt
            try:
                answer = self._outbound.post_form(
                    self._url,
                    form,
                    why="speech to text by the engine remote",
                    timeout=self._timeout,
                    bearer=self._key,
                    most_bytes=MOST_BYTES,
                )
            except Unreachable as error:
                if last:
                    raise self._problem(
                        f"{error.host} cannot be reached ({error.reason})",
                        f"start it, check network and {SETTING}_URL, or give it more time by {SETTING}_TIMEOUT",
                    ) from None
            else:
                passing = answer.status == 429 or answer.status >= 500
                if passing:
                    wait = _wanted_pause(answer, _PAUSE * 2**attempt)
                if not passing or last or wait is None:
                    return answer
            if wait is not None:
                self._pause(wait)
        raise AssertionError("the last attempt returns or raises")

    def _refuse(self, answer: Answer) -> None:
        host, status = answer.host, answer.status
        if status in (401, 403):
            given = "does not take the key" if self._key else "wants a key"
            raise self._problem(f"{host} {given} ({status})", f"set {SETTING}_KEY to one of this server")
        if status == 404:
            raise self._problem(
                f"{host} has no such address, or no model {self._model}", f"check {SETTING}_URL and {SETTING}_MODEL"
            )
        if status == 413:
            raise self._problem(
                f"{host} takes no piece of 25 s ({status})", "raise its limit for uploads to one megabyte"
            )
        if status == 429:
            raise self._problem(f"{host} has had too many requests", "wait a while, then resume the run")
        if status >= 500:
            raise self._problem(f"{host} is out of order ({status})", "see its own log, then resume the run")
        if 300 <= status < 400:
            raise self._problem(
                f"{host} sends elsewhere ({status}), and sound is not sent on", f"name the right {SETTING}_URL"
            )
        if status >= 400:
            raise self._problem(f"{host} refuses ({status})", f"check {SETTING}_URL and {SETTING}_MODEL")
        if not answer.whole:
            raise self._problem(f"{host} answers more than a transcription is", f"check {SETTING}_URL")

    def _problem(self, problem: str, remedy: str) -> ModelNeeded:
        return ModelNeeded("remote", problem, remedy)


def transcriptions_url(url: str) -> str:
    """The address to ask: as given where it names one, else the protocol's below it."""
    if not is_address(url):
        return url.strip()
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/")
    if path.endswith(("/transcriptions", "/inference")):
        return url.strip()
    path = path.removesuffix("/v1") + _PATH
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def _wav(samples: Samples) -> bytes:
    """Mono 16 kHz samples, [n], as a 16-bit WAV file: all servers read that."""
    whole = np.rint(np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(whole.tobytes())
    return out.getvalue()


def _wanted_pause(answer: Answer, otherwise: float) -> float | None:
    """Seconds that the server asks us to wait; None where that is too long."""
    after = answer.headers.get("retry-after", "").strip()
    wanted = float(after) if after.isascii() and after.isdigit() else otherwise
    return wanted if wanted <= _LONGEST_PAUSE else None
