"""MedASR: Google's model of English medical dictation, fed as its own pipeline feeds it."""

from __future__ import annotations

import threading
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from pipelines.records import Availability, Engine
from pipelines.speech.audio import RATE
from pipelines.speech.decoding import Decoding, decoder_of
from pipelines.speech.medasr_listening import MedASRListening
from pipelines.speech.network import Network
from pipelines.speech.recognizer import ByListening
from pipelines.speech.voice import VoiceDetector
from pipelines.speech.voice_gate import MARGIN_SECONDS
from pipelines.speech.windows import FIELD
from pipelines.text.lexicon import Lexicon
from pipelines.weights.folder import ModelFolder

_NOTE: Final = (
    "for English medical dictation: weaker on accents from outside the United States, in noise, on new drug names, "
    "dates, times and durations, and not made for conversations"
)


class MedASRRecognizer(ByListening):
    """MedASR. Punctuation and headings come as it writes them, ``{period}`` and ``[FINDINGS]``.

    Args:
        folder: where the model lies.
        threads: CPU threads; 0 leaves the choice to the library. With transformers it counts for the whole process.
        device: for transformers: ``auto`` (cuda, else mps, else cpu) or a device as torch names it.
        prepared: the models folder in which its ONNX form lies, to run that; None runs the checkpoint itself through
            transformers, which is the reference.
        precision: of the ONNX form.
        decoding: how tokens are found.
        voice_gate: leave out what it writes where nobody speaks.
        name: by which it is asked for.
        ungated: let ``int8`` run without a verdict on the user's own recordings: for measuring.
    """

    minimum_seconds: Final = FIELD / RATE
    writes_braces = True

    def __init__(
        self,
        folder: ModelFolder,
        threads: int = 0,
        device: str = "auto",
        *,
        prepared: Path | None = None,
        precision: Literal["fp32", "int8"] = "fp32",
        decoding: Decoding | None = None,
        voice_gate: bool = True,
        name: str = "medasr",
        ungated: bool = False,
    ) -> None:
        self.name = name
        self._folder = folder
        self._threads = threads
        self._device = device
        self._prepared = prepared
        self._precision = precision
        self._decoding = decoding or Decoding()
        self._voice_gate = voice_gate
        self._ungated = ungated
        self._network: Network | None = None
        self._voice = VoiceDetector()
        self._loading = threading.Lock()

    def available(self) -> Availability:
        at = self._folder.availability()
        if self._prepared is None or not at.ready:
            return at
        from pipelines.speech.medasr_onnx import prepared_availability

        return prepared_availability(self._folder, self._prepared, self._precision)

    def engine(self) -> Engine:
        runtime = "transformers" if self._prepared is None else "onnxruntime"
        return self._folder.engine(version=version(runtime), note=_NOTE).model_copy(update={"name": self.name})

    def libraries(self) -> dict[str, str]:
        runtime = ("transformers", "torch", "tokenizers") if self._prepared is None else ()
        beam = () if self._decoding.greedy else ("ctc-beam-decoder",)
        return {name: version(name) for name in (*runtime, *beam, "onnxruntime", "numpy")}

    def listen(self, lexicon: Lexicon | None = None) -> MedASRListening:
        """See `Recognizer.listen`.

        The listening raises UsageProblem where the device asked for is not one of this machine.
        """
        return MedASRListening(
            self._loaded,
            lambda network: decoder_of(network.alphabet, self._decoding, lexicon),
            self._voice.listen(),
            {"threads": self._threads},
            margin_seconds=MARGIN_SECONDS if self._voice_gate else None,
        )

    def _loaded(self) -> Network:
        with self._loading:
            if self._network is None:
                self._network = self._load()
            return self._network

    def _load(self) -> Network:
        if self._prepared is None:
            from pipelines.speech.medasr_model import load

            return load(self._folder, self._threads, self._device)
        from pipelines.speech.medasr_onnx import load_prepared

        self._folder.require()
        return load_prepared(
            self._folder, self._prepared, threads=self._threads, precision=self._precision, ungated=self._ungated
        )
