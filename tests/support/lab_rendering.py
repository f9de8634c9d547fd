"""Laboratory reports of our own making, drawn in many layouts, with the truth beside them.

    python -m tests.support.lab_rendering FOLDER [--seeds N]

writes NAME.pdf, NAME.png (page 1, clean), NAME.scan.jpg, NAME.photo.jpg with NAME*.truth.json for `assistant evaluate
lab-reports`. Patients, laboratories and values are made up.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.support.lab_layouts import SEEN, UNSEEN
from tests.support.lab_made_up import Report, made_up


def picture(pdf: bytes, dpi: int = 150, page: int = 0) -> Any:
    """A page as a PIL image."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page].render(scale=dpi / 72).to_pil().convert("RGB")
    finally:
        document.close()


def scanned(image: Any, seed: int) -> bytes:
    """As a flat-bed scanner sees it: a little askew, grey, noisy, soft, and compressed."""
    import numpy as np
    from PIL import Image, ImageFilter

    rng = np.random.default_rng(seed)
    grey = image.convert("L").rotate(
        float(rng.uniform(-1.8, 1.8)), expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC
    )
    grey = grey.filter(ImageFilter.GaussianBlur(0.6))
    pixels = np.asarray(grey, dtype=np.float32) * 0.92 + 8 + rng.normal(0, 7, (grey.height, grey.width))
    return _jpeg(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), 60)


def photographed(image: Any, seed: int) -> bytes:
    """As a telephone sees it: in perspective, unevenly lit, coloured, and compressed."""
    import numpy as np
    from PIL import Image, ImageFilter

    rng = np.random.default_rng(seed)
    width, height = image.size
    off = rng.uniform(0.005, 0.03, 8) * width
    corners = [(off[0], off[1]), (width - off[2], off[3]), (width - off[4], height - off[5]), (off[6], height - off[7])]
    flat = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
    matrix = []
    for (x, y), (u, v) in zip(corners, flat, strict=True):
        matrix += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solution = np.linalg.solve(np.array(matrix), np.array(flat).reshape(8))
    turned = image.transform(
        image.size, Image.Transform.PERSPECTIVE, tuple(solution), Image.Resampling.BICUBIC, fillcolor=(90, 80, 70)
    )
    turned = turned.filter(ImageFilter.GaussianBlur(0.7))
    shade = np.linspace(0.72, 1.0, width)[None, :, None] * np.linspace(1.0, 0.85, height)[:, None, None]
    pixels = np.asarray(turned, dtype=np.float32) * shade * np.array([1.0, 0.98, 0.92]) + rng.normal(
        0, 5, (height, width, 1)
    )
    return _jpeg(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), 70)


def _jpeg(image: Any, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def write(
    folder: Path,
    layouts: dict[str, Callable[[Report], bytes]],
    seeds: Sequence[int],
    kinds: Sequence[str],
    dpi: int = 150,
) -> None:
    """Reports of each layout and seed, each kind under a name of its own with its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    for layout, draw in layouts.items():
        for seed in seeds:
            report = made_up(
                seed * 100 + sorted({**SEEN, **UNSEEN}).index(layout), 3 if layout != "specific_ranges" else 5
            )
            pdf = draw(report)
            truth = json.dumps(report.truth(), indent=1)
            image = picture(pdf, dpi) if set(kinds) - {"pdf"} else None
            made = {
                "pdf": lambda pdf=pdf: (".pdf", pdf),
                "clean": lambda image=image: (".png", _png(image)),
                "scan": lambda image=image, seed=seed: (".jpg", scanned(image, seed)),
                "photo": lambda image=image, seed=seed: (".jpg", photographed(image, seed)),
            }
            for kind in kinds:
                suffix, data = made[kind]()
                name = f"{layout}-{seed}" + ("" if kind in ("pdf", "clean") else f"-{kind}")
                (folder / f"{name}{suffix}").write_bytes(data)
                (folder / f"{name}.truth.json").write_text(truth)


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--layouts", choices=["seen", "unseen"], default="seen")
    parser.add_argument("--kinds", nargs="*", default=["pdf", "clean", "scan", "photo"])
    given = parser.parse_args()
    write(
        given.folder,
        SEEN if given.layouts == "seen" else UNSEEN,
        range(given.first, given.first + given.seeds),
        given.kinds,
    )
