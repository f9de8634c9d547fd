"""A model's folder on disk: what lies in it, whether it can be what it should be, and which weights these are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.errors import ModelNeeded
from pipelines.records import Availability, Engine
from pipelines.weights import contents
from pipelines.weights.catalogue import KnownModel
from pipelines.weights.contents import Unfit
from pipelines.weights.hashes import joint_sha256, sha256_of
from pipelines.weights.headers import Tensor
from pipelines.weights.passport import PASSPORT, Passport, StoredFile, read_passport

__all__ = ["PASSPORT", "ModelFolder", "Passport", "StoredFile", "is_published"]


class ModelFolder:
    """The folder of one model of the catalogue.

    All methods raise ModelNeeded, in one line that names the file and the remedy, where the folder is not fit for what
    they do. A changed folder is noticed by an object that is made after the change.

    Args:
        path: the folder; need not exist.
        model: what it should hold.
        setting: the user's setting that names the folder, if one does: then pulling would mend nothing.
    """

    def __init__(self, path: Path, model: KnownModel, setting: str | None = None) -> None:
        self.path = path
        self.model = model
        self.setting = setting

    @property
    def remedy(self) -> str:
        """What to do where the folder is not fit."""
        if self.setting is not None:
            return f"correct {self.setting} or unset it"
        return f"run: assistant models pull {self.model.name}  (or again: assistant models import DIR)"

    def require(self) -> None:
        """Hold the folder against what the model needs, reading headers only.

        Raises:
            ModelNeeded: it is missing, no model, of another architecture, damaged or incomplete; one line each.
        """
        if not (self.path / "config.json").is_file():
            missing = f"is not in the folder that {self.setting} names" if self.setting else "is not installed"
            raise ModelNeeded(self.model.name, missing, self.remedy.replace("or again:", "or:"))
        with self._needed():
            contents.examine(self.path, self.model)

    def availability(self) -> Availability:
        """Whether the folder can be expected to load, as `require` finds."""
        try:
            self.require()
        except ModelNeeded as needed:
            named = "" if needed.subject == self.model.name else f"{needed.subject} "
            return Availability(ready=False, detail=f"{named}{needed.problem}", remedy=needed.remedy)
        return Availability(ready=True, detail=f"in {self.path}")

    def weight_files(self) -> tuple[Path, ...]:
        """The files that the weights are read from, in order of their names."""
        with self._needed():
            return tuple(self.path / name for name in contents.weight_names(self.path))

    def files(self) -> tuple[Path, ...]:
        """Everything that is loaded or used beside the weights, and the terms it came with, in order of the names."""
        with self._needed():
            return contents.needed_files(self.path, self.model)

    def tensors(self) -> dict[str, Tensor]:
        """Type and shape of every tensor, from the headers of the files."""
        with self._needed():
            return contents.tensors_of(self.path)

    def config(self) -> dict[str, Any]:
        """What config.json says."""
        with self._needed():
            return contents.read_config(self.path)

    @property
    def passport(self) -> Passport | None:
        """What was known of the folder when it was installed; None for a folder that was not installed by us."""
        try:
            return read_passport(self.path)
        except ValueError:
            raise self._unfit(Unfit("is damaged (it cannot be read)", PASSPORT)) from None

    @cached_property
    def weight_hashes(self) -> dict[str, str]:
        """SHA-256 of each file of weights by name.

        Taken from the passport while size and time of a file are what they were. Otherwise the file is read, once per
        process, and must be what the passport says where it says something.

        Raises:
            ModelNeeded: a file is not what was installed.
        """
        passport = self.passport
        stored = passport.files if passport is not None else {}
        return {path.name: self._hash(path, stored.get(path.name)) for path in self.weight_files()}

    def weights_sha256(self) -> str:
        """SHA-256 of the one weight file, or of the list ``sha256  name`` of several, by name."""
        return joint_sha256(self.weight_hashes)

    @property
    def verified(self) -> bool:
        """Whether these are the published weights: from the hub, or equal to what is published there."""
        return self._origin() is not None

    def engine(self, version: str, note: str | None = None) -> Engine:
        """Who did the work, for the log. ``version`` is of the library that runs the model.

        Weights that are not known to be the published ones are named by their own hash.
        """
        sha256 = self.weights_sha256()
        origin = self._origin()
        if origin is not None:
            model, revision = origin
            standing = f"published weights of {model}"
        else:
            model, revision = f"local:{sha256[:12]}", sha256[:40]
            standing = f"weights from a folder, not verified as {self.model.repository}"
        return Engine(
            name=self.model.name,
            version=version,
            model=model,
            revision=revision,
            weights_sha256=sha256,
            note="; ".join(filter(None, (standing, note))),
        )

    def _origin(self) -> tuple[str, str] | None:
        """Repository and revision that the weights are known to come from."""
        hashes = self.weight_hashes
        passport = self.passport
        if (
            passport is not None
            and passport.repository
            and passport.revision
            and hashes.keys() <= passport.files.keys()
        ):
            return passport.repository, passport.revision
        if is_published(self.model, hashes):
            return self.model.repository, self.model.revision
        return None

    def _hash(self, path: Path, stored: StoredFile | None) -> str:
        try:
            stat = path.stat()
            if stored is not None and (stat.st_size, stat.st_mtime_ns) == (stored.size, stored.modified_ns):
                return stored.sha256
            sha256 = sha256_of(path)
        except OSError as error:
            raise self._unfit(Unfit(f"cannot be read ({error.strerror})", path.name)) from error
        if stored is not None and sha256 != stored.sha256:
            raise self._unfit(Unfit("is damaged (SHA-256 differs)", path.name))
        return sha256

    @contextmanager
    def _needed(self) -> Iterator[None]:
        try:
            yield
        except Unfit as unfit:
            raise self._unfit(unfit) from None
        except OSError as error:
            name = Path(error.filename).name if isinstance(error.filename, str) else None
            raise self._unfit(Unfit(f"cannot be read ({error.strerror})", name)) from error

    def _unfit(self, unfit: Unfit) -> ModelNeeded:
        name = self.model.name
        return ModelNeeded(
            f"{name}/{unfit.file}" if unfit.file else name,
            unfit.problem,
            self.remedy,
        )


def is_published(model: KnownModel, hashes: dict[str, str]) -> bool:
    """Whether weight files with these hashes are, all of them, the published ones."""
    return bool(hashes) and hashes == dict(model.published)
