"""Earlier pictures that look like one: like a picture file, or like those of a run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.sessions import Disk, SessionLog, Similar
from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.records import Value

if TYPE_CHECKING:
    from pipelines.models.classifier import Embedded, ImageClassifier

#: Of the event that says that a picture was looked at to find others.
LOOKED_UP = "similar-looked-up"


class Alike(Value):
    """One picture and those that look like it, the most alike first."""

    picture: str
    """Its file name."""
    found: tuple[Similar, ...]


def like_file(log: SessionLog, path: Path, classifier: ImageClassifier, limit: int) -> Alike:
    """What looks like the picture in a file. Nothing of it is kept; an event says that a model looked.

    Raises:
        ModelNeeded: there is no model that looks at pictures.
        BadInput: the file is no single picture that can be read.
    """
    from pipelines.models.classifier import unpack
    from pipelines.models.looking import weights_of

    at = classifier.available()
    if not at.ready:
        raise ModelNeeded(classifier.name, at.detail, at.remedy or "see: assistant models list")
    seen = _seen(path, classifier)
    weights = weights_of(seen.engine)
    log.event(LOOKED_UP, None, {"engine": seen.engine.name, "weights_sha256": weights, "seconds": seen.seconds})
    return Alike(picture=path.name, found=log.similar(unpack(seen.vector), weights, limit))


def like_run(log: SessionLog, run: str, limit: int) -> tuple[Alike, ...]:
    """What looks like each picture of a run, its own aside. No model is needed: they were looked at when it was made.

    Args:
        run: its id or the beginning of it.

    Raises:
        UsageProblem: there is no such run, or none of its attachments was looked at.
    """
    from pipelines.models.classifier import unpack

    view = log.run(run)
    pictures = log.pictures_of(view.id)
    if not pictures:
        raise UsageProblem(
            f"run {view.id}",
            "has no picture that was looked at",
            "name a picture file; runs keep how their pictures look while medsiglip is installed",
        )
    return tuple(
        Alike(
            picture=name,
            found=log.similar(unpack(embedding.vector), embedding.weights_sha256, limit, without=view.id),
        )
        for name, embedding in pictures
    )


def _seen(path: Path, classifier: ImageClassifier) -> Embedded:
    from assistant.intake import GivenAttachment, take_in_attachment
    from assistant.sessions.files import FileStore
    from pipelines.evidence.picture import frame_of

    with tempfile.TemporaryDirectory() as scratch:
        store = FileStore(Path(scratch) / "files", Disk())
        store.prepare()
        attachment = take_in_attachment(GivenAttachment(path), store)
        return classifier.embed(store.get(frame_of(attachment, store, whole=True).sha256))
