"""Reads pictures of single lines: the recognition model of PP-OCRv6, and what it says of each character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ModelNeeded
from pipelines.evidence.documents.alphabet import alphabet
from pipelines.evidence.documents.ocr_weights import RECOGNITION, REPAIR, weights
from pipelines.quiet import silence_telemetry

if TYPE_CHECKING:
    from pipelines.evidence.documents.level import Grey

#: Pixels: what the model was trained on. A line's picture has this height and any width.
LINE_HEIGHT: Final = 48
_LEAST_WIDTH: Final = 64
"""Trained with 320; without the grey that would fill up short lines, pages of numbers take a third of the time and read
the same."""
_STEP: Final = 8
"""Pixels of width to one step of the model."""
_AT_ONCE: Final = 6


class Sign(NamedTuple):
    """A character as it was read."""

    text: str
    at: float
    """Its middle, in pixels from the left of the line's picture."""
    confidence: float


@dataclass(frozen=True)
class LineReading:
    """What stands in a line, with its spaces."""

    signs: tuple[Sign, ...]
    foreign: int
    """Characters that look more like one of another alphabet."""

    @property
    def text(self) -> str:
        return "".join(sign.text for sign in self.signs)

    @property
    def confidence(self) -> float:
        """The mean; 0 of nothing."""
        return sum(sign.confidence for sign in self.signs) / len(self.signs) if self.signs else 0.0


class LineReader:
    """Loads on construction.

    Args:
        threads: CPU threads.
    """

    def __init__(self, threads: int) -> None:
        silence_telemetry()
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(weights(RECOGNITION)), options, providers=["CPUExecutionProvider"]
            )
            known = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        except ModelNeeded:
            raise
        # onnxruntime's own errors share no base.
        except Exception as problem:
            raise ModelNeeded(RECOGNITION, "cannot be loaded", REPAIR) from problem
        self._input = self._session.get_inputs()[0].name
        self._alphabet = alphabet(known)

    def read(self, lines: Sequence[Grey]) -> list[LineReading]:
        """Each line's reading, in their order."""
        readings: dict[int, LineReading] = {}
        # Lines of like width together: all of a batch are as wide as its widest.
        order = sorted(range(len(lines)), key=lambda index: lines[index].shape[1])
        for start in range(0, len(order), _AT_ONCE):
            batch = order[start : start + _AT_ONCE]
            posteriors = self._session.run(None, {self._input: _as_input([lines[index] for index in batch])})[0]
            readings.update(zip(batch, map(self._reading, posteriors), strict=True))
        return [readings[index] for index in range(len(lines))]

    def _reading(self, posteriors: NDArray[np.float32]) -> LineReading:
        """The likeliest character of each step; equal neighbours are one."""
        chosen = self._alphabet.choose(posteriors)
        best, shares = chosen.argmax(axis=1), chosen.max(axis=1)
        elsewhere = posteriors.max(axis=1) > np.maximum(shares, 0.5)
        signs, foreign = [], 0
        starts = np.flatnonzero(np.diff(best, prepend=-1))
        ends = np.append(starts[1:], len(best))
        for start, end in zip(starts, ends, strict=True):
            if best[start] == 0:
                foreign += int(elsewhere[start:end].sum() > 0)
                continue
            foreign += int(elsewhere[start:end].any())
            middle = (start + end) / 2 * _STEP
            signs.append(Sign(self._alphabet.characters[best[start]], middle, float(min(1, shares[start:end].max()))))
        return LineReading(tuple(signs), foreign)


def _as_input(lines: Sequence[Grey]) -> NDArray[np.float32]:
    """[lines, 3, height, width] from -1 to 1; what lies right of a line is mid-grey, as in training."""
    width = max(_LEAST_WIDTH, *(line.shape[1] for line in lines))
    # The step divides the width, so that steps are told in pixels.
    width = -(-width // _STEP) * _STEP
    batch = np.zeros((len(lines), 3, LINE_HEIGHT, width), np.float32)
    for index, line in enumerate(lines):
        batch[index, :, :, : line.shape[1]] = line.astype(np.float32) / 127.5 - 1
    return batch
