"""From a 2D attachment to the exact frame that a model is shown.

A frame is square, since the image processor stretches what is not; black is added around the middle, as in training
and in Google's serving code. It is 8-bit RGB in a PNG that holds pixels and nothing else: no header text, no metadata.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import BadInput
from pipelines.evidence.formats import PICTURES, Format
from pipelines.ports import Store
from pipelines.records import Attachment, Kind, Value

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.evidence.raster import Shown

_LONGEST_SIDE: Final = 3584
"""Four times what the model sees. Frames are kept with the result and shown to readers, for whom that is plenty."""
_COMPRESSION: Final = 4
"""Fixed, so that equal pictures are equal bytes. Higher levels take seconds on large frames for a few percent."""
_STUDIES: Final = frozenset({Kind.CT_SERIES, Kind.MR_SERIES, Kind.WHOLE_SLIDE})


class Frame(Value):
    """The exact picture that a model is shown.

    A point (x, y) of the source picture is at (left + x * s, top + y * s) of the frame, where
    s = width / max(source_width, source_height).
    """

    sha256: str
    """Of the PNG in the store."""
    attachment: str
    """``Attachment.sha256``."""
    width: int
    height: int
    """In pixels, both the same."""
    source_width: int
    source_height: int
    """Of the attached picture, upright."""
    left: int
    top: int
    """Where the source picture begins within the frame."""
    steps: tuple[str, ...]
    """What was done, in order, in plain words."""


def frame_of(attachment: Attachment, store: Store) -> Frame:
    """The frame of a 2D picture; its PNG is put into the store.

    Equal attachments give equal frames, byte for byte with the same libraries.

    Raises:
        BadInput: it is no single picture, too large, damaged, or compressed in a way that is not decoded here.
    """
    shown = _read(attachment, store.path(attachment.sha256))
    width, height = shown.image.size
    steps = list(shown.steps)
    image = _scaled_down(shown.image, steps)
    side = max(image.size)
    left, top = (side - image.width) // 2, (side - image.height) // 2
    if image.width != image.height:
        steps.append("padded to a square with black")
    if image.mode == "L":
        steps.append("grey repeated in red, green and blue")
    return Frame(
        sha256=store.put(_png(image, side, left, top)),
        attachment=attachment.sha256,
        width=side,
        height=side,
        source_width=width,
        source_height=height,
        left=left,
        top=top,
        steps=tuple(steps),
    )


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


def _scaled_down(image: Image, steps: list[str]) -> Image:
    """Averages areas, as the serving code does, so that nothing fine turns into false patterns."""
    from PIL.Image import Resampling

    longest = max(image.size)
    if longest <= _LONGEST_SIDE:
        return image
    width, height = (max(1, round(side * _LONGEST_SIDE / longest)) for side in image.size)
    steps.append(f"scaled down from {image.width} x {image.height} to {width} x {height}")
    return image.resize((width, height), Resampling.BOX)


def _png(image: Image, side: int, left: int, top: int) -> bytes:
    import io

    from PIL import Image as images

    # A new picture: what the file said about itself does not come along.
    canvas = images.new("RGB", (side, side))
    canvas.paste(image, (left, top))
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", compress_level=_COMPRESSION)
    return buffer.getvalue()
