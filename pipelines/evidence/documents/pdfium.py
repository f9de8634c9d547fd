"""PDF files through PDFium: opened, looked over, drawn.

PDFium is one library for the whole process and not made for several threads, so whoever uses it holds its lock, and
lets go of it before slower work. Scripts never run: this build of PDFium has no interpreter for them, and forms are not
set up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import BadInput
from pipelines.records import Engine

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

_PDFIUM: Final = threading.RLock()
#: Pixels of a drawn page's longest side. A0 at 100 dpi is 4,700; pages of 200 inches exist.
MOST_SIDE: Final = 5000
_POINTS_PER_INCH: Final = 72


@contextmanager
def opened(data: bytes, name: str) -> Iterator[PdfDocument]:
    """The document, while nobody else uses PDFium.

    Raises:
        BadInput: it is locked, no whole PDF, or has no pages.
    """
    with _PDFIUM:
        import pypdfium2
        from pypdfium2 import raw

        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as problem:
            if problem.err_code == raw.FPDF_ERR_PASSWORD:
                raise BadInput(name, "is locked with a password", "remove the password and attach it again") from None
            if problem.err_code == raw.FPDF_ERR_SECURITY:
                raise BadInput(name, "is protected in a way not known here", "print it to a new PDF") from None
            raise BadInput(name, "is a PDF that cannot be read", "get it again from its source, or print it") from None
        try:
            if len(document) < 1:
                raise BadInput(name, "is a PDF without pages", "get it again from its source")
            yield document
        finally:
            document.close()


def pdf_engine() -> Engine:
    """What reads text layers and draws pages."""
    from pypdfium2.version import PDFIUM_INFO, PYPDFIUM_INFO

    return Engine(name="pypdfium2", version=str(PYPDFIUM_INFO.version), note=f"PDFium {PDFIUM_INFO.version}")


def ignored_parts(document: PdfDocument) -> list[str]:
    """What the file carries besides its pages, to be said: none of it is opened or run."""
    from pypdfium2 import raw

    parts = []
    if raw.FPDFDoc_GetJavaScriptActionCount(document) > 0:
        parts.append("it carries scripts, which were not run")
    if raw.FPDFDoc_GetAttachmentCount(document) > 0:
        parts.append("it carries other files inside, which were not opened")
    if document.get_formtype() != raw.FORMTYPE_NONE:
        parts.append("it is a form; what is typed into its fields was not read")
    return parts


def drawn(page: PdfPage, dpi: float, *, grey: bool = False) -> Image:
    """The page as a picture, upright as the file says; coarser than asked where it would be huge.

    Raises:
        ValueError: the page has no size.
    """
    width, height = page.get_size()
    longest = max(width, height)
    if not 0 < longest < float("inf"):
        raise ValueError("a page without a size")
    scale = min(dpi / _POINTS_PER_INCH, MOST_SIDE / longest)
    bitmap: Any = page.render(scale=scale, grayscale=grey, rev_byteorder=True)
    return bitmap.to_pil().copy()  # type: ignore[no-any-return]
