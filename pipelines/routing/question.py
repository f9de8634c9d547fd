"""What to ask the user when a request is unclear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.records import TaskName

#: Each task as the user would say it, after "Do you want".
WISHES: Final[dict[TaskName, str]] = {
    TaskName.DICTATION_NOTE: "this filed as a note",
    TaskName.CLINICAL_QUESTION: "an answer to a general clinical question",
    TaskName.RECORD_QUESTION: "a fact from the patient's record",
    TaskName.RECORD_SUMMARY: "a summary of the patient's record",
    TaskName.LAB_REPORT: "values read from the lab report",
    TaskName.IMAGE_QUESTION: "one question about the image answered",
    TaskName.CHEST_XRAY_REPORT: "a report of the chest film",
    TaskName.CHEST_XRAY_COMPARISON: "the two chest films compared",
    TaskName.ANATOMY_LOCALIZATION: "something marked on the chest film",
    TaskName.CT_VOLUME: "the CT reviewed",
    TaskName.MRI_VOLUME: "the MRI reviewed",
    TaskName.SLIDE_REVIEW: "the slide reviewed",
}

#: What must be attached before a task can be done, for tasks that need something.
_MISSING: Final[dict[TaskName, str]] = {
    TaskName.RECORD_QUESTION: "the patient's record (FHIR)",
    TaskName.RECORD_SUMMARY: "the patient's record (FHIR)",
    TaskName.LAB_REPORT: "the lab report",
    TaskName.IMAGE_QUESTION: "the image",
    TaskName.CHEST_XRAY_REPORT: "the chest film",
    TaskName.CHEST_XRAY_COMPARISON: "both chest films",
    TaskName.ANATOMY_LOCALIZATION: "the chest film",
    TaskName.CT_VOLUME: "the CT series",
    TaskName.MRI_VOLUME: "the MR series",
    TaskName.SLIDE_REVIEW: "the whole slide",
}


def question(likely: Sequence[TaskName], missing: TaskName | None = None) -> str:
    """One plain question that offers the likely tasks, best first.

    ``missing`` is what the words seem to ask for but the attachments do not allow.
    """
    if missing is not None:
        return f"Do you want {WISHES[missing]}? Then attach {_MISSING[missing]}, or say what else you want."
    if not likely:
        return "What should be done? Nothing was understood as a request."
    wishes = [WISHES[task] for task in likely]
    return f"Do you want {wishes[0] if len(wishes) == 1 else ', '.join(wishes[:-1]) + ' or ' + wishes[-1]}?"
