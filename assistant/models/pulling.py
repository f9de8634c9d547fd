"""``assistant models pull``: a model from the hub at its pinned revision, under accepted terms, every byte checked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assistant.models.fetching import PAUSES, fetch, part_path, present_bytes
from assistant.models.hub import Hub, HubFile, hub_address
from assistant.models.installing import alone, install, restore_earlier
from assistant.models.terms import MODEL_CARD, TERMS_FILES, Accept, read_terms, require_acceptance
from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from pipelines.errors import ModelNeeded, StorageProblem
from pipelines.weights.catalogue import GGUF, KnownModel
from pipelines.weights.passport import Passport, StoredFile, read_passport

Progress = Callable[[str, int, int], None]
"""Told the file at hand, the bytes of the whole pull that are here, never falling, and all its bytes."""

_OFFLINE: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def installed(model: KnownModel, models_dir: Path) -> Passport | None:
    """The passport of the model, if it was pulled at the catalogue's revision and no file has changed size or time."""
    folder = models_dir / model.name
    try:
        passport = read_passport(folder)
    except (ValueError, OSError):
        return None
    if passport is None or (passport.source, passport.revision) != ("hub", model.revision):
        return None
    return passport if all(_as_it_was(folder / name, stored) for name, stored in passport.files.items()) else None


def pull(
    model: KnownModel,
    models_dir: Path,
    log: SessionLog,
    outbound: Outbound,
    *,
    accept: Accept,
    progress: Progress,
    endpoint: str | None = None,
    pauses: tuple[float, ...] = PAUSES,
) -> Passport:
    """Fetch ``model`` and install it as ``models_dir/NAME``; does nothing where it is `installed` already.

    What arrives is kept in ``models_dir/.NAME.pulling`` until it is complete: after an interruption the same call goes
    on where it stopped.

    Args:
        accept: is shown the terms before any weights are fetched, unless this user accepted the same words before.
        endpoint: the hub's address instead of ``HF_ENDPOINT`` or the public hub.
        pauses: seconds to wait before each further attempt at a file while nothing of it arrives.

    Raises:
        ModelNeeded: the hub does not give it; says what to do.
        PersonNeeded: the terms are not accepted.
        VerificationFailed: a file is not the one that the hub announced.
        StorageProblem: too little space, or the disk or the log cannot be written.
        UsageProblem: the address cannot be used, or another process is pulling or importing this model.
    """
    if (there := installed(model, models_dir)) is not None:
        return there
    with _writing(models_dir), alone(models_dir, model):
        restore_earlier(models_dir / model.name)
        if (there := installed(model, models_dir)) is not None:
            return there
        _refuse_offline(model)
        staged = models_dir / f".{model.name}.pulling"
        staged.mkdir(exist_ok=True)
        with outbound.connect(hub_address(endpoint), f"pull {model.name}") as connection:
            connection.sign_in()
            hub = Hub(connection, model)
            files = hub.files()
            _require_weights(files, model)
            hub.require_access(max(files, key=lambda file: file.size))
            # Before anything goes by names of parts or sizes: the listing may hide the hashes that are in both.
            files = hub.announced(files)
            _keep_only(files, staged)
            _require_space(files, staged)
            count = _Count(files, progress)
            stored: dict[str, StoredFile] = {}

            def bring(wanted: Sequence[HubFile]) -> None:
                for file in wanted:
                    stored[file.name] = fetch(hub, file, staged, count.of(file), pauses)

            bring([file for file in files if _tells_terms(file)])
            require_acceptance(read_terms(staged, model), log, accept)
            bring([file for file in files if not _tells_terms(file)])
        passport = Passport(
            model=model.name,
            repository=model.repository,
            revision=model.revision,
            source="hub",
            files=dict(sorted(stored.items())),
        )
        install(staged, models_dir, passport)
    return passport


class _Count:
    """The bytes of the whole pull that are here."""

    def __init__(self, files: Sequence[HubFile], progress: Progress) -> None:
        self._total = sum(file.size for file in files)
        self._here = dict.fromkeys((file.name for file in files), 0)
        self._told = 0
        self._progress = progress

    def of(self, file: HubFile) -> Callable[[int], None]:
        def arrived(size: int) -> None:
            self._here[file.name] = min(size, file.size)
            self._told = max(self._told, sum(self._here.values()))
            self._progress(file.name, self._told, self._total)

        return arrived


def _as_it_was(path: Path, stored: StoredFile) -> bool:
    try:
        stat = path.stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (stored.size, stored.modified_ns)


def _refuse_offline(model: KnownModel) -> None:
    for name in _OFFLINE:
        if os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE"):
            raise ModelNeeded(
                model.name,
                f"nothing may be fetched while {name} is set",
                f"run: unset {name}  and pull again; or run: assistant models import DIR",
            )


def _tells_terms(file: HubFile) -> bool:
    return file.name == MODEL_CARD or file.name.upper().startswith(TERMS_FILES)


def _require_weights(files: Sequence[HubFile], model: KnownModel) -> None:
    if not any(file.is_weights for file in files):
        kind = "GGUF" if model.model_type == GGUF else "safetensors"
        raise ModelNeeded(
            model.name,
            f"{model.repository} has no {kind} file at {model.revision[:12]}",
            "check HF_ENDPOINT, or unset it",
        )


def _keep_only(files: Sequence[HubFile], staged: Path) -> None:
    """Delete what an earlier pull of another revision left."""
    kept = {file.name for file in files} | {part_path(staged, file).name for file in files}
    for path in staged.iterdir():
        if path.name not in kept:
            path.unlink()


def _require_space(files: Sequence[HubFile], staged: Path) -> None:
    needed = sum(file.size - present_bytes(staged, file) for file in files)
    free = shutil.disk_usage(staged).free
    if needed > free:
        raise StorageProblem(
            str(staged.parent),
            f"{_megabytes(needed)} are still to come and {_megabytes(free)} are free",
            "free some space there, or set ASSISTANT_MODELS_DIR to a folder on another disk",
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


@contextmanager
def _writing(models_dir: Path) -> Iterator[None]:
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise StorageProblem(
            str(models_dir),
            f"cannot be written ({error.strerror})",
            "free some space or set ASSISTANT_MODELS_DIR to another folder; what arrived is kept",
        ) from error
