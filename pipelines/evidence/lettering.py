"""Words on pictures that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_ELLIPSIS: Final = "…"


def letters(size: int, *, bold: bool = False) -> FreeTypeFont:
    """FiraGO: Latin, Greek and Cyrillic letters and the signs of units, which Pillow's own typeface lacks.

    Args:
        size: in pixels.
    """
    import io

    from PIL.ImageFont import Layout, truetype
    from pymupdf_fonts import myfont

    # Laid out by FreeType alone: the same pixels wherever Raqm is or is not.
    return truetype(io.BytesIO(myfont("figbo" if bold else "figo")), size, layout_engine=Layout.BASIC)


def lines_of(text: str, font: FreeTypeFont, width: int, most: int) -> tuple[str, ...]:
    """Text broken at its blanks into at most ``most`` lines of ``width`` pixels; what does not fit is cut, and ends in
    an ellipsis."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines[most - 1 :] = [f"{lines[most - 1]} {_ELLIPSIS}"]
    return tuple(_fitting(line, font, width) for line in lines)


def _fitting(line: str, font: FreeTypeFont, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    kept = line.removesuffix(_ELLIPSIS)
    while kept and font.getlength(kept.rstrip() + _ELLIPSIS) > width:
        kept = kept[:-1]
    return kept.rstrip() + _ELLIPSIS
