"""Prepared forms of checkpoints, as ``assistant models prepare`` leaves them."""

from __future__ import annotations

from pathlib import Path

from pipelines.speech.medasr_export import export
from pipelines.speech.prepared import prepared_folder
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder


def prepare_into(models_dir: Path, checkpoint: Path, *, int8: bool = True) -> Path:
    """Export ``checkpoint`` into its place in ``models_dir``; returns that."""
    folder = ModelFolder(checkpoint, MEDASR)
    place = prepared_folder(models_dir, folder.weights_sha256())
    place.mkdir(parents=True)
    export(folder, place, int8=int8, threads=1)
    return place
