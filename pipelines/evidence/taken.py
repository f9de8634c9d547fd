"""When a film was taken and from which side, as its DICOM header says: which films belong together and in which order,
and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.dicom import iso_date, unwarned
from pipelines.evidence.formats import Format
from pipelines.ports import Store
from pipelines.records import Attachment, Value

if TYPE_CHECKING:
    from pydicom import Dataset

#: In this order: the study is what is compared; the others stand in where it has no date.
_MOMENTS: Final = (
    ("StudyDate", "StudyTime"),
    ("SeriesDate", "SeriesTime"),
    ("AcquisitionDate", "AcquisitionTime"),
    ("ContentDate", "ContentTime"),
)
View = Literal["frontal", "lateral"]
#: How headers name both (PS3.3 C.8.1.1, CID 4010, and what devices write). Oblique films and those of
#: a patient who lies on the side are neither.
_VIEWS: Final[dict[View, frozenset[str]]] = {
    "frontal": frozenset(
        {"ap", "pa", "frontal", "antero posterior", "postero anterior", "anteroposterior", "posteroanterior"}
    ),
    "lateral": frozenset({"ll", "rl", "lat", "lateral", "left lateral", "right lateral"}),
}
#: To which side of an upright patient the rows of a film lead (PS3.3 C.7.6.1.1.1).
_ROWS: Final = re.compile(r"\['(?:(?P<frontal>[LR])|[AP])', '[HF]'\]")
_LETTERS: Final = re.compile(r"[a-z]+")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d))?")


class Taken(Value):
    """What is not known is None."""

    date: str | None = None
    """ISO 8601."""
    time: str | None = None
    """``HH:MM:SS``, of the place where it was taken."""
    study: str | None = None
    """The unique identifier of the study that it is of."""
    view: View | None = None


def taken_of(attachment: Attachment, store: Store) -> Taken:
    """What the header of a single DICOM file says. Nothing of every other file: when a file was written, or a
    photograph made of a film, says nothing about the patient.

    Raises:
        BadInput: the file is damaged.
    """
    if attachment.media_type != Format.DICOM or attachment.members:
        return Taken()
    from pipelines.evidence.dicom import read_header

    header = read_header(store.path(attachment.sha256), attachment.name)
    study = _text(header, "StudyInstanceUID") or None
    for day, clock in _MOMENTS:
        if found := iso_date(_text(header, day)):
            return Taken(date=found, time=_time(_text(header, clock)), study=study, view=_view(header))
    return Taken(study=study, view=_view(header))


def _view(header: Dataset) -> View | None:
    named = [_text(header, "ViewPosition"), *(_text(code, "CodeMeaning") for code in _view_codes(header))]
    words = {" ".join(_LETTERS.findall(text.lower())) for text in named}
    found: list[View] = [view for view, names in _VIEWS.items() if names & words]
    if not any(named) and (rows := _ROWS.fullmatch(_text(header, "PatientOrientation"))):
        return "frontal" if rows["frontal"] else "lateral"
    return found[0] if len(found) == 1 else None


def _view_codes(header: Dataset) -> Sequence[Dataset]:
    from pydicom.sequence import Sequence as Items

    try:
        with unwarned():
            codes = header.get("ViewCodeSequence")
    except DECODING_ERRORS:
        return ()
    return codes if isinstance(codes, Items) else ()


def _text(header: Dataset, keyword: str) -> str:
    try:
        with unwarned():
            return str(header.get(keyword) or "").strip()
    except DECODING_ERRORS:
        return ""


def _time(text: str) -> str | None:
    found = _TIME.match(text)
    return f"{found[1]}:{found[2]}:{found[3] or '00'}" if found else None
