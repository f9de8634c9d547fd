"""A recogniser on another machine: any server that speaks OpenAI's ``/v1/audio/transcriptions`` (vLLM, speaches,
whisper.cpp, OpenAI itself). Never used unless it is asked for by name: what was said leaves this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from pipelines.addresses import host_of, is_address
from pipelines.ports import Outbound
from pipelines.records import Availability, Engine
from pipelines.speech.audio import RATE
from pipelines.speech.by_pieces import MINIMUM_SECONDS, ByPieces
from pipelines.speech.completeness import Timed, missing_warnings, unaccounted
from pipelines.speech.pieces import PIECE_SECONDS, Piece
from pipelines.speech.recognizer import ByListening, Heard, SoFar
from pipelines.speech.remote_answer import Said
from pipelines.speech.remote_client import SETTING, RemoteClient
from pipelines.speech.remote_writer import RemoteWriter
from pipelines.speech.voice import VoiceDetector, VoiceStream
from pipelines.text.lexicon import Lexicon

TIMEOUT_SECONDS: Final = 60.0
RETRIES: Final = 2


class RemoteRecognizer(ByListening):
    """What a server hears, piece by piece: at most 25 s, cut in pauses, and only where somebody speaks.

    Args:
        outbound: the way there.
        url: of the server, or of its ``…/audio/transcriptions``; None where none is set.
        model: the name by which the server knows the model; None where none is set.
        key: of the user, where the server wants one.
        timeout: seconds for one piece.
        retries: further attempts at a piece where the server does not answer or is out of order.
        pause: waits so many seconds between them.
    """

    name: Final = "remote"
    minimum_seconds: Final = MINIMUM_SECONDS

    def __init__(
        self,
        outbound: Outbound,
        url: str | None,
        model: str | None,
        key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._model = model
        self._voice = VoiceDetector()
        self._client = RemoteClient(outbound, url or "", model or "", key, timeout, retries, pause)

    def available(self) -> Availability:
        for value, name in ((self._url, "URL"), (self._model, "MODEL")):
            if not value:
                return Availability(
                    ready=False,
                    detail=f"no server is named ({SETTING}_{name} is not set)",
                    remedy=f"set {SETTING}_URL and {SETTING}_MODEL; what is said is then sent to that server",
                )
        if not is_address(self._url or ""):
            return Availability(
                ready=False, detail=f"{SETTING}_URL is not an http(s) address", remedy="name it as https://HOST/…"
            )
        return Availability(ready=True, detail=f"{self._model} at {host_of(self._url or '')}: the sound is sent there")

    def engine(self) -> Engine:
        return Engine(
            name=self.name,
            version=version("httpx2"),
            model=self._model,
            note=f"the sound leaves this machine: it is sent to {host_of(self._url or '')}, which alone knows what"
            " weights it runs",
        )

    def libraries(self) -> dict[str, str]:
        return {name: version(name) for name in ("httpx2", "onnxruntime", "numpy")}

    def listen(self, lexicon: Lexicon | None = None) -> RemoteListening:  # noqa: ARG002 -- servers differ in what they would do with one
        """See `Recognizer.listen`. The listening raises ModelNeeded where the server does not do its work."""
        return RemoteListening(self._client, self._voice.listen())


class RemoteListening(ByPieces):
    """See `Listening`.

    Args:
        client: asks the server.
        voice: finds where somebody speaks.
    """

    def __init__(self, client: RemoteClient, voice: VoiceStream) -> None:
        super().__init__(voice)
        self._client = client
        self._writer = RemoteWriter()
        self._seconds = 0.0

    def so_far(self) -> SoFar:
        """What has ended in a pause; what is being said is not sent twice."""
        return SoFar(self._writer.text, "", self._writer.segments)

    def finish(self) -> Heard:
        speech = self._hear_out()
        segments = self._writer.segments
        timed = [Timed(word.text, word.start, word.end) for segment in segments for word in segment.words]
        missed = unaccounted(speech, timed) if self._writer.times != "spread" else ()
        parameters: dict[str, Any] = {
            "piece_seconds": PIECE_SECONDS,
            "sound": "16-bit WAV",
            "word_times": self._writer.times,
            **self._client.parameters(),
        }
        return Heard(
            raw=self._writer.text,
            segments=segments,
            finish_reason="stop",
            seconds=self._seconds,
            parameters=parameters,
            warnings=(*self._writer.warnings(), *missing_warnings(missed)),
            language=self._writer.language,
            speech=speech,
        )

    def _take(self, piece: Piece) -> None:
        started = time.perf_counter()
        said: Said = self._client.transcribe(self._sound.of(piece))
        self._writer.add(said, piece.first / RATE, piece.last / RATE)
        self._seconds += time.perf_counter() - started
