"""MedASR's network through ONNX Runtime, from prepared files: neither torch nor transformers is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.quiet import silence_telemetry
from pipelines.records import Availability
from pipelines.speech.audio import RATE
from pipelines.speech.ctc import Alphabet
from pipelines.speech.decode import Samples
from pipelines.speech.int8_verdict import require_verdict
from pipelines.speech.medasr_graph import FEATURES, LOGITS
from pipelines.speech.mel import FrontEnd
from pipelines.speech.prepared import (
    Manifest,
    Precision,
    check_hashes,
    files_of,
    prepared_folder,
    read_prepared,
)
from pipelines.speech.windows import rows
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import refusing, unusable

__all__ = ["OnnxMedASR", "load_prepared", "open_prepared", "prepared_availability", "prepared_folder"]

_SESSION: Final = {
    # Threads that wait for work sleep: where the cores are shared, spinning took more time than the work.
    "session.intra_op.allow_spinning": "0",
    "session.inter_op.allow_spinning": "0",
}


@dataclass(frozen=True)
class OnnxMedASR:
    """A loaded network. May be used by several threads at once."""

    alphabet: Alphabet
    front_end: FrontEnd
    precision: Precision
    threads: int
    opset: int
    _session: Any = field(repr=False)
    device: str = "cpu"

    def logits(self, samples: Samples) -> NDArray[np.float32]:
        """See `Network.logits`."""
        features = self.front_end.features(samples)
        found: NDArray[np.float32] = self._session.run([LOGITS], {FEATURES: features[None]})[0][0]
        return found

    def parameters(self) -> dict[str, Any]:
        """See `Network.parameters`."""
        return {
            "runtime": "onnxruntime",
            "dtype": "float32" if self.precision == "fp32" else self.precision,
            "device": self.device,
            "opset": self.opset,
            "feature_extractor": "own",
            "threads": self.threads,
        }

    def libraries(self) -> dict[str, str]:
        """See `Network.libraries`."""
        return {name: version(name) for name in ("onnxruntime", "numpy")}


def prepared_availability(folder: ModelFolder, models_dir: Path, precision: Precision) -> Availability:
    """Whether a prepared network can be expected to load; for ``int8`` a verdict must be there too.

    Reads the manifest and the sizes of the files. The weights are read for their hash only where their folder was not
    installed by us, once per process.
    """
    try:
        place, manifest = read_prepared(folder, models_dir, precision)
        if precision == "int8":
            require_verdict(place, manifest)
    except (ModelNeeded, UsageProblem) as needed:
        named = "" if needed.subject == folder.model.name else f"{needed.subject} "
        return Availability(ready=False, detail=f"{named}{needed.problem}", remedy=needed.remedy)
    return Availability(ready=True, detail=f"prepared in {place}")


def load_prepared(
    folder: ModelFolder, models_dir: Path, *, threads: int, precision: Precision, ungated: bool = False
) -> OnnxMedASR:
    """Load the prepared network of the weights in ``folder`` and try it on a second of silence.

    Args:
        folder: where the weights lie: only their hash is asked.
        models_dir: within which the prepared folder lies.
        threads: CPU threads; 0 leaves the choice to the runtime.
        ungated: int8 without a verdict, to measure it.

    Raises:
        ModelNeeded: there is none, or it is damaged, or of other weights.
        UsageProblem: int8 has no verdict that lets it run.
    """
    place, manifest = read_prepared(folder, models_dir, precision)
    if precision == "int8" and not ungated:
        require_verdict(place, manifest)
    check_hashes(folder, place, manifest, precision)
    return open_prepared(folder, place, manifest, threads=threads, precision=precision)


def open_prepared(
    folder: ModelFolder, place: Path, manifest: Manifest, *, threads: int, precision: Precision
) -> OnnxMedASR:
    """Load what lies in ``place``, whose files are known to be right.

    Raises:
        ModelNeeded: the runtime cannot load or run it.
    """
    silence_telemetry()
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    # Windows of every length come by: what one call took goes back after it instead of being kept for its like
    # (measured: as fast, and 25 MB more than after loading whatever comes).
    settings.enable_cpu_mem_arena = False
    settings.enable_mem_pattern = False
    # Only what cannot be done: the runtime warns of every optimisation that it leaves out.
    settings.log_severity_level = 3
    for key, value in _SESSION.items():
        settings.add_session_config_entry(key, value)
    with refusing(folder, "its prepared network does not run"):
        session = onnxruntime.InferenceSession(
            str(place / files_of(precision)[0]), settings, providers=["CPUExecutionProvider"]
        )
        network = OnnxMedASR(manifest.alphabet, manifest.front_end, precision, threads, manifest.opset, session)
        logits = network.logits(np.zeros(RATE, np.float32))
    if logits.shape != (rows(RATE), len(manifest.pieces)) or not np.isfinite(logits).all():
        raise unusable(folder, "its prepared network gives no logits of its rows")
    return network
