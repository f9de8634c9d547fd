"""Picture files (PNG, JPEG, TIFF, BMP, WebP, GIF) as 8-bit grey or RGB, upright."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np

from pipelines.evidence.damage import DECODING_ERRORS
from pipelines.evidence.depth import Values, bands, extent, full_range, refuse_size, scaled
from pipelines.evidence.pages import Pages, pages_of, tiff_tag
from pipelines.evidence.picture_file import opened, values_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_EXIF_ORIENTATION: Final = 0x0112
_TIFF_PHOTOMETRIC: Final = 262
_WHITE_IS_ZERO: Final = 0
_OF_GREY: Final = "RGBA"
_NATIVE, _SWAPPED = ("L", "B") if sys.byteorder == "little" else ("B", "L")
#: How Pillow unpacks the upper 8 of 16 bits, and how it then unpacks the lower ones: as if their order were the other.
_LOWER_BITS: Final = {"LA;16B": _OF_GREY} | {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA", "RGBX")
    for order, other in ((_NATIVE, _SWAPPED), (_SWAPPED, _NATIVE), ("N", _SWAPPED))
}


class Shown(NamedTuple):
    """What is to be seen of a picture, and how it came from the file."""

    image: Image
    """Mode ``L`` or ``RGB``."""
    steps: tuple[str, ...]


class Loaded(NamedTuple):
    """A decoded page with what only the file can tell."""

    image: ImageFile
    pages: Pages
    orientation: int
    """As EXIF numbers them: 1 is upright. TIFF pages were turned by the decoder."""
    cut: bool
    """It has colour of 16 bits, of which the decoder hands out the upper 8."""
    lower: str | None
    """How it is made to hand out the lower ones instead, where it can."""
    negative: bool
    """It has deep grey with white as zero, which the decoder hands out as it is."""


def load(path: Path, name: str, page: int = 0, *, unpacked: str | None = None) -> Loaded:
    """One page of a picture file, decoded.

    Args:
        unpacked: in this way, ``Loaded.lower``.

    Raises:
        BadInput: it is larger than what is read here (told from its header, before memory is taken for pixels), no
            picture, or damaged.
    """
    with opened(path, name) as picture:
        pages = pages_of(picture)
        if page:
            picture.seek(page)
        refuse_size(name, picture.width * picture.height)
        # Before the orientation, which of some formats is known only after decoding.
        kinds = {tile.args if isinstance(tile.args, str) else str((tile.args or ("",))[0]) for tile in picture.tile}
        deep = any(";16" in kind for kind in kinds)
        lower = _LOWER_BITS.get(kinds.pop()) if len(kinds) == 1 else None
        if unpacked is not None:
            picture.tile = [tile._replace(args=_unpacked(tile.args, unpacked)) for tile in picture.tile]
        orientation = _orientation(picture)
        negative = tiff_tag(picture, _TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO
        picture.load()
    grey = _is_deep_grey(picture)
    return Loaded(picture, pages, orientation, cut=deep and not grey, lower=lower, negative=negative and grey)


def _unpacked(given: tuple[Any, ...] | str | None, way: str) -> tuple[Any, ...] | str:
    return (way, *given[1:]) if isinstance(given, tuple) else way


def page_count(path: Path, name: str) -> int:
    """How many pages of a picture file are pictures of their own: all of a scan, one of a pyramid or an animation.

    Raises:
        BadInput: as ``load``.
    """
    with opened(path, name) as picture:
        pages = pages_of(picture)
    return pages.number if pages.alike else 1


def read_pages(path: Path, name: str, places: tuple[int, ...] = (0,)) -> Iterator[Shown]:
    """Pages of a picture file as they are meant to be seen, by their places from 0, one after the other.

    Raises:
        BadInput: as ``load``.
    """
    for place in places:
        yield _read(path, name, place, alone=len(places) == 1)


def _read(path: Path, name: str, place: int, *, alone: bool) -> Shown:
    picture, pages, orientation, cut, lower, negative = load(path, name, place)
    steps = [f"first of {pages} taken"] if alone and pages.several else []
    turned = picture.format == "TIFF"
    made: Image | Values = values_of(picture) if _is_deep_grey(picture) else _grey_or_rgb(picture, steps)
    # Large ones do not fit three times.
    del picture
    image = _deep_grey(made, name, steps, negative=negative) if isinstance(made, np.ndarray) else made
    if cut:
        bits = _bits_used(image) if lower is not None else 16
        if bits < 16:
            upper = values_of(image)
            del image, made
            image = _deep_colour(upper, load(path, name, place, unpacked=lower).image, bits, grey=lower == _OF_GREY)
        white = f"scaled to 8 bits: 0 is black, {2**bits - 1} white" if bits < 16 else "cut to its upper 8 bits"
        steps.append(f"16-bit colour {white}")
    return Shown(_upright(image, orientation, steps, turned=turned), tuple(steps))


def _is_deep_grey(image: Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _deep_grey(values: Values, name: str, steps: list[str], *, negative: bool) -> Image:
    from PIL import Image

    low, high = full_range(*extent(values, name), fractions=values.dtype.kind == "f")
    steps.append(f"grey scaled to 8 bits: {low:.10g} is black, {high:.10g} white")
    shown = scaled(values, low, high)
    if negative:
        np.subtract(255, shown, out=shown)
        steps.append("inverted: the file has white as zero")
    return Image.fromarray(shown)


def _bits_used(upper: Image) -> int:
    """Of 16, by the upper 8: one that uses fewer would be all but black on their scale (see `full_range`)."""
    extremes = cast("tuple[tuple[int, int], ...]", upper.getextrema())
    return 8 + max(greatest for _, greatest in extremes).bit_length()


def _deep_colour(upper: Values, lower: Image, bits: int, *, grey: bool) -> Image:
    """
    Args:
        upper: 8 bits of red, green and blue; is written to.
        lower: the others, and what else there is; large ones do not fit once more beside both.
        grey: which is then their second.
    """
    from PIL import Image

    for rows in bands(*upper.shape[:2]):
        rest = np.asarray(lower.crop((0, rows.start, lower.width, rows.stop)))
        values = upper[rows].astype(np.uint16) << 8
        values |= rest[..., 1:2] if grey else rest[..., :3]
        upper[rows] = scaled(values, 0, 2**bits - 1)
    del lower
    return Image.fromarray(upper)


def _grey_or_rgb(image: Image, steps: list[str]) -> Image:
    """8-bit pictures of any kind. Transparency is dropped, as Google's serving code does: laid over black or white,
    the picture would get borders of its own."""
    if image.mode.endswith("A") or "transparency" in image.info:
        image.info.pop("transparency", None)
        steps.append("transparency dropped")
    if image.mode in {"1", "L", "LA"}:
        return image if image.mode == "L" else image.convert("L")
    if image.mode not in {"P", "PA", "RGB", "RGBA", "RGBX"}:
        steps.append(f"{image.mode} converted to RGB without a colour profile")
    return image if image.mode == "RGB" else image.convert("RGB")


def _upright(image: Image, orientation: int, steps: list[str], *, turned: bool) -> Image:
    from PIL.Image import Transpose

    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation)
    if turn is None:
        return image
    steps.append("turned or mirrored as EXIF says")
    return image if turned else image.transpose(turn)


def _orientation(picture: ImageFile) -> int:
    """1 where the metadata is damaged: the picture itself may well be sound."""
    try:
        found = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except DECODING_ERRORS:
        return 1
    return found if isinstance(found, int) else 1
