"""The frames of an enhanced CT or MR file, each with its own place, scale and pass."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import BadInput
from pipelines.evidence.dicom import reading
from pipelines.evidence.volumes.files import File
from pipelines.evidence.volumes.header import full_header
from pipelines.evidence.volumes.stored import Stored, Vector, positive, unit_vectors, within_reach

if TYPE_CHECKING:
    from pydicom import Dataset

_PASSES: Final = (
    ("FrameContentSequence", "FrameAcquisitionNumber"),
    ("FrameContentSequence", "StackID"),
    ("FrameContentSequence", "TemporalPositionIndex"),
    ("MREchoSequence", "EffectiveEchoTime"),
    ("MRDiffusionSequence", "DiffusionBValue"),
    ("CardiacSynchronizationSequence", "NominalPercentageOfCardiacPhase"),
    ("MRImageFrameTypeSequence", "FrameType"),
    ("CTImageFrameTypeSequence", "FrameType"),
)


def frames_of(file: File, first: Stored, count: int) -> tuple[Stored, ...]:
    """Every frame of a file.

    Args:
        first: what the header says outside its functional groups.

    Raises:
        BadInput: the groups are damaged, or are not as many as the frames.
    """
    header = full_header(file)
    with reading(file.name, "does not say where its frames lie", "export it again from the archive"):
        shared = next(iter(header.get("SharedFunctionalGroupsSequence") or ()), None)
        own: Sequence[Dataset | None] = list(header.get("PerFrameFunctionalGroupsSequence") or ())
        if own and len(own) != count:
            problem = f"has {count} frames and describes {len(own)}"
            raise BadInput(file.name, problem, "export it again from the archive")
        return tuple(_frame(first, number, [group, shared]) for number, group in enumerate(own or [None] * count))


def _frame(first: Stored, number: int, groups: Sequence[Dataset | None]) -> Stored:
    def said(sequence: str, keyword: str) -> Any:
        """Of the frame itself, else of all frames."""
        for group in groups:
            items = group.get(sequence) if group is not None else None
            value = items[0].get(keyword) if items else None
            if value is not None:
                return value
        return None

    slope = _numbers(said("PixelValueTransformationSequence", "RescaleSlope"), 1)
    intercept = _numbers(said("PixelValueTransformationSequence", "RescaleIntercept"), 1)
    kind = said("PixelValueTransformationSequence", "RescaleType")
    passes = tuple((keyword, _text(said(sequence, keyword))) for sequence, keyword in _PASSES)
    frame_type = str(said("MRImageFrameTypeSequence", "FrameType") or said("CTImageFrameTypeSequence", "FrameType"))
    return dataclasses.replace(
        first,
        uid=f"{first.uid}#{number}",
        instance=first.instance + number,
        pixels=dataclasses.replace(first.pixels, frame=number),
        position=within_reach(_numbers(said("PlanePositionSequence", "ImagePositionPatient"), 3)) or first.position,
        orientation=unit_vectors(_numbers(said("PlaneOrientationSequence", "ImageOrientationPatient"), 6))
        or first.orientation,
        spacing=positive(_numbers(said("PixelMeasuresSequence", "PixelSpacing"), 2)) or first.spacing,
        rescale=(slope[0], intercept[0]) if slope and intercept and slope[0] else first.rescale,
        rescale_type=str(kind).upper() if kind else first.rescale_type,
        derived=first.derived or "DERIVED" in frame_type,
        passes=(*first.passes, *passes),
    )


def _text(value: Any) -> str:
    """Of a phase or b-value of 0 as well."""
    return "" if value is None else str(value)


def _numbers(value: Any, count: int) -> Vector:
    if value is None:
        return ()
    parts = list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
    found = tuple(float(part) for part in parts[:count])
    return found if len(found) == count and all(map(math.isfinite, found)) else ()
