"""What is said of a slide before anything is asked about it."""

from __future__ import annotations

from pipelines.errors import BadInput
from pipelines.evidence.slides.opening import opened, slides_in
from pipelines.evidence.slides.patches import plan_of
from pipelines.ports import Store
from pipelines.records import Attachment, Patient


def inspect_slide(attachment: Attachment, store: Store) -> Attachment:
    """The attachment with whom its slides are about. Each is opened and looked over; what is unusual about the one that
    is reviewed is said in the result.

    Raises:
        BadInput: it holds no slide, or one that cannot be read or shows no tissue; or slides of several patients.
    """
    patients: dict[str, Patient] = {}
    with slides_in(attachment, store) as slides:
        for files in slides:
            if files.patient is not None:
                patients[files.patient.id] = files.patient
            with opened(files) as slide:
                plan_of(slide)
    if len(patients) > 1:
        raise BadInput(attachment.name, "holds slides of several patients", "attach those of one patient")
    return attachment.model_copy(update={"patient": next(iter(patients.values()), attachment.patient)})
