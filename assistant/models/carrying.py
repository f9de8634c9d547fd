"""``assistant models pull NAME --from DIR``: a model that was fetched elsewhere, for a machine without network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from assistant.models.importing import Imported, import_folder
from assistant.models.terms import Accept, read_terms, require_acceptance
from assistant.sessions import SessionLog
from pipelines.errors import BadInput
from pipelines.weights.catalogue import GGUF, KnownModel

Progress = Callable[[str, float], None]

_SNAPSHOTS: Final = "snapshots"


def carry_in(
    model: KnownModel, source: Path, models_dir: Path, log: SessionLog, *, accept: Accept, progress: Progress
) -> Imported:
    """Install ``model`` from a folder, under accepted terms like `pull`, checked and copied like `import_folder`.

    Args:
        source: the model's folder as the hub lays it out or `hf download` fills it, a models folder or the hub's cache
            (or its ``hub``) of another machine, or a folder that holds several by name. Left as it is.
        accept: is shown the terms that lie there, unless this user accepted the same words before.

    Raises:
        BadInput: the model does not lie there, or cannot be loaded.
        PersonNeeded: the terms are not accepted.
        StorageProblem, UsageProblem: as `import_folder`.
    """
    folder = find(model, source)
    require_acceptance(read_terms(folder, model), log, accept)
    return import_folder(folder, models_dir, log, progress, model)


def find(model: KnownModel, source: Path) -> Path:
    """Where within ``source`` the model lies.

    Raises:
        BadInput: nowhere.
    """
    found = next((place for place in _places(model, source) if _holds_model(place, model)), None)
    if found is None:
        there = "there is no such folder" if not source.is_dir() else f"holds no {model.name}"
        raise BadInput(
            source.name or str(source),
            there,
            f"give the folder of {model.repository}, or one with {model.name} in it",
        )
    return found


def _places(model: KnownModel, source: Path) -> Iterator[Path]:
    owner, _, name = model.repository.partition("/")
    yield source
    for names in ((model.name,), (name,), (owner, name)):
        yield source.joinpath(*names)
    for cache in (source, *(within / f"models--{owner}--{name}" for within in (source, source / "hub"))):
        snapshots = cache / _SNAPSHOTS
        # The pinned one before all others.
        yield snapshots / model.revision
        if snapshots.is_dir():
            yield from sorted(snapshots.iterdir())


def _holds_model(place: Path, model: KnownModel) -> bool:
    """Whether there is a model at all: whether it is the right one, the import says with the reason."""
    if model.model_type == GGUF:
        return any(place.glob("*.gguf"))
    return (place / "config.json").is_file()
