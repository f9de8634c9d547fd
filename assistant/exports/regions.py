"""Boxes that a run marked on a picture, and as a DICOM structured report (Comprehensive SR, TID 1500).

Facts: DICOM PS3.16 TID 1500 and 1410; PS3.3 C.18.6 (SCOORD: column and row from the upper left corner of the upper left
pixel). A box is a closed POLYLINE. Its label is the model's own words, so it is the tracking identifier and no code.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from assistant import __version__
from assistant.sessions.views import RunView
from pipelines.errors import BadInput, UsageProblem
from pipelines.evidence.formats import Format
from pipelines.fhir.parties import PRODUCT
from pipelines.fhir.told import Region
from pipelines.ports import Store
from pipelines.records import Attachment, Engine, Result, Status

if TYPE_CHECKING:
    from highdicom.sr import ComprehensiveSR, PlanarROIMeasurementsAndQualitativeEvaluations
    from pydicom import Dataset

_OWN_CODES: Final = "99CLINASSIST"
_NAMESPACE: Final = uuid.UUID("0d9a4c1e-5f0b-4c43-8a52-8f8a3f7c1e6b")
_FINAL: Final = frozenset({Status.APPROVED, Status.SIGNED})
_NEEDED: Final = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_UID: Final = re.compile(r"[0-9][0-9.]{0,63}")
#: A report inherits these; the standard lets them be empty but not be missing.
_INHERITED: Final = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
)


class _Source(NamedTuple):
    """A marked picture's own header."""

    attachment: Attachment
    header: Dataset


def regions_of(result: Result) -> tuple[Region, ...]:
    """What was marked, in order; numbers are those of the statements, from 1."""
    return tuple(
        Region(box["statement"] + 1, box["label"], tuple(box["box"]), box["attachment"])
        for box in result.data.get("boxes", ())
    )


def dicom_sr_bytes(view: RunView, result: Result, store: Store) -> bytes:
    """The report as a DICOM file: always the same bytes for the same result.

    Raises:
        UsageProblem: nothing was marked, or on a picture that is no DICOM image with identifiers of its own.
    """
    import io

    from pipelines.evidence.dicom import unwarned

    regions = regions_of(result)
    if not regions:
        raise UsageProblem(view.id, "has no marked regions", "export it as markdown, pdf, docx or fhir")
    buffer = io.BytesIO()
    with unwarned():
        report = _report(view, result, regions, _source(view, result, regions[0], store))
        report.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _source(view: RunView, result: Result, region: Region, store: Store) -> _Source:
    """The DICOM image that is marked; one, since the task marks one film."""
    from pydicom.uid import UID

    from pipelines.evidence.dicom import read_header

    attachment = next(one for one in view.attachments if one.sha256 == region.attachment)
    otherwise = "export it as fhir, or mark the image as the archive holds it"
    if attachment.media_type != Format.DICOM or attachment.members:
        problem = "is no DICOM image, so a DICOM report cannot point into it"
        raise UsageProblem(attachment.name, problem, otherwise)
    try:
        header = read_header(store.path(attachment.sha256), attachment.name)
    except BadInput as damaged:
        raise UsageProblem(attachment.name, damaged.problem, otherwise) from damaged
    for keyword in _NEEDED:
        if not _UID.fullmatch(str(header.get(keyword) or "")):
            raise UsageProblem(attachment.name, f"has no {keyword}, so nothing can point to it", otherwise)
    if "ImageStorage" not in UID(header.SOPClassUID).keyword:
        raise UsageProblem(attachment.name, "is of no class of images that the standard has", otherwise)
    box = result.data["boxes"][0]
    if (header.get("Columns"), header.get("Rows")) != (box["width"], box["height"]):
        raise UsageProblem(attachment.name, "was shown in another size than its header says", otherwise)
    return _Source(attachment, header)


def _report(view: RunView, result: Result, regions: Sequence[Region], source: _Source) -> ComprehensiveSR:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    engine = Engine.model_validate(result.data["model"])
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=_uid(view.id, "device"), name=PRODUCT, manufacturer_name=PRODUCT, model_name=engine.model or engine.name
    )
    context = sr.ObservationContext(
        observer_device_context=sr.ObserverContext(
            observer_type=codes.DCM.Device, observer_identifying_attributes=device
        )
    )
    content = sr.MeasurementReport(
        observation_context=context,
        procedure_reported=sr.CodedConcept("363679005", "SCT", "Imaging procedure"),
        imaging_measurements=[_group(view, region, n, engine, source.header) for n, region in enumerate(regions, 1)],
        title=codes.DCM.ImagingMeasurementReport,
    )
    report = sr.ComprehensiveSR(
        evidence=[_without_inherited(source.header)],
        content=content[0],
        series_instance_uid=_uid(view.id, "series"),
        series_number=1,
        sop_instance_uid=_uid(view.id, "report"),
        instance_number=1,
        manufacturer=PRODUCT,
        manufacturer_model_name=PRODUCT,
        software_versions=__version__,
        device_serial_number=__version__,
        is_complete=True,
        is_final=result.status in _FINAL,
        series_description="Approximate regions, marked by a model; not for diagnosis",
        specific_character_set="ISO_IR 192",
    )
    for keyword in _INHERITED:
        if keyword in source.header:
            report.add(source.header[keyword])
    _date(report, view.updated)
    return report


def _without_inherited(header: Dataset) -> Dataset:
    """The film's header with these empty: highdicom refuses values that break a rule of the standard, or logs them,
    names among them. A report of the film's study has them as the film has."""
    from pydicom import Dataset

    copied = Dataset()
    copied.update(header)
    for keyword in _INHERITED:
        # Elements are shared: one that is set would be changed in both.
        copied.pop(keyword, None)
        setattr(copied, keyword, "")
    return copied


def _group(
    view: RunView, region: Region, n: int, engine: Engine, header: Dataset
) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    import numpy as np
    from highdicom import sr

    left, upper, right, lower = region.box
    corners = [(left, upper), (right, upper), (right, lower), (left, lower), (left, upper)]
    place = sr.ImageRegion(
        graphic_type=sr.GraphicTypeValues.POLYLINE,
        graphic_data=np.array(corners, dtype=np.float64),
        source_image=sr.SourceImageForRegion(header.SOPClassUID, header.SOPInstanceUID),
    )
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=_uid(view.id, f"region {n}"), identifier=region.label or f"region {n}"
        ),
        referenced_region=place,
        finding_type=sr.CodedConcept("approximate-region", _OWN_CODES, "Approximate region marked by a model"),
        algorithm_id=sr.AlgorithmIdentification(
            name=engine.model or engine.name, version=engine.revision or engine.version
        ),
    )


def _uid(run: str, what: str) -> str:
    """Always the same for the same run (PS3.5 B.2: an UUID under the root 2.25)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, f'{run}/{what}').int}"


def _date(report: Any, written: str) -> None:
    """When the result was made (UTC), in place of when it was exported."""
    at = datetime.fromisoformat(written).astimezone(UTC)
    day, clock = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    for name in ("Content", "InstanceCreation"):
        setattr(report, f"{name}Date", day)
        setattr(report, f"{name}Time", clock)
    # The last one is the library that wrote the report; another is what took the film, at its own time.
    report.ContributingEquipmentSequence[-1].ContributionDateTime = f"{day}{clock}+0000"
