"""What is said of a slide before anything is asked about it."""

from __future__ import annotations

from pipelines.errors import BadInput
from pipelines.evidence.slides.opening import opened, slides_in
from pipelines.evidence.slides.patches import plan_of
from pipelines.ports import Store
from pipelines.records import Attachment, Patient


def inspect_slide(attachment: Attachment, store: Store) -> Attachment:
    """The attachment with whom its slides are about and what is unusual about them; each is opened and looked over.

    Raises:
        BadInput: it holds no slide, or one that cannot be read or shows no tissue; or slides of several patients.
    """
    patients: dict[str, Patient] = {}
    warnings: list[str] = list(attachment.warnings)
    with slides_in(attachment, store) as slides:
        for files in slides:
            if files.patient is not None:
                patients[files.patient.id] = files.patient
            with opened(files) as slide:
                said = plan_of(slide).warnings
            warnings += [warning if len(slides) == 1 else f"{files.name}: {warning}" for warning in said]
    if len(patients) > 1:
        raise BadInput(attachment.name, "holds slides of several patients", "attach those of one patient")
    patient = next(iter(patients.values()), attachment.patient)
    return attachment.model_copy(update={"patient": patient, "warnings": tuple(dict.fromkeys(warnings))})
