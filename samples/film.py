"""Draws a picture that looks like a chest film from afar and shows no one: it only lets an image question be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SIZE: Final = (448, 448)
LABEL: Final = "SYNTHETIC - NOT A PATIENT"


def draw(path: Path) -> None:
    """Write the film as an 8-bit grey PNG.

    Raises:
        ImportError: Pillow is not installed.
    """
    from PIL import Image, ImageDraw, ImageFilter
    from PIL.PngImagePlugin import PngInfo

    film = Image.new("L", SIZE, 24)
    pen = ImageDraw.Draw(film)
    pen.rounded_rectangle((40, 70, 408, 448), 90, fill=150)
    for lung in ((82, 100, 208, 370), (240, 100, 366, 370)):
        pen.ellipse(lung, fill=58)
    for n in range(8):
        top = 96 + 34 * n
        pen.arc((70, top, 216, top + 70), 190, 345, fill=104, width=8)
        pen.arc((232, top, 378, top + 70), 195, 350, fill=104, width=8)
    pen.rectangle((212, 60, 236, 448), fill=186)
    pen.ellipse((196, 220, 316, 372), fill=172)
    pen.pieslice((66, 320, 224, 440), 180, 360, fill=164)
    pen.pieslice((224, 332, 382, 448), 180, 360, fill=164)
    pen.line((100, 112, 212, 92), fill=176, width=10)
    pen.line((348, 112, 236, 92), fill=176, width=10)
    film = film.filter(ImageFilter.GaussianBlur(7))
    ImageDraw.Draw(film).text((12, 10), LABEL, fill=230)
    about = PngInfo()
    about.add_text("Description", "Drawn by a program as a sample; not a radiograph and of no patient.")
    film.save(path, optimize=True, pnginfo=about)
