"""One recording on its way through MedASR: windows heard as they fill, joined, cut into utterances, decoded."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.speech import ctc
from pipelines.speech.audio import RATE
from pipelines.speech.completeness import Timed, missing_warnings, unaccounted
from pipelines.speech.ctc import Token
from pipelines.speech.decode import Samples
from pipelines.speech.decoding import BestPath, Decoder
from pipelines.speech.glance import Glance
from pipelines.speech.network import Network
from pipelines.speech.posteriors import Posteriors, Seams
from pipelines.speech.recognizer import Heard, SoFar, require_length
from pipelines.speech.settled import Settled, row_moments
from pipelines.speech.utterances import Utterance, Utterances
from pipelines.speech.voice import VoiceStream
from pipelines.speech.voice_gate import VoiceGate
from pipelines.speech.windows import FIELD, OVERLAP, WINDOW, Window, Windows


class MedASRListening:
    """See `Listening`.

    Args:
        load: gives the network; called when something is to be heard.
        decoder: made for the network.
        voice: finds where somebody speaks.
        parameters: of the engine, for the log.
        margin_seconds: words further from any voice are left out; None leaves none out.
    """

    def __init__(
        self,
        load: Callable[[], Network],
        decoder: Callable[[Network], Decoder],
        voice: VoiceStream,
        parameters: dict[str, Any],
        margin_seconds: float | None,
    ) -> None:
        self._load = load
        self._decoder = decoder
        self._voice = voice
        self._parameters = {**parameters, "voice_margin_seconds": margin_seconds}
        self._gate = VoiceGate(voice, margin_seconds)
        self._windows = Windows()
        self._work: _Work | None = None
        # A full window is heard while the next samples come in, so that a screen need not wait for it.
        self._thread = ThreadPoolExecutor(1, "medasr")
        self._hearing: Future[tuple[Window, NDArray[np.float32]]] | None = None
        self._seconds = 0.0

    def hear(self, samples: Samples) -> None:
        self._voice.hear(samples)
        for window, heard in self._windows.hear(samples):
            self._settle()
            self._hearing = self._thread.submit(self._listen, window, heard)

    def so_far(self) -> SoFar:
        work = self._working()
        if self._hearing is not None and (self._hearing.done() or work.needs_window(self._windows)):
            self._settle()
        return work.so_far(self._windows)

    def finish(self) -> Heard:
        try:
            require_length(self._windows.heard, FIELD / RATE, "recording")
            self._voice.finish()
            work = self._working()
            self._settle()
            last = self._windows.finish()
            if last is not None:
                work.add(*self._listen(*last))
            return self._heard(work)
        finally:
            self._thread.shutdown()

    def _working(self) -> _Work:
        if self._work is None:
            network = self._load()
            self._work = _Work(network, self._decoder(network), self._gate)
        return self._work

    def _listen(self, window: Window, samples: Samples) -> tuple[Window, NDArray[np.float32]]:
        started = time.perf_counter()
        logits = self._load().logits(samples)
        self._seconds += time.perf_counter() - started
        return window, logits

    def _settle(self) -> None:
        """Take in the window that is being heard, once it is."""
        if self._hearing is not None:
            hearing, self._hearing = self._hearing, None
            window, logits = hearing.result()
            self._working().add(window, logits)

    def _heard(self, work: _Work) -> Heard:
        started = time.perf_counter()
        tokens = work.finish()
        duration = self._windows.heard / RATE

        def moments(row: int) -> tuple[float, float]:
            start, end = row_moments(row)
            return min(start, duration), min(end, duration)

        raw, words = ctc.words(tokens, work.network.alphabet, moments)
        speech = tuple((first / RATE, last / RATE) for first, last in self._voice.spans)
        missed = unaccounted(speech, [Timed(word.text, word.start, word.end) for word in words])
        return Heard(
            raw=raw,
            segments=ctc.segments(words),
            finish_reason="stop",
            seconds=self._seconds + time.perf_counter() - started,
            parameters={
                "window_seconds": WINDOW / RATE,
                "overlap_seconds": OVERLAP / RATE,
                "seams": "posteriors averaged, Hamming",
                "pause_seconds": ctc.PAUSE_SECONDS,
                **work.decoder.parameters(),
                **work.network.parameters(),
                **self._parameters,
            },
            warnings=(*self._gate.warnings(), *missing_warnings(missed)),
            tokens=len(tokens),
            speech=speech,
        )


class _Work:
    """What the windows gave so far."""

    def __init__(self, network: Network, decoder: Decoder, gate: VoiceGate) -> None:
        self.network = network
        self.decoder = decoder
        self.gate = gate
        self._seams = Seams(network.alphabet.blank)
        self._utterances = Utterances(network.alphabet.blank)
        self._glance = Glance(network)
        self._rows = 0
        self._tokens: list[Token] = []
        self._settled = Settled(network.alphabet)

    def add(self, window: Window, logits: NDArray[np.float32]) -> None:
        self._take(self._seams.join(window, logits))

    def finish(self) -> tuple[Token, ...]:
        last = self._seams.finish()
        if last is not None:
            self._take(last)
        self._keep(self._utterances.rest())
        return tuple(self._tokens)

    def so_far(self, windows: Windows) -> SoFar:
        """Settled text, and after it the best path through what was heard since."""
        rest = self._utterances.rest()
        parts = [rest.posteriors] if len(rest.posteriors) else []
        ahead = self._glance.ahead(windows, self._rows)
        if len(ahead):
            parts.append(self.gate.through(ahead, self._rows, self._blank, remember=False))
        found = BestPath(self.network.alphabet).tokens(np.concatenate(parts)) if parts else ()
        return self._settled.with_open(self._tokens, found)

    def needs_window(self, windows: Windows) -> bool:
        """Whether something was neither looked at nor is it held any more: only its full window will tell."""
        return not self._glance.reaches(windows, self._rows)

    @property
    def _blank(self) -> int:
        return self.network.alphabet.blank

    def _take(self, posteriors: Posteriors) -> None:
        heard = self.gate.through(posteriors, self._rows, self._blank)
        self._rows += len(posteriors)
        for utterance in self._utterances.add(heard):
            self._keep(utterance)

    def _keep(self, utterance: Utterance) -> None:
        first = utterance.first_row
        self._tokens += [
            Token(token.id, token.first + first, token.last + first, token.probability)
            for token in self.decoder.tokens(utterance.posteriors)
        ]
