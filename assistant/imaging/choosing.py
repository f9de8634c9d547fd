"""Which series of a study are wanted, and which studies of a patient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.imaging.dicom_json import MODALITY, PATIENT_ID, STUDY_UID, Found
from pipelines.evidence.identify import kind_of_modality
from pipelines.records import Kind

#: All images of such a kind are one attachment; of the others each is one.
AT_ONCE: Final = frozenset({Kind.CT_SERIES, Kind.MR_SERIES, Kind.WHOLE_SLIDE})
#: What may be shown of what an archive calls so.
_SHOWN: Final = re.compile(r"[A-Z0-9]{1,16}")
_RADIOGRAPHS: Final = frozenset({"CR", "DX", "RG"})
#: What a kind that the user names is made of. ``image`` is any single picture.
_MADE_OF: Final[dict[Kind, frozenset[str]]] = {
    Kind.CT_SERIES: frozenset({"CT"}),
    Kind.MR_SERIES: frozenset({"MR"}),
    Kind.WHOLE_SLIDE: frozenset({"SM"}),
    Kind.HISTOPATHOLOGY_PATCH: frozenset({"SM", "XC", "GM"}),
    Kind.CHEST_XRAY: _RADIOGRAPHS,
    Kind.RADIOGRAPH: _RADIOGRAPHS,
    Kind.FUNDUS: frozenset({"OP"}),
    Kind.DERMATOLOGY: frozenset({"XC", "DMS"}),
}


class Unclear(Exception):
    """A study holds what would be several kinds, and nobody said which is wanted.

    Args:
        kinds: those.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        super().__init__(kinds)
        self.kinds = kinds


@dataclass(frozen=True)
class Wanted:
    """Series of one study."""

    series: tuple[Found, ...]
    at_once: bool
    """Whether they are one attachment."""


def can_be_fetched(kind: Kind) -> bool:
    """Whether an archive of images can have that at all."""
    return kind is Kind.IMAGE or kind in _MADE_OF


def wanted_series(series: Iterable[Found], kind: Kind | None, modality: str | None) -> Wanted:
    """Of the series of a study those that are of the kind; none where there are none.

    Args:
        kind: that the user names. Without one it is the only kind of volume or slide that there is, or else all
            pictures.
        modality: no other, where the user names one.

    Raises:
        Unclear: it depends on the kind.
    """
    found = [(one, kind_of_modality(_modality(one), "")) for one in series if modality in (None, _modality(one))]
    pictured = [(one, natural) for one, natural in found if natural is not None]
    if kind is None:
        volumes = sorted({natural for _, natural in pictured if natural in AT_ONCE})
        if len(volumes) > 1:
            raise Unclear(volumes)
        chosen = [one for one, natural in pictured if not volumes or natural in volumes]
        return Wanted(tuple(chosen), at_once=bool(volumes))
    if kind is Kind.IMAGE:
        chosen = [one for one, natural in pictured if natural not in AT_ONCE]
    else:
        chosen = [one for one, _ in pictured if _modality(one) in _MADE_OF[kind]]
    return Wanted(tuple(chosen), at_once=kind in AT_ONCE)


def modalities(series: Iterable[Found]) -> str:
    """What a study holds, for a reader."""
    return ", ".join(sorted({_modality(one) if _SHOWN.fullmatch(_modality(one)) else "?" for one in series}))


def latest_first(studies: Iterable[Found]) -> tuple[list[Found], list[Found]]:
    """The studies by date and time, the latest first; and those whose date is not known.

    Of one day `are_told_apart` says which have an order at all.
    """
    dated: list[Found] = []
    undated: list[Found] = []
    for one in studies:
        (undated if one.day is None else dated).append(one)
    dated.sort(key=lambda one: (one.day or "", one.time or "", one.text(STUDY_UID)), reverse=True)
    return dated, undated


def are_told_apart(one: Found, other: Found) -> bool:
    """Whether it is known which of two dated studies is the later one."""
    return one.day != other.day or (None not in (one.time, other.time) and one.time != other.time)


def are_all_of(studies: Iterable[Found], patient: str) -> bool:
    """Whether the archive heeded whom it was asked for."""
    return all(one.text(PATIENT_ID) == patient for one in studies)


def _modality(series: Found) -> str:
    return series.text(MODALITY).upper()
