"""From a 2D attachment to the exact frames that a model is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import BadInput
from pipelines.evidence.formats import PICTURES, Format
from pipelines.evidence.frames import Frame, frame_of_image
from pipelines.ports import Store
from pipelines.records import Attachment, Kind

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.evidence.raster import Shown

MOST_FRAMES: Final = 8
"""Of one attachment that holds several pictures, evenly spread: each costs a model 256 tokens."""
_STUDIES: Final = frozenset({Kind.CT_SERIES, Kind.MR_SERIES, Kind.WHOLE_SLIDE})


def frame_of(
    attachment: Attachment, store: Store, label: str | None = None, *, windowed: bool = False, whole: bool = False
) -> Frame:
    """The frame of a 2D picture; its PNG is put into the store. Of a picture file with several pages, of the first.

    Args:
        windowed: a DICOM image by its header's display window, which is never taken unasked.
        whole: as `frame_of_image`.

    Raises:
        BadInput: it is no single picture, too large, damaged, or compressed in a way that is not decoded here.
    """
    path = store.path(attachment.sha256)
    count = 1 if attachment.media_type != Format.DICOM else _count(attachment, path)
    if count > 1:
        raise BadInput(attachment.name, f"is a series of {count} frames", "attach one of them, as PNG for example")
    (shown,) = _read(attachment, path, (0,), windowed=windowed)
    return frame_of_image(shown.image, attachment.sha256, store, shown.steps, label=label, whole=whole)


def picture_of(attachment: Attachment, store: Store, *, windowed: bool = False) -> Image:
    """The first picture itself, upright and as it is to be seen: for people. Nothing is put into the store.

    Args:
        windowed: as `frame_of`.

    Raises:
        BadInput: as `frame_of`.
    """
    (shown,) = _read(attachment, store.path(attachment.sha256), (0,), windowed=windowed)
    return shown.image


def frames_of(attachment: Attachment, store: Store, *, windowed: bool = False) -> tuple[Frame, ...]:
    """The frames of a 2D attachment that may hold several pictures: a film, a scan of several pages. Of more than
    ``MOST_FRAMES`` so many, evenly spread. Each knows its number and is labelled with it where there are several.

    Args:
        windowed: as `frame_of`.

    Raises:
        BadInput: as `frame_of`; one of those that are shown is enough.
    """
    path = store.path(attachment.sha256)
    count = _count(attachment, path)
    if count == 1:
        return (frame_of(attachment, store, windowed=windowed),)
    places = tuple(round(place * (count - 1) / (MOST_FRAMES - 1)) for place in range(MOST_FRAMES))
    places = tuple(range(count)) if count <= MOST_FRAMES else places
    return tuple(
        frame_of_image(
            shown.image,
            attachment.sha256,
            store,
            shown.steps,
            label=f"frame {place + 1} of {count}",
            number=place + 1,
        )
        for place, shown in zip(places, _read(attachment, path, places, windowed=windowed), strict=True)
    )


def check_picture(attachment: Attachment, store: Store) -> None:
    """Refuse early what ``frames_of`` would refuse: files are decoded once, of DICOM only the header is read.

    Studies are left to their own readers.

    Raises:
        BadInput: as ``frames_of``.
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


def _count(attachment: Attachment, path: Path) -> int:
    """How many pictures it holds that are shown one by one."""
    if attachment.members or attachment.media_type not in PICTURES | {Format.DICOM}:
        raise BadInput(attachment.name, "is not a single picture", "attach a PNG, JPEG, TIFF or DICOM file")
    if attachment.media_type == Format.DICOM:
        from pipelines.evidence.dicom_pixels import frame_count

        return frame_count(path, attachment.name)
    from pipelines.evidence.raster import page_count

    return page_count(path, attachment.name)


def _read(attachment: Attachment, path: Path, places: tuple[int, ...], *, windowed: bool) -> Iterator[Shown]:
    if attachment.members or attachment.media_type not in PICTURES | {Format.DICOM}:
        raise BadInput(attachment.name, "is not a single picture", "attach a PNG, JPEG, TIFF or DICOM file")
    if attachment.media_type == Format.DICOM:
        from pipelines.evidence.dicom_pixels import read_dicom

        return read_dicom(path, attachment.name, places, windowed=windowed)
    from pipelines.evidence.raster import read_pages

    return read_pages(path, attachment.name, places)
