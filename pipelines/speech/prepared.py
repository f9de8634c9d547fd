"""What ``assistant models prepare medasr`` leaves: the network for ONNX Runtime, and a manifest that says of what.

It lies by the weights it was made from, so that other weights never meet a network that is not theirs.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from pipelines.errors import ModelNeeded
from pipelines.records import Value
from pipelines.speech.ctc import Alphabet
from pipelines.speech.mel import FrontEnd
from pipelines.weights.folder import ModelFolder
from pipelines.weights.hashes import joint_sha256, sha256_of
from pipelines.weights.passport import StoredFile

Precision = Literal["fp32", "int8"]

MANIFEST: Final = "prepared.json"
PREPARED: Final = "prepared"
"""The folder within the models folder."""
_DIGITS: Final = 12


class Parity(Value):
    """How near a prepared network came to transformers on the same sound, when it was made."""

    rows: int
    largest_difference: float
    """Of any logit."""
    equal_best: float
    """Share of the rows in which the likeliest id is the same."""


class Manifest(Value):
    """What lies in a prepared folder and how it came to be."""

    weights_sha256: str
    files: dict[str, StoredFile]
    libraries: dict[str, str]
    """Versions by name: of what wrote it, and of what it was held against."""
    opset: int
    pieces: tuple[str | None, ...]
    blank: int
    front_end: FrontEnd
    parity: dict[Precision, Parity]
    """For each form that is there."""

    @property
    def alphabet(self) -> Alphabet:
        return Alphabet(self.pieces, self.blank)

    def sha256(self, precision: Precision) -> str:
        """One digest of the files of a form."""
        return joint_sha256({name: self.files[name].sha256 for name in files_of(precision)})


def files_of(precision: Precision) -> tuple[str, str]:
    """Names of a form's graph and of the file with its numbers."""
    return f"{precision}.onnx", f"{precision}.weights"


def prepared_folder(models_dir: Path, weights_sha256: str) -> Path:
    """Where the network of these weights lies or would lie."""
    return models_dir / PREPARED / f"medasr-{weights_sha256[:_DIGITS]}"


def remedy(precision: Precision = "fp32") -> str:
    return f"run: assistant models prepare medasr{' --int8' if precision == 'int8' else ''}"


def read_prepared(folder: ModelFolder, models_dir: Path, precision: Precision) -> tuple[Path, Manifest]:
    """The prepared folder of the weights in ``folder``, and its manifest, held against them by names and sizes.

    Raises:
        ModelNeeded: there is none, it is damaged, or it is of other weights.
    """
    needed = partial(_needed, folder, precision=precision)
    if not any((models_dir / PREPARED).glob("medasr-*")):
        # Said without the hash of the weights, for which a folder that was not installed by us is read.
        raise needed(None, "is not prepared for ONNX Runtime")
    weights = folder.weights_sha256()
    place = prepared_folder(models_dir, weights)
    try:
        text = (place / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise needed(None, "is not prepared for ONNX Runtime") from None
    except OSError as error:
        raise needed(MANIFEST, f"cannot be read ({error.strerror})") from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        raise needed(MANIFEST, "is damaged (it cannot be read)") from None
    if manifest.weights_sha256 != weights:
        raise needed(MANIFEST, f"is of other weights ({manifest.weights_sha256[:_DIGITS]}, not {weights[:_DIGITS]})")
    if precision not in manifest.parity:
        raise needed(None, f"is not prepared in {precision}")
    for name in files_of(precision):
        try:
            size, stored = (place / name).stat().st_size, manifest.files[name]
        except (OSError, KeyError):
            raise needed(name, "is missing") from None
        if size != stored.size:
            raise needed(name, f"is damaged ({size} bytes, {stored.size} were written)")
    return place, manifest


def check_hashes(folder: ModelFolder, place: Path, manifest: Manifest, precision: Precision) -> None:
    """Hold a form's files against the manifest; a file whose size and time are what they were is not read again.

    Raises:
        ModelNeeded: a file is not what was prepared.
    """
    for name in files_of(precision):
        stored = manifest.files[name]
        try:
            stat = (place / name).stat()
            as_it_was = (stat.st_size, stat.st_mtime_ns) == (stored.size, stored.modified_ns)
            same = as_it_was or sha256_of(place / name) == stored.sha256
        except OSError as error:
            raise _needed(folder, name, f"cannot be read ({error.strerror})", precision=precision) from error
        if not same:
            raise _needed(folder, name, "does not belong to the weights (SHA-256 differs)", precision=precision)


def _needed(folder: ModelFolder, file: str | None, problem: str, *, precision: Precision) -> ModelNeeded:
    name = folder.model.name
    return ModelNeeded(f"{name}/{PREPARED}/{file}" if file else name, problem, remedy(precision))
