"""What the model that tells kinds of pictures apart makes of an attachment, where one is there.

It names the kind of a picture that nobody named, and keeps where the picture lies among others, so that pictures like
it can be found later. It is asked for nothing that is on a picture, and nothing waits for it: where it fails, the
attachment says so and stays what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.errors import BadInput, Cancelled
from pipelines.evidence.formats import PICTURES, Format
from pipelines.records import Attachment, Kind

if TYPE_CHECKING:
    from pipelines.models.classifier import ImageClassifier
    from pipelines.models.looking import Looker
    from pipelines.state import Ports

#: Kinds that are one picture of a patient.
_OF_PATIENTS: Final = frozenset(
    {Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH, Kind.IMAGE}
)


def recognised(attachments: Sequence[Attachment], ports: Ports, run: str) -> tuple[Attachment, ...]:
    """The attachments, each with the kind that the model is sure of, or with a warning that it could not say.

    Raises:
        Cancelled: whoever waits for the run has ended it.
        StorageProblem: the log or the store cannot take a write.
    """
    classifier = ports.classifier
    if classifier is None or not any(map(_is_picture, attachments)) or not classifier.available().ready:
        return tuple(attachments)
    found = []
    try:
        for number, attachment in enumerate(attachments):
            if ports.cancelled():
                raise Cancelled
            ports.progress("inspect", number / len(attachments))
            found.append(_looked_at(attachment, classifier, ports, run) if _is_picture(attachment) else attachment)
        ports.progress("inspect", 1.0)
    finally:
        # What answers about the pictures may need all the memory there is.
        classifier.release()
    return tuple(found)


def _looked_at(attachment: Attachment, classifier: ImageClassifier, ports: Ports, run: str) -> Attachment:
    from pipelines.evidence.picture import frame_of
    from pipelines.models.looking import Looker, NotSeen

    try:
        # Whole: what looks at it scales in its own way.
        frame = frame_of(attachment, ports.store, whole=True).sha256
    except BadInput as unfit:
        return _warned(attachment, f"was not looked at for its kind: {unfit.problem}")
    looker = Looker(classifier, ports.journal, ports.store, run, "inspect")
    named = attachment
    try:
        if attachment.kind is Kind.IMAGE and attachment.kind_from != "user":
            named = _named(attachment, looker, frame)
        looker.embed(frame, attachment.sha256)
    except NotSeen as failed:
        return _warned(named, f"{classifier.name} could not look at it: {failed}")
    return named


def _named(attachment: Attachment, looker: Looker, frame: str) -> Attachment:
    from pipelines.models.picture_kinds import LABELS, likely_kind

    likely = likely_kind(looker.classify(frame, LABELS))
    if likely.kind is None or not likely.decides:
        return attachment
    known = attachment.model_copy(update={"kind": likely.kind, "kind_from": "model"})
    return _warned(known, f"taken for {likely.kind.value} by {looker.classifier.name} ({likely.share:.0%} sure)")


def _is_picture(attachment: Attachment) -> bool:
    return (
        attachment.kind in _OF_PATIENTS
        and not attachment.members
        and attachment.media_type in PICTURES | {Format.DICOM}
    )


def _warned(attachment: Attachment, warning: str) -> Attachment:
    return attachment.model_copy(update={"warnings": (*attachment.warnings, warning)})
