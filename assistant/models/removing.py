"""``assistant models remove``: a model, and what was prepared from it, goes from the models folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from assistant.models.installing import alone, restore_earlier
from assistant.sessions import SessionLog
from assistant.sessions.problems import disk_errors
from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.speech.prepared import prepared_folder
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder


class Removal(NamedTuple):
    """What is to go."""

    name: str
    folders: tuple[Path, ...]
    size: int
    """Bytes; what lies behind a link is not counted, and stays."""
    weights_sha256: str | None


def look(folder: ModelFolder, models_dir: Path) -> Removal:
    """What removing the model takes away. Nothing is changed.

    Args:
        folder: where the settings say that it lies.

    Raises:
        UsageProblem: a setting names the folder, so it is the user's own; or nothing is installed.
    """
    name = folder.model.name
    if folder.setting is not None:
        raise UsageProblem(
            name,
            f"lies in a folder of yours that {folder.setting} names",
            f"unset {folder.setting}, or delete the folder yourself",
        )
    target = models_dir / name
    left = (target, *(models_dir / f".{name}.{part}" for part in ("pulling", "partial-import", "earlier", "removed")))
    folders = [path for path in left if os.path.lexists(path)]
    if not folders:
        raise UsageProblem(name, "is not installed", "assistant models list shows what is")
    sha256 = _weights_of(folder) if target in folders else None
    if folder.model is MEDASR and sha256 is not None:
        prepared = prepared_folder(models_dir, sha256)
        folders += [prepared] if prepared.is_dir() else []
    return Removal(name, tuple(folders), sum(_size(path) for path in folders), sha256)


def remove(folder: ModelFolder, models_dir: Path, log: SessionLog) -> Removal:
    """Delete the model, what was prepared from it, and what pulls and imports of it left that were cut off.

    Once it has begun the model counts as gone; what a crash leaves of it, the next call takes away.

    Args:
        log: takes the event ``model-removed``, without which nothing is deleted.

    Raises:
        UsageProblem: as `look`; or another process pulls, imports or prepares it.
        StorageProblem: the log or the disk refuses.
    """
    with disk_errors(models_dir, "ASSISTANT_MODELS_DIR"), alone(models_dir, folder.model):
        restore_earlier(models_dir / folder.model.name)
        going = look(folder, models_dir)
        log.event(
            "model-removed",
            None,
            {"model": going.name, "weights_sha256": going.weights_sha256, "bytes": going.size},
        )
        for path in going.folders:
            if path.is_symlink():
                path.unlink()
            elif path == models_dir / going.name:
                aside = models_dir / f".{going.name}.removed"
                shutil.rmtree(aside, ignore_errors=True)
                path.rename(aside)
                shutil.rmtree(aside)
            elif path.exists():
                shutil.rmtree(path)
    return going


def _weights_of(folder: ModelFolder) -> str | None:
    """Which weights they are; None where they are too damaged to say."""
    try:
        return folder.weights_sha256()
    except ModelNeeded:
        return None


def _size(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return 0
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())
