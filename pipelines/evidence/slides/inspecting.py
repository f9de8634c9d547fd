"""What is said of a slide before anything is asked about it."""

from __future__ import annotations

from pipelines.errors import BadInput
from pipelines.evidence.identity import same_person
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
    patients: list[Patient] = []
    with slides_in(attachment, store) as slides:
        for files in slides:
            if files.patient is not None:
                patients.append(files.patient)
            with opened(files) as slide:
                plan_of(slide)
    if not all(same_person(patients[0], other) for other in patients):
        raise BadInput(attachment.name, "holds slides of several patients", "attach those of one patient")
    return attachment.model_copy(update={"patient": next(iter(patients), attachment.patient)})
