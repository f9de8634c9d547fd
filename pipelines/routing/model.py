"""The shipped weights: a linear model over hashed features, in eight bits a weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.records import TaskName
from pipelines.routing.spans import Tagger

#: The order of the classes in the weights.
CLASSES: Final = (*(task.value for task in TaskName), "unclear")
UNCLEAR: Final = len(CLASSES) - 1

_FILE: Final = "weights.npz"
_REMEDY: Final = "install clinical-assistant again, or run: python -m pipelines.routing.train"


@dataclass(frozen=True)
class Model:
    """A probability for each of ``CLASSES`` from features (bucket -> weight)."""

    weights: NDArray[np.int8]
    """(buckets, classes)."""
    scales: NDArray[np.float32]
    """(classes,): what one step of ``weights`` is worth, sharpness included."""
    bias: NDArray[np.float32]
    """(classes,)."""
    tagger: Tagger
    """Finds the wish among the words, for the features."""

    def probabilities(self, features: Mapping[int, float]) -> NDArray[np.float64]:
        """(classes,), summing to 1."""
        places = np.fromiter(features.keys(), dtype=np.intp, count=len(features))
        values = np.fromiter(features.values(), dtype=np.float32, count=len(features))
        logits = (values @ self.weights[places].astype(np.float32)) * self.scales + self.bias
        exponents = np.exp(logits.astype(np.float64) - logits.max())
        return np.asarray(exponents / exponents.sum())

    def save(self, path: Path) -> None:
        """Write the weights as a compressed file, the same bytes for the same weights."""
        np.savez_compressed(
            path,
            weights=self.weights,
            scales=self.scales,
            bias=self.bias,
            tag_weights=self.tagger.weights,
            tag_scales=self.tagger.scales,
            tag_bias=self.tagger.bias,
        )

    @classmethod
    def of_floats(
        cls, weights: NDArray[np.floating], bias: NDArray[np.floating], sharpness: float, tagger: Tagger
    ) -> Model:
        """Round (classes, buckets) float weights to eight bits; logits are multiplied by ``sharpness``."""
        steps = np.maximum(np.abs(weights).max(axis=1) / 127.0, 1e-12)
        rounded = np.rint(weights / steps[:, None]).astype(np.int8)
        return cls(
            np.ascontiguousarray(rounded.T),
            (steps * sharpness).astype(np.float32),
            (bias * sharpness).astype(np.float32),
            tagger,
        )

    @classmethod
    def read(cls, path: Path | None = None) -> Model:
        """Read weights: those of the package where no path is given.

        Raises:
            BadInput: the file is missing or is not such a file.
        """
        name = _FILE if path is None else path.name
        try:
            data = files(__package__).joinpath(_FILE).read_bytes() if path is None else path.read_bytes()
            with np.load(BytesIO(data), allow_pickle=False) as arrays:
                tagger = Tagger(arrays["tag_weights"], arrays["tag_scales"], arrays["tag_bias"])
                model = cls(arrays["weights"], arrays["scales"], arrays["bias"], tagger)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise BadInput(name, "holds no router weights", _REMEDY) from error
        if model.weights.ndim != 2 or model.weights.shape[1] != len(CLASSES):
            raise BadInput(name, "holds router weights of another version", _REMEDY)
        return model
