"""int8 MedASR measured against fp32 on the user's own recordings: what alone lets it run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.speech.int8_verdict import ENGINE, ErrorRates, record_verdict
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.prepared import read_prepared

if TYPE_CHECKING:
    from pipelines.evaluation.speech import SpeechCase
    from pipelines.speech.live import Writing
    from pipelines.weights.folder import ModelFolder

Figures = dict[str, Any]
Progress = Callable[[str, float], None]


def measure_int8(
    folder: ModelFolder,
    models_dir: Path,
    threads: int,
    cases: Sequence[SpeechCase],
    writing: Writing,
    progress: Progress,
) -> tuple[Figures, Callable[[], None]]:
    """The figures of int8 on these recordings, with those of fp32 under ``fp32``.

    Returns:
        The figures, and what records them as the verdict; that raises UsageProblem where they do not allow int8.

    Raises:
        ModelNeeded: one of the two forms is not prepared.
    """
    from pipelines.evaluation.speech import evaluate

    place, manifest = read_prepared(folder, models_dir, "int8")
    exact = MedASRRecognizer(folder, threads, prepared=models_dir)
    small = MedASRRecognizer(folder, threads, prepared=models_dir, precision="int8", name=ENGINE, ungated=True)
    before = evaluate(cases, exact, writing, lambda share: progress("fp32", share / 2))
    figures = evaluate(cases, small, writing, lambda share: progress("int8", (1 + share) / 2))

    def record() -> None:
        record_verdict(
            place,
            manifest,
            data_sha256=_digest(cases),
            seconds=figures["seconds"],
            drug_mentions=figures["drug_mentions"],
            fp32=_rates(before),
            int8=_rates(figures),
            at=datetime.now(UTC),
        )

    return {**figures, "fp32": {key: before[key] for key in ("wer", "drug_wer", "real_time_factor")}}, record


def _rates(figures: Figures) -> ErrorRates:
    """Where nothing was said there is no rate: not a number, which proves nothing."""
    return ErrorRates(**{key: float("nan") if figures[key] is None else figures[key] for key in ("wer", "drug_wer")})


def _digest(cases: Sequence[SpeechCase]) -> str:
    digest = hashlib.sha256()
    for case in cases:
        sound = hashlib.sha256(case.audio.read_bytes()).hexdigest() if case.audio.is_file() else ""
        digest.update(f"{sound} {case.text}\n".encode())
    return digest.hexdigest()
