"""FiraGO, the letters of the PDF: Latin, Greek, Cyrillic, Arabic, Hebrew, Thai, Georgian and Devanagari."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fpdf import FPDF

FAMILY: Final = "FiraGO"
_STYLES: Final = {"": "figo", "B": "figbo", "I": "figit"}
"""By the PDF library's style, the name in pymupdf-fonts, which carries them as data."""


class Letters:
    """The fonts in one PDF, and which of the letters that were asked for they do not have."""

    def __init__(self, pdf: FPDF, folder: Path) -> None:
        """Put them into ``folder``, where they must stay until the PDF is written."""
        from pymupdf_fonts import myfont

        for style, name in _STYLES.items():
            file = folder / f"{name}.ttf"
            file.write_bytes(myfont(name))
            pdf.add_font(FAMILY, style, file)
        known = [getattr(pdf.fonts[f"{FAMILY.lower()}{style}"], "cmap") for style in _STYLES]  # noqa: B009
        self._known = frozenset.intersection(*map(frozenset, known))
        self.missing: set[str] = set()

    def shown(self, text: str) -> str:
        """``text`` with every letter that the fonts lack as its code point: a name must not lose one silently."""
        return "".join(one if ord(one) in self._known else self._code_point(one) for one in text)

    def _code_point(self, letter: str) -> str:
        self.missing.add(letter)
        return f"[U+{ord(letter):04X}]"


def must_be_shaped(text: str) -> bool:
    """Whether its letters join, stack or run from right to left. Shaping takes ten times as long, and other text needs
    none."""
    return any(
        "\u0300" <= one <= "\u036f" or "\u0590" <= one <= "\u1dff" or "\u200c" <= one <= "\u200d" for one in text
    )
