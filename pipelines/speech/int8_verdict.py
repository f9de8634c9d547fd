"""Whether int8 may be used: only after it was measured on the user's own recordings against fp32.

Rounding the weights to eight bits changes words here and there, and which ones depends on voices and vocabulary. So no
figure of ours lets it run: a verdict lies beside the prepared files, of exactly these files, or int8 does not start.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from pipelines.errors import UsageProblem
from pipelines.records import Value
from pipelines.speech.prepared import Manifest
from pipelines.weights.whole import write_whole

VERDICT: Final = "int8-verdict.json"
LEAST_SECONDS: Final = 1_800
LEAST_DRUG_MENTIONS: Final = 100
LARGEST_LOSS: Final = 0.005
"""Of the word error rate, over all words and over drugs: half a point."""
ENGINE: Final = "medasr-int8"

_MEASURE: Final = f"run: assistant evaluate speech --data YOUR-RECORDINGS --engine {ENGINE}"


class ErrorRates(Value):
    """Of one form on one set of recordings, as fractions."""

    wer: float
    drug_wer: float


class IntEightVerdict(Value):
    """What was measured, on what, and of which files."""

    data_sha256: str
    seconds: float
    drug_mentions: int
    fp32: ErrorRates
    int8: ErrorRates
    weights_sha256: str
    fp32_sha256: str
    int8_sha256: str
    at: datetime

    def objection(self) -> str | None:
        """Why int8 may not run on the strength of this; None where it may."""
        short = []
        # Put so that what is not a number proves nothing, here and below.
        if not self.seconds >= LEAST_SECONDS:
            short.append(f"{self.seconds / 60:.1f} of {LEAST_SECONDS // 60} minutes of sound")
        if self.drug_mentions < LEAST_DRUG_MENTIONS:
            short.append(f"{self.drug_mentions} of {LEAST_DRUG_MENTIONS} mentions of drugs")
        if short:
            return f"was measured on too little: {' and '.join(short)}"
        lost = [
            f"{(after - before) * 100:.2f} points of {name}"
            for name, before, after in (
                ("WER", self.fp32.wer, self.int8.wer),
                ("drug WER", self.fp32.drug_wer, self.int8.drug_wer),
            )
            if not after - before <= LARGEST_LOSS + 1e-9
        ]
        if lost:
            return f"loses {' and '.join(lost)} against fp32; at most {LARGEST_LOSS * 100:.1f} may be lost"
        return None


def record_verdict(
    place: Path,
    manifest: Manifest,
    *,
    data_sha256: str,
    seconds: float,
    drug_mentions: int,
    fp32: ErrorRates,
    int8: ErrorRates,
    at: datetime,
) -> IntEightVerdict:
    """Let int8 run from now on, where the figures allow it.

    A measurement that shows too great a loss also takes back what an earlier one allowed.

    Args:
        place: the prepared folder.
        data_sha256: of the recordings and their texts.
        seconds: of sound.
        drug_mentions: how often a drug is named in it.

    Raises:
        UsageProblem: the data are too few or the loss is too great; nothing is recorded.
        OSError: the disk refuses.
    """
    verdict = IntEightVerdict(
        data_sha256=data_sha256,
        seconds=seconds,
        drug_mentions=drug_mentions,
        fp32=fp32,
        int8=int8,
        weights_sha256=manifest.weights_sha256,
        fp32_sha256=manifest.sha256("fp32"),
        int8_sha256=manifest.sha256("int8"),
        at=at,
    )
    objection = verdict.objection()
    if objection is not None:
        enough = seconds >= LEAST_SECONDS and drug_mentions >= LEAST_DRUG_MENTIONS
        if enough:
            (place / VERDICT).unlink(missing_ok=True)
        remedy = "use medasr, which is fp32" if enough else _MEASURE.replace("YOUR", "MORE")
        raise UsageProblem(ENGINE, objection, remedy)
    write_whole(place / VERDICT, verdict.model_dump_json(indent=1).encode())
    return verdict


def require_verdict(place: Path, manifest: Manifest) -> IntEightVerdict:
    """The verdict that lets int8 run.

    Raises:
        UsageProblem: there is none, it is of other files, or it does not allow it; with how to come to one.
    """
    try:
        verdict = IntEightVerdict.model_validate_json((place / VERDICT).read_bytes())
    except FileNotFoundError:
        raise UsageProblem(ENGINE, "has not been measured on your own recordings", _MEASURE) from None
    except (OSError, ValidationError):
        raise UsageProblem(ENGINE, f"has a verdict that cannot be read ({VERDICT})", _MEASURE) from None
    of = (verdict.weights_sha256, verdict.fp32_sha256, verdict.int8_sha256)
    if of != (manifest.weights_sha256, manifest.sha256("fp32"), manifest.sha256("int8")):
        raise UsageProblem(ENGINE, "was measured in another form than the one that is prepared now", _MEASURE)
    if (objection := verdict.objection()) is not None:
        raise UsageProblem(ENGINE, objection, _MEASURE)
    return verdict
