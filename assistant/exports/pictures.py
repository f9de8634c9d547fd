"""The pictures of a result as one PNG, one below the other: what was drawn for readers, what the model was shown,
plots, and the pages of laboratory reports with their rows marked.

Every picture keeps its own pixels.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from assistant.shown import ShownPicture, caption_of_plot, pictures_of
from pipelines.errors import UsageProblem
from pipelines.ports import Store
from pipelines.records import Result

if TYPE_CHECKING:
    from PIL.Image import Image

_GAP: Final = 16
_LEAST_WIDTH: Final = 640
_LETTERS: Final = 16
_LINE: Final = 24
_MOST_LINES: Final = 3
_PAPER: Final = (255, 255, 255)
_INK: Final = (20, 20, 20)


def png_bytes(run: str, result: Result | None, store: Store) -> bytes:
    """Equal pictures give equal bytes with the same libraries.

    Args:
        result: also one that waits for a model and holds what it will be shown.

    Raises:
        UsageProblem: the result has no picture.
    """
    pictures = tuple(_all_of(result)) if result else ()
    if not pictures:
        raise UsageProblem(run, "has no picture", "choose another format")
    out = io.BytesIO()
    _stacked([(_opened(one, store), one.caption) for one in pictures]).save(out, "PNG")
    return out.getvalue()


def _all_of(result: Result) -> Iterator[ShownPicture]:
    yield from pictures_of(result)
    for plot in result.data.get("plots") or ():
        yield ShownPicture(plot["sha256"], caption_of_plot(plot))
    for report in result.data.get("reports") or ():
        for page in report.get("shown", ()):
            yield ShownPicture(page["picture"], f"Page {page['page']} with the rows that were read")


def _opened(one: ShownPicture, store: Store) -> Image:
    from PIL import Image as images

    with images.open(io.BytesIO(store.get(one.sha256))) as image:
        return image.convert("RGB")


def _stacked(pictures: list[tuple[Image, str]]) -> Image:
    from PIL import Image as images
    from PIL import ImageDraw

    from pipelines.evidence.lettering import letters, lines_of

    font = letters(_LETTERS)
    width = max(_LEAST_WIDTH, *(image.width for image, _ in pictures))
    captions = [lines_of(caption, font, width, _MOST_LINES) for _, caption in pictures]
    tall = sum(image.height for image, _ in pictures) + _LINE * sum(map(len, captions)) + _GAP * (2 * len(pictures) + 1)
    whole = images.new("RGB", (width + 2 * _GAP, tall), _PAPER)
    pen = ImageDraw.Draw(whole)
    top = _GAP
    for (image, _), lines in zip(pictures, captions, strict=True):
        for line in lines:
            pen.text((_GAP, top), line, fill=_INK, font=font)
            top += _LINE
        whole.paste(image, (_GAP, top))
        top += image.height + 2 * _GAP
    return whole
