"""MedASR as transformers alone loads and runs it, to hold ours against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.audio import RATE, read_speech
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.medasr_model import load
from pipelines.speech.windows import FIELD, WINDOW, rows
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.tiny_medasr_training import SAMPLES
from tests.support.windows import windows

#: Torch tells it of every even convolution, once per process, to whoever is first: here transformers called directly.
FIRST_CONVOLUTION = "ignore:Using padding='same':UserWarning"


def spoken_seconds(seconds: float) -> Samples:
    """So much of this project's recordings, one after the other and levelled."""
    said = [read_speech(path, path.name).samples for path in sorted((SAMPLES / "recordings").glob("*.flac"))]
    return correct_level(np.concatenate(said)[: round(seconds * RATE)])[0]


class Direct:
    """The checkpoint as transformers alone loads and runs it."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForCTC, AutoProcessor, pipeline

        self.network = AutoModelForCTC.from_pretrained(folder)
        self.processor = AutoProcessor.from_pretrained(folder)
        self.pipeline = pipeline(
            "automatic-speech-recognition",
            model=self.network,
            tokenizer=self.processor.tokenizer,
            feature_extractor=self.processor.feature_extractor,
        )

    def logits(self, samples: Samples) -> NDArray[np.float32]:
        import torch

        with torch.no_grad():
            found: NDArray[np.float32] = self.network(**self.processor(samples, sampling_rate=RATE)).logits[0].numpy()
        return found

    def text(self, samples: Samples) -> str:
        said: str = self.pipeline(samples.copy(), chunk_length_s=20, stride_length_s=2)["text"]
        return said.replace("</s>", "").replace("<s>", "").strip()


def averaged(direct: Direct, samples: Samples) -> NDArray[np.float64]:
    """Posteriors of the whole recording, [rows, ids]: those of all windows that hear a row, by Hamming weights."""
    weights = np.hamming(rows(WINDOW))[:, None]
    total = np.zeros((rows(len(samples)), len(direct.logits(samples[:FIELD])[0])))
    share = np.zeros((len(total), 1))
    for window in windows(len(samples)):
        logits = direct.logits(samples[window.first : window.last]).astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        place = slice(window.first_row, window.first_row + len(logits))
        total[place] += powers / powers.sum(axis=1, keepdims=True) * weights[: len(logits)]
        share[place] += weights[: len(logits)]
    posteriors: NDArray[np.float64] = total / share
    return posteriors


def assert_parity(folder: Path, samples: Samples, direct: Direct) -> None:
    """Logits of every window, ids of every row and the text are the same."""
    ours = load(ModelFolder(folder, MEDASR))
    for window in windows(len(samples)):
        part = samples[window.first : window.last]
        assert np.array_equal(ours.logits(part), direct.logits(part))
    ids = averaged(direct, samples).argmax(axis=1).tolist()
    heard = MedASRRecognizer(ModelFolder(folder, MEDASR), voice_gate=False).recognise(samples)
    decoded = direct.processor.tokenizer.decode(ids).replace("</s>", "").replace("<s>", "").strip()
    assert heard.raw == decoded != ""
    if len(samples) <= WINDOW:
        assert heard.raw == direct.text(samples)
