"""What every model that tells pictures apart provides. `tests/models/classifier_conformance.py` holds them to it.

Such a model says how well given words fit a picture, and where the picture lies among others. It writes nothing, and
is asked only for the kind of a picture and for pictures like it, never for anything that is on it.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import Field, model_validator

from pipelines.named_engine import NamedEngine
from pipelines.records import Engine, Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Outcome(Value):
    """One call: who did it, and with what is in it all that it takes to repeat it."""

    frame: str
    """SHA-256 of the exact picture that was sent."""
    engine: Engine
    parameters: dict[str, Any]
    """Everything that decides the numbers besides picture, words and weights: resizing, device, dtype."""
    libraries: dict[str, str]
    seconds: float
    """Spent computing, loading excluded."""


class Classification(Outcome):
    """How well each of some labels fits a picture."""

    labels: tuple[str, ...] = Field(min_length=1)
    """As they were sent, in this order."""
    logits: tuple[float, ...]
    """One for each label; higher fits better."""

    @model_validator(mode="after")
    def _one_each(self) -> Classification:
        if len(self.logits) != len(self.labels):
            raise ValueError("not one logit for each label")
        return self

    @property
    def scores(self) -> tuple[float, ...]:
        """Each label by itself, from 0 to 1: what the model was trained to give. Labels do not compete."""
        return tuple(_sigmoid(logit) for logit in self.logits)

    @property
    def shares(self) -> tuple[float, ...]:
        """The labels against each other: from 0 to 1, together 1."""
        return shares_of(self.logits)


class Embedded(Outcome):
    """Where a picture lies: pictures that look alike to the model lie near each other."""

    vector: str
    """The components, packed by `pack`; their length together is 1."""


class ImageClassifier(NamedEngine, Protocol):
    """The ``weights_sha256`` of its engine is never None."""

    def classify(self, frame: bytes, labels: tuple[str, ...]) -> Classification:
        """How well each label fits. Equal pictures and labels give equal numbers.

        Args:
            frame: a picture (PNG or JPEG, 8-bit RGB), square, as evidence makes them.
            labels: short descriptions of a whole picture, in English.

        Raises:
            ModelNeeded: it cannot be had now: the weights are missing, damaged, of another architecture or too large.
            BadInput: the bytes are no picture, there are no labels, or one is longer than the model reads.
        """
        ...

    def embed(self, frame: bytes) -> Embedded:
        """Where the picture lies. Equal pictures give equal vectors.

        Raises as `classify`.
        """
        ...

    def release(self) -> None:
        """Give back the memory that the weights take; the next call loads them again."""
        ...


def pack(vector: NDArray[np.float32]) -> str:
    """A vector as text: base64 of its float32 components, little-endian."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


def unpack(vector: str) -> NDArray[np.float32]:
    """The vector that was packed; bit for bit the same.

    Raises:
        ValueError: it is none.
    """
    import numpy as np

    return np.frombuffer(base64.b64decode(vector, validate=True), dtype="<f4").astype(np.float32)


def shares_of(logits: tuple[float, ...]) -> tuple[float, ...]:
    """Logits against each other: from 0 to 1, together 1."""
    greatest = max(logits)
    weights = [math.exp(logit - greatest) for logit in logits]
    return tuple(weight / sum(weights) for weight in weights)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
