"""What scanners and cameras make of a page, and how much of it was read."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pipelines.evidence.documents.showing import page_picture
from tests.support.pdf_pages import Sheet, pdf


def page_of(file: bytes, dpi: int = 150) -> Image.Image:
    """The first page of a PDF."""
    return Image.open(io.BytesIO(page_picture(file, "page.pdf", 1, dpi)))


def rendered(content: str, *, size: tuple[float, float] = (595, 842), dpi: int = 200) -> Image.Image:
    """A page as a grey picture."""
    return page_of(pdf(Sheet(content, size=size)), dpi).convert("L")


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Counter-clockwise, on white, nothing cut off."""
    return picture.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def scan(
    picture: Image.Image, *, degrees: float = 0.0, noise: float = 8, chance: np.random.Generator | None = None
) -> bytes:
    """As a flat-bed scanner gives it: a little askew, grey, soft, grainy, as JPEG."""
    soft = turned(picture.convert("L"), degrees).filter(ImageFilter.GaussianBlur(0.6))
    grain = (chance or np.random.default_rng(7)).normal(0, noise, (soft.height, soft.width))
    return jpeg(levels(np.asarray(soft, np.float32) * 0.92 + 8 + grain), 60)


def photograph(picture: Image.Image, *, quality: int = 80) -> bytes:
    """As a telephone gives it: from aside, on a dark table, lit from one corner."""
    width, height = picture.size
    table = (round(width * 1.25), round(height * 1.2))
    corners = [
        (0.10 * table[0], 0.05 * table[1]),
        (0.86 * table[0], 0.09 * table[1]),
        (0.93 * table[0], 0.95 * table[1]),
        (0.05 * table[0], 0.90 * table[1]),
    ]
    sheet = [(0, 0), (width, 0), (width, height), (0, height)]
    paper = picture.transform(
        table, Image.Transform.PERSPECTIVE, perspective(corners, sheet), Image.Resampling.BICUBIC, fillcolor=70
    )
    across, down = np.meshgrid(np.linspace(0.75, 1.0, table[0]), np.linspace(1.0, 0.8, table[1]))
    lit = np.asarray(paper, float) * across * down + np.random.default_rng(3).normal(0, 4, (table[1], table[0]))
    return jpeg(levels(lit).filter(ImageFilter.GaussianBlur(0.7)), quality)


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def share_read(expected: Iterable[str], read: Iterable[str]) -> float:
    """How many of the expected words are among those read, each as often as it stands there."""
    wanted, found = Counter(expected), Counter(read)
    return sum((wanted & found).values()) / wanted.total()


def levels(pixels: NDArray[Any]) -> Image.Image:
    """The picture of these brightnesses, cut off at black and white."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def perspective(corners: Sequence[tuple[float, float]], sheet: Sequence[tuple[float, float]]) -> list[float]:
    """Pillow's eight numbers, which lead from the picture that results to the one that is given."""
    rows, aims = [], []
    for (x, y), (u, v) in zip(corners, sheet, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        aims += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows, float), np.array(aims, float))]
