"""Memory for three hours of sound through MedASR, from the file to the transcript, against ten minutes of it.

At the real architecture and size with random weights, prepared, in fp32; each length in its own process, whose peak
is what the operating system counts, libraries, weights and all. Three hours take a quarter of an hour.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.line import print_line

SECONDS = (600, 3 * 3600)
GOAL_MB = 1_000


def hear(models: Path, weights: Path, path: Path) -> None:
    """In the child: transcribe, and say what it took."""
    from pipelines.speech.audio import inspect_recording
    from pipelines.speech.live import Writing
    from pipelines.speech.medasr import MedASRRecognizer
    from pipelines.speech.transcribe import transcribe
    from pipelines.text.lexicon import Lexicon
    from pipelines.text.lexicon_builtin import builtin
    from pipelines.weights.catalogue import MEDASR
    from pipelines.weights.folder import ModelFolder
    from tests.support.peak_memory import peak_bytes

    recording = inspect_recording(path, path.name, "0" * 64, "file")
    recognizer = MedASRRecognizer(ModelFolder(weights, MEDASR), 2, prepared=models)
    started = time.perf_counter()
    transcript, _ = transcribe(recording, path, recognizer, writing=Writing(Lexicon(builtin())))
    print(
        json.dumps(
            {
                "peak_mb": peak_bytes() / 2**20,
                "seconds": time.perf_counter() - started,
                "characters": len(transcript.raw),
            }
        )
    )


def main() -> None:
    from tests.support.medasr_parity import spoken_seconds
    from tests.support.prepared_medasr import prepare_into
    from tests.support.real_size_medasr import build

    with tempfile.TemporaryDirectory() as scratch:
        import soundfile

        weights = build(Path(scratch) / "medasr")
        models = Path(scratch) / "models"
        prepare_into(models, weights)
        speech = spoken_seconds(150)
        found = {}
        for seconds in SECONDS:
            path = Path(scratch) / f"{seconds}.flac"
            with soundfile.SoundFile(path, "w", 16_000, 1, "PCM_16") as out:
                for start in range(0, seconds * 16_000, len(speech)):
                    out.write(np.asarray(speech[: seconds * 16_000 - start]))
            child = [sys.executable, "-m", "benchmarks.speech_memory", str(models), str(weights), str(path)]
            found[seconds] = json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout)
    short, long = (found[seconds] for seconds in SECONDS)
    print_line(
        "speech_memory",
        {
            "peak_mb_10_min": short["peak_mb"],
            "peak_mb_3_h": long["peak_mb"],
            "seconds_10_min": short["seconds"],
            "seconds_3_h": long["seconds"],
            "characters_3_h": long["characters"],
        },
        long["peak_mb"] / short["peak_mb"],
        f"three hours of sound in under {GOAL_MB} MB",
        met=long["peak_mb"] < GOAL_MB,
    )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        hear(*map(Path, sys.argv[1:]))
    else:
        main()
