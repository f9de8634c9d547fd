"""A complete model folder takes its place among the installed ones: whole, synced, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.sessions.disk import Disk
from assistant.sessions.problems import disk_errors
from pipelines.errors import UsageProblem
from pipelines.weights.catalogue import KNOWN_MODELS, KnownModel
from pipelines.weights.folder import Passport
from pipelines.weights.gguf_folder import open_folder
from pipelines.weights.passport import write_passport


def install(staged: Path, models_dir: Path, passport: Passport) -> Path:
    """Write the passport into ``staged``, sync every file, and make the folder ``models_dir/NAME``.

    A model that was installed before stays usable until then, and comes back where the last step fails. Called while
    `alone` is held.

    The last step is two renames. A process that looks between them sees no model; where this one is killed between
    them there is none until the next pull or import calls `restore_earlier`.

    Args:
        staged: a folder within ``models_dir``, on the same file system; it is gone afterwards.

    Returns:
        Where the model lies now.

    Raises:
        ModelNeeded: what is staged cannot be this model; nothing is replaced.
        StorageProblem: the disk refuses.
    """
    model = KNOWN_MODELS[passport.model]
    target = models_dir / model.name
    with disk_errors(models_dir, "ASSISTANT_MODELS_DIR"):
        write_passport(staged, passport)
        open_folder(staged, model).require()
        sync_files(staged)
        put_in_place(staged, target)
    return target


@contextmanager
def alone(models_dir: Path, model: KnownModel) -> Iterator[None]:
    """No other process pulls, imports or prepares this model meanwhile. The lock dies with its process.

    Raises:
        UsageProblem: another one does so now; it is not waited for.
    """
    from filelock import FileLock, Timeout

    models_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(models_dir / f".{model.name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UsageProblem(
            model.name,
            "is being pulled, imported or prepared by another process",
            "wait until that is done, then try again",
        ) from None
    try:
        yield
    finally:
        lock.release()


def restore_earlier(target: Path) -> None:
    """Put the model back that a killed `install` had moved aside, where nothing has come to ``target`` instead.

    Called while `alone` is held: the `install` of another process may be between its renames.
    """
    earlier = _aside(target)
    if os.path.lexists(earlier) and not os.path.lexists(target):
        earlier.rename(target)
        Disk().sync_folder(target.parent)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.earlier")


def put_in_place(staged: Path, target: Path) -> None:
    """Make the folder ``staged`` be ``target``; what was there comes back where that fails."""
    restore_earlier(target)
    earlier = _aside(target)
    _remove(earlier)
    had_one = os.path.lexists(target)
    if had_one:
        target.rename(earlier)
    try:
        staged.rename(target)
    except BaseException:
        if had_one:
            earlier.rename(target)
        raise
    Disk().sync_folder(target.parent)
    _remove(earlier)


def _remove(folder: Path) -> None:
    """Delete a folder, or the link to one that a user put in its place."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def sync_files(folder: Path) -> None:
    """All files of a folder and their names, on disk when this returns."""
    disk = Disk()
    for path in sorted(folder.iterdir()):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            disk.fsync(descriptor)
        finally:
            disk.close(descriptor)
    disk.sync_folder(folder)
