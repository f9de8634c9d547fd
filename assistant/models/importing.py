"""A folder of weights that the user has becomes an installed model: examined, copied, hashed, recorded."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from assistant.models.installing import alone, install, restore_earlier
from assistant.sessions import SessionLog
from assistant.sessions.problems import disk_errors
from pipelines.errors import BadInput, ModelNeeded, StorageProblem
from pipelines.weights.catalogue import GGUF, KNOWN_MODELS, KnownModel
from pipelines.weights.contents import Unfit, examine, holds_gguf, model_type_of, needed_files, weight_names_of
from pipelines.weights.folder import Passport, is_published
from pipelines.weights.gguf_folder import open_folder
from pipelines.weights.hashes import CHUNK, hash_files, joint_sha256
from pipelines.weights.passport import describe, read_passport, stored_file, write_passport

Progress = Callable[[str, float], None]
"""Told what is being done, and the fraction of it that is done, from 0 to 1."""

#: Left free for the log and everything else.
_SPARE_BYTES: Final = 64_000_000


class Imported(NamedTuple):
    """What an import came to."""

    passport: Passport
    already: bool
    """The same files were installed before: nothing was done."""


def import_folder(
    source: Path,
    models_dir: Path,
    log: SessionLog,
    progress: Progress | None = None,
    model: KnownModel | None = None,
) -> Imported:
    """Install the model in ``source`` as ``models_dir/NAME``; which of the known models it is, its config.json tells.

    Of models of one type the passport that the folder may have decides, else the folder's own name or that of the
    hub's cache it lies in, else it is taken for the first of them.

    A model of that name that is installed stays usable until the new one is complete. An import that is cut off
    leaves nothing that counts as a model, and the next one starts afresh.

    Args:
        source: left as it is. Links in it are followed: the hub's cache is made of them.
        log: takes the event ``model-imported``, without which nothing is installed.
        model: which it must be.

    Raises:
        BadInput: the folder holds no known model, cannot be loaded as the model that it is, or cannot be read (also
            where that begins in the middle).
        StorageProblem: the disk is too small or refuses.
        UsageProblem: another process is pulling or importing this model.
    """
    progress = progress or _unheard
    with _as_bad_input(source):
        model = model or _model_of(source)
        examine(source, model)
        pulled = _pulled_elsewhere(source, model)
        names = {path.name: path for path in needed_files(source, model)}
        names |= {name: source / name for name in (pulled.files if pulled else ())}
        given = _Given(source, [names[name] for name in sorted(names)], pulled)
    target = models_dir / model.name
    with disk_errors(models_dir, "ASSISTANT_MODELS_DIR"), alone(models_dir, model):
        restore_earlier(target)
        if target.exists() and os.path.samestat(target.stat(), given.stat):
            return _adopt(target, model, log, progress)
        if (passport := _installed(target, model, given, progress)) is not None:
            return Imported(passport, already=True)
        _require_space(models_dir, given.size)
        staged = models_dir / f".{model.name}.partial-import"
        # What an import left that was cut off without a chance to clear up.
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        try:
            passport = _copy(given, staged, model, progress)
            _record(log, passport, staged, model)
            install(staged, models_dir, passport)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Imported(passport, already=False)


class _Given:
    """The files of the user's folder. Where one cannot be read the error names that folder, not the models folder.

    Raises:
        OSError: only when made.
        BadInput: afterwards.
    """

    def __init__(self, source: Path, files: Sequence[Path], pulled: Passport | None = None) -> None:
        self.pulled = pulled
        self.stat = source.stat()
        self.sizes = {path.name: path.stat().st_size for path in files}
        self.size = sum(self.sizes.values())
        self._source = source
        self._files = files

    def digests(self, progress: Callable[[float], None]) -> dict[str, str]:
        with _as_bad_input(self._source):
            return dict(zip(self.sizes, hash_files(self._files, progress), strict=True))

    def require_as_pulled(self, digests: Mapping[str, str]) -> None:
        """See that every byte is what was pulled on the other machine.

        Raises:
            BadInput: a file is not.
        """
        for name, stored in (self.pulled.files if self.pulled else {}).items():
            if digests[name] != stored.sha256:
                raise BadInput(
                    f"{self._source.resolve().name}/{name}",
                    "is damaged (it is not what was pulled on the other machine: SHA-256 differs)",
                    "copy the folder again",
                )

    def chunks(self, name: str) -> Iterator[bytes]:
        with _as_bad_input(self._source), (self._source / name).open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                yield chunk


@contextmanager
def _as_bad_input(source: Path) -> Iterator[None]:
    """What is wrong with the user's folder, as an error that names it."""
    name = source.resolve().name
    try:
        yield
    except Unfit as unfit:
        raise BadInput(
            f"{name}/{unfit.file}" if unfit.file else name,
            unfit.problem,
            f"give the folder of {' or '.join(model.repository for model in _first_of_each_type())}, complete",
        ) from None
    except OSError as error:
        raise BadInput(
            name, f"cannot be read ({error.strerror})", "make it readable, or give another folder"
        ) from error


