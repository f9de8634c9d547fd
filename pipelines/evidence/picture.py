"""From a 2D attachment to the exact frame that a model is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import BadInput
from pipelines.evidence.formats import PICTURES, Format
from pipelines.evidence.frames import Frame, frame_of_image
from pipelines.ports import Store
from pipelines.records import Attachment, Kind

if TYPE_CHECKING:
    from pipelines.evidence.raster import Shown

_STUDIES: Final = frozenset({Kind.CT_SERIES, Kind.MR_SERIES, Kind.WHOLE_SLIDE})


def frame_of(attachment: Attachment, store: Store, label: str | None = None) -> Frame:
    """The frame of a 2D picture; its PNG is put into the store.

    Raises:
        BadInput: it is no single picture, too large, damaged, or compressed in a way that is not decoded here.
    """
    shown = _read(attachment, store.path(attachment.sha256))
    return frame_of_image(shown.image, attachment.sha256, store, shown.steps, label=label)


def check_picture(attachment: Attachment, store: Store) -> None:
    """Refuse early what ``frame_of`` would refuse: files are decoded once, of DICOM only the header is read.

    Studies are left to their own readers.

    Raises:
        BadInput: as ``frame_of``.
    """
    if attachment.kind in _STUDIES:
        return
    path = store.path(attachment.sha256)
    if attachment.media_type in PICTURES:
        from pipelines.evidence.raster import load

        load(path, attachment.name)
    elif attachment.media_type == Format.DICOM:
        from pipelines.evidence.dicom import read_header
        from pipelines.evidence.dicom_pixels import refuse_unfit

        refuse_unfit(read_header(path, attachment.name), attachment.name)


def _read(attachment: Attachment, path: Path) -> Shown:
    if attachment.members or attachment.media_type not in PICTURES | {Format.DICOM}:
        raise BadInput(attachment.name, "is not a single picture", "attach a PNG, JPEG, TIFF or DICOM file")
    if attachment.media_type == Format.DICOM:
        from pipelines.evidence.dicom_pixels import read_dicom

        return read_dicom(path, attachment.name)
    from pipelines.evidence.raster import read_raster

    return read_raster(path, attachment.name)
