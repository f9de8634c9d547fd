"""``assistant models prepare``: MedASR in ONNX Runtime's form, whole and held against transformers, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from assistant.models.installing import alone, put_in_place, restore_earlier, sync_files
from assistant.sessions import SessionLog
from assistant.sessions.problems import disk_errors
from pipelines.errors import ModelNeeded, StorageProblem, UsageProblem
from pipelines.speech.int8_verdict import VERDICT, require_verdict
from pipelines.speech.prepared import (
    PREPARED,
    Manifest,
    Precision,
    files_of,
    prepared_folder,
    read_prepared,
)
from pipelines.weights.folder import ModelFolder
from pipelines.weights.hashes import hash_files

Progress = Callable[[str, float], None]
"""Told what is being done, and the fraction of it that is done, from 0 to 1."""

_SPARE_BYTES = 64_000_000


class Prepared(NamedTuple):
    """What there is now, and where; ``already``: it was there before."""

    place: Path
    manifest: Manifest
    already: bool


def prepare(
    folder: ModelFolder,
    models_dir: Path,
    log: SessionLog,
    *,
    int8: bool = False,
    threads: int = 0,
    progress: Progress | None = None,
) -> Prepared:
    """Export the model in ``folder`` for ONNX Runtime, unless it is there already, every byte as it was written.

    A form that was prepared before is made again with the other. While the new one is made the earlier one can be used;
    one that is cut off leaves nothing that counts.

    Args:
        folder: MedASR's.
        int8: in int8 as well.
        log: takes the event ``model-prepared``, without which nothing is put in place.
        threads: CPU threads for the comparison with transformers.

    Raises:
        ModelNeeded: there is no model, it cannot be exported, or what came is not what transformers gives.
        StorageProblem: the disk is too small or refuses.
        UsageProblem: another process pulls, imports or prepares this model.
    """
    from pipelines.speech.medasr_export import export

    progress = progress or _unheard
    folder.require()
    place = prepared_folder(models_dir, folder.weights_sha256())
    with disk_errors(models_dir, "ASSISTANT_MODELS_DIR"), alone(models_dir, folder.model):
        place.parent.mkdir(exist_ok=True)
        restore_earlier(place)
        there = _there(folder, models_dir, partial(progress, "comparing"))
        if there is not None and (not int8 or "int8" in there.parity):
            return Prepared(place, there, already=True)
        _require_space(folder, models_dir)
        staged = place.with_name(f".{place.name}.partial")
        # What an earlier call left that was killed.
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        try:
            both = int8 or any((place / name).exists() for name in files_of("int8"))
            manifest = export(folder, staged, int8=both, threads=threads, progress=progress)
            _keep_verdict(place, staged, manifest)
            log.event(
                "model-prepared",
                None,
                {
                    "model": folder.model.name,
                    "weights_sha256": manifest.weights_sha256,
                    "files": {name: stored.sha256 for name, stored in manifest.files.items()},
                    "libraries": dict(manifest.libraries),
                },
            )
            sync_files(staged)
            put_in_place(staged, place)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Prepared(place, manifest, already=False)


def _there(folder: ModelFolder, models_dir: Path, progress: Callable[[float], None]) -> Manifest | None:
    """The manifest of what is prepared already, if every byte of it is as it was written."""
    try:
        place, manifest = read_prepared(folder, models_dir, "fp32")
        forms: list[Precision] = [form for form in manifest.parity if read_prepared(folder, models_dir, form)]
    except ModelNeeded:
        return None
    names = [name for form in forms for name in files_of(form)]
    digests = hash_files([place / name for name in names], progress)
    stored = [manifest.files[name].sha256 for name in names]
    return manifest if list(digests) == stored else None


def _keep_verdict(place: Path, staged: Path, manifest: Manifest) -> None:
    """What was measured of the same bytes still holds: the export gives the same ones from the same weights."""
    if "int8" not in manifest.parity or not (place / VERDICT).is_file():
        return
    shutil.copyfile(place / VERDICT, staged / VERDICT)
    try:
        require_verdict(staged, manifest)
    except UsageProblem:
        (staged / VERDICT).unlink()


def _require_space(folder: ModelFolder, models_dir: Path) -> None:
    # In fp32 as much as the weights, in int8 a good quarter of it more.
    needed = 4 * sum(path.stat().st_size for path in folder.weight_files()) // 3 + _SPARE_BYTES
    free = shutil.disk_usage(models_dir).free
    if needed > free:
        raise StorageProblem(
            str(models_dir / PREPARED),
            f"needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free",
            "free some space there and run the same command again",
        )


def _unheard(*_: object) -> None:
    return None
