"""What MedASR's recogniser asks of whatever runs the network: transformers, or ONNX Runtime on prepared weights."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.ctc import Alphabet
from pipelines.speech.decode import Samples


class Network(Protocol):
    """A loaded network. May be used by several threads at once."""

    @property
    def alphabet(self) -> Alphabet: ...

    def logits(self, samples: Samples) -> NDArray[np.float32]:
        """Logits of one window, [rows, ids], from mono 16 kHz float32 samples, [n], at least 2,320 of them."""
        ...

    def parameters(self) -> dict[str, Any]:
        """How it is run, for the log: everything that decides the logits besides samples and weights."""
        ...

    def libraries(self) -> dict[str, str]:
        """Versions of the libraries that decide the logits, by name."""
        ...