def _model_of(source: Path) -> KnownModel:
    found = GGUF if holds_gguf(source) else model_type_of(source)
    fitting = [model for model in KNOWN_MODELS.values() if model.model_type == found]
    if fitting:
        return _named_among(fitting, source)
    known = ", ".join(f"{model.model_type} ({model.name})" for model in _first_of_each_type())
    raise Unfit(f"is of {found or 'no model_type'}, and known are {known}", "config.json")


def _first_of_each_type() -> tuple[KnownModel, ...]:
    first: dict[str, KnownModel] = {}
    for model in KNOWN_MODELS.values():
        first.setdefault(model.model_type, model)
    return tuple(first.values())


def _named_among(models: Sequence[KnownModel], source: Path) -> KnownModel:
    """The one that the folder says it is, else the first."""
    passport = _passport_in(source)
    stated = passport.model if passport else None
    parts = set(source.resolve().parts)
    for model in models:
        owner, _, name = model.repository.partition("/")
        if stated == model.name or (stated is None and parts & {model.name, name, f"models--{owner}--{name}"}):
            return model
    return models[0]


def _passport_in(source: Path) -> Passport | None:
    try:
        return read_passport(source)
    except ValueError:
        return None


def _pulled_elsewhere(source: Path, model: KnownModel) -> Passport | None:
    """The passport of a folder that `assistant models pull` filled on another machine, at the catalogue's revision."""
    passport = _passport_in(source)
    if passport is None or (passport.source, passport.model) != ("hub", model.name):
        return None
    return passport if (passport.repository, passport.revision) == (model.repository, model.revision) else None


def _adopt(folder: Path, model: KnownModel, log: SessionLog, progress: Progress) -> Imported:
    """The folder lies where the model belongs: only its passport may be missing."""
    passport = open_folder(folder, model).passport
    if passport is not None:
        return Imported(passport, already=True)
    passport = _with_origin(
        describe(folder, model.name, "import", progress=partial(progress, "hashing")), folder, model
    )
    _record(log, passport, folder, model)
    write_passport(folder, passport)
    return Imported(passport, already=False)


def _installed(target: Path, model: KnownModel, given: _Given, progress: Progress) -> Passport | None:
    """The passport of the installed model if every byte of it is what ``given`` and the passport say."""
    folder = open_folder(target, model)
    try:
        folder.require()
        passport = folder.passport
    except ModelNeeded:
        return None
    if passport is None or given.sizes != {name: stored.size for name, stored in passport.files.items()}:
        return None
    stored = {name: entry.sha256 for name, entry in passport.files.items()}
    if given.digests(lambda done: progress("comparing", done / 2)) != stored:
        return None
    ours = hash_files([target / name for name in stored], lambda done: progress("comparing", (1 + done) / 2))
    return passport if ours == tuple(stored.values()) else None


def _require_space(models_dir: Path, size: int) -> None:
    needed = size + _SPARE_BYTES
    free = shutil.disk_usage(models_dir).free
    if needed > free:
        raise StorageProblem(
            str(models_dir),
            f"needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free",
            "free some space there and run the same command again",
        )


def _copy(given: _Given, staged: Path, model: KnownModel, progress: Progress) -> Passport:
    total = given.size or 1
    done = 0
    stored = {}
    for name in given.sizes:
        digest = hashlib.sha256()
        copy = staged / name
        with copy.open("xb", buffering=0) as out:
            for chunk in given.chunks(name):
                digest.update(chunk)
                view = memoryview(chunk)
                while view:
                    view = view[out.write(view) :]
                done += len(chunk)
                progress("copying", min(1.0, done / total))
        stored[name] = stored_file(copy, digest.hexdigest())
    if given.pulled is not None:
        given.require_as_pulled({name: file.sha256 for name, file in stored.items()})
        return given.pulled.model_copy(update={"files": stored})
    passport = Passport(model=model.name, repository=None, revision=None, source="import", files=stored)
    return _with_origin(passport, staged, model)


def _with_origin(passport: Passport, folder: Path, model: KnownModel) -> Passport:
    """Repository and revision are only claimed where the weights are, byte for byte, those published there."""
    if not is_published(model, _weight_hashes(passport, folder, model)):
        return passport
    return passport.model_copy(update={"repository": model.repository, "revision": model.revision})


def _weight_hashes(passport: Passport, folder: Path, model: KnownModel) -> dict[str, str]:
    return {name: passport.files[name].sha256 for name in weight_names_of(folder, model)}


def _record(log: SessionLog, passport: Passport, folder: Path, model: KnownModel) -> None:
    log.event(
        "model-imported",
        None,
        {
            "model": model.name,
            "repository": passport.repository,
            "revision": passport.revision,
            "weights_sha256": joint_sha256(_weight_hashes(passport, folder, model)),
            "files": {name: stored.sha256 for name, stored in passport.files.items()},
        },
    )


def _unheard(*_: object) -> None:
    return None
