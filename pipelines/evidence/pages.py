"""How many pictures a picture file holds, counted without trusting it to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_MOST: Final = 1000
"""Of a TIFF file, whose pages are found only by going from one to the next."""
_SUBFILE: Final = 254
_REDUCED, _MASK = 1, 4


class Pages(NamedTuple):
    """Of a picture file."""

    number: int
    alike: bool
    """Each is a picture of its own: all of one size, none a smaller copy or a mask of another, no animation."""
    counted: bool = True
    """There may be more where not."""

    @property
    def several(self) -> bool:
        return self.number > 1 or not self.counted

    def __str__(self) -> str:
        return f"{self.number} pages" if self.counted else "several pages"


def pages_of(picture: ImageFile) -> Pages:
    """Of an opened file; its first page is the current one before and after."""
    if picture.format == "TIFF":
        return _of_tiff(picture)
    if picture.format == "GIF":
        # They are counted by reading all of the file, which may be millions of them.
        several = bool(getattr(picture, "is_animated", False))
        return Pages(1, alike=not several, counted=not several)
    number = int(getattr(picture, "n_frames", 1))
    return Pages(number, alike=number == 1)


def tiff_tag(picture: ImageFile, tag: int) -> object:
    """Of the current page of a TIFF file; None where it, or the file, has none."""
    tags = getattr(picture, "tag_v2", None)
    return tags.get(tag) if tags is not None else None


def _of_tiff(picture: ImageFile) -> Pages:
    """Of a chain of pages, which may be long or lead back into itself."""
    sizes, whole, number = {picture.size}, _is_whole(picture), 1
    while number < _MOST:
        try:
            picture.seek(number)
        except EOFError:
            picture.seek(0)
            return Pages(number, alike=whole and len(sizes) == 1)
        sizes.add(picture.size)
        whole = whole and _is_whole(picture)
        number += 1
    picture.seek(0)
    return Pages(number, alike=False, counted=False)


def _is_whole(picture: ImageFile) -> bool:
    kind = tiff_tag(picture, _SUBFILE)
    return not (isinstance(kind, int) and kind & (_REDUCED | _MASK))
