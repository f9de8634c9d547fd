"""The recognisers that can be asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.speech.decoding import Decoding
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.recognizer import Recognizer
from pipelines.speech.whisper import WhisperRecognizer
from pipelines.weights.folder import ModelFolder

#: Devices on which the prepared form is the faster one.
_CPU = ("auto", "cpu")


def recognizers(
    *,
    cache_dir: Path | None = None,
    threads: int = 0,
    medasr: ModelFolder | None = None,
    models_dir: Path | None = None,
    decoding: Decoding | None = None,
    device: str = "auto",
    remote: Callable[[], Recognizer] | None = None,
) -> dict[str, Callable[[], Recognizer]]:
    """Every recogniser by name, best default first, each made when called.

    ``medasr`` runs its prepared form where that is there and the device is a CPU, else the checkpoint itself;
    ``medasr-reference`` always the latter, ``medasr-int8`` the smaller prepared form.

    Args:
        cache_dir: as `WhisperRecognizer`.
        threads: as each of them.
        medasr: where MedASR lies or would lie; without it there is no engine of that name.
        models_dir: where its prepared forms lie.
        decoding: as `MedASRRecognizer`.
        device: as `MedASRRecognizer`.
        remote: makes the one that sends the sound to a server; without it there is no ``remote``.
    """
    known: dict[str, Callable[[], Recognizer]] = {}
    if medasr is not None:

        def reference(name: str) -> MedASRRecognizer:
            return MedASRRecognizer(medasr, threads, device, decoding=decoding, name=name)

        def fastest() -> MedASRRecognizer:
            if models_dir is not None and device in _CPU:
                prepared = MedASRRecognizer(medasr, threads, decoding=decoding, prepared=models_dir)
                if prepared.available().ready:
                    return prepared
            return reference("medasr")

        known["medasr"] = fastest
    known["whisper"] = lambda: WhisperRecognizer(cache_dir, threads)
    if medasr is not None:
        known["medasr-reference"] = lambda: reference("medasr-reference")
        known["medasr-int8"] = lambda: MedASRRecognizer(
            medasr, threads, decoding=decoding, prepared=models_dir, precision="int8", name="medasr-int8"
        )
    if remote is not None:
        known["remote"] = remote
    return known
