"""Which tasks the attachments allow, and what the words make of an image or document of unknown kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from pipelines.records import Kind, TaskName
from pipelines.routing.cues import named

_RECORD: Final = (frozenset({Kind.FHIR_RECORD}), 1)
_FILM: Final = frozenset({Kind.CHEST_XRAY, Kind.IMAGE})
_IMAGES: Final = frozenset(
    {Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH, Kind.IMAGE}
)

#: Kinds of which a task needs so many; tasks that are not here need nothing.
NEEDS: Final[dict[TaskName, tuple[frozenset[Kind], int]]] = {
    TaskName.RECORD_QUESTION: _RECORD,
    TaskName.RECORD_SUMMARY: _RECORD,
    TaskName.LAB_REPORT: (frozenset({Kind.LAB_REPORT, Kind.DOCUMENT, Kind.IMAGE}), 1),
    TaskName.IMAGE_QUESTION: (_IMAGES, 1),
    TaskName.CHEST_XRAY_REPORT: (_FILM, 1),
    TaskName.CHEST_XRAY_COMPARISON: (_FILM, 2),
    TaskName.ANATOMY_LOCALIZATION: (_FILM, 1),
    TaskName.CT_VOLUME: (frozenset({Kind.CT_SERIES}), 1),
    TaskName.MRI_VOLUME: (frozenset({Kind.MR_SERIES}), 1),
    TaskName.SLIDE_REVIEW: (frozenset({Kind.WHOLE_SLIDE}), 1),
}

#: What an unknown image is, by the first name in the words that fits.
_IMAGE_NAMES: Final = (
    ("chest-xray", Kind.CHEST_XRAY),
    ("fundus", Kind.FUNDUS),
    ("dermatology", Kind.DERMATOLOGY),
    ("patch", Kind.HISTOPATHOLOGY_PATCH),
    ("whole-slide", Kind.HISTOPATHOLOGY_PATCH),
    ("film", Kind.RADIOGRAPH),
)


def is_possible(task: TaskName, kinds: Sequence[Kind]) -> bool:
    """Whether what the task needs is attached."""
    if task not in NEEDS:
        return True
    fitting, count = NEEDS[task]
    return sum(kind in fitting for kind in kinds) >= count


def inferred(task: TaskName, words: str, kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    """What each attachment of kind ``image`` or ``document`` is taken for, in order; empty if the words say nothing.

    An attachment whose kind is known is preferred for the task; the unknown ones then stay what they are.
    """
    unknown = [kind for kind in kinds if kind in (Kind.IMAGE, Kind.DOCUMENT)]
    taken = tuple(_taken_for(task, words, kind, Counter(kinds)) for kind in unknown)
    return taken if list(taken) != unknown else ()


def _taken_for(task: TaskName, words: str, kind: Kind, attached: Counter[Kind]) -> Kind:
    if task is TaskName.LAB_REPORT:
        wanted = Kind.DOCUMENT if attached[Kind.DOCUMENT] else Kind.IMAGE
        return Kind.LAB_REPORT if not attached[Kind.LAB_REPORT] and kind is wanted else kind
    if kind is Kind.DOCUMENT:
        return kind
    if task in (TaskName.CHEST_XRAY_REPORT, TaskName.ANATOMY_LOCALIZATION):
        return kind if attached[Kind.CHEST_XRAY] else Kind.CHEST_XRAY
    if task is TaskName.CHEST_XRAY_COMPARISON:
        return kind if attached[Kind.CHEST_XRAY] > 1 else Kind.CHEST_XRAY
    if task is TaskName.IMAGE_QUESTION:
        names = named(words)
        return next((meant for name, meant in _IMAGE_NAMES if name in names), kind)
    return kind
