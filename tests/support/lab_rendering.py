"""Laboratory reports of our own making, drawn in many layouts, with the truth beside them.

    python -m tests.support.lab_rendering FOLDER [--seeds N]

writes NAME.pdf, NAME.png (page 1, clean), NAME-scan.jpg, NAME-photo.jpg with NAME*.truth.json for `assistant evaluate
lab-reports`. Patients, laboratories and values are made up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from tests.support.lab_layouts import LAYOUTS, SEEN, UNSEEN
from tests.support.lab_made_up import made_up
from tests.support.scanned import jpeg, levels, page_of, perspective, png, scan


def scanned(page: Image.Image, seed: int) -> bytes:
    """As a flat-bed scanner sees it."""
    chance = np.random.default_rng(seed)
    return scan(page, degrees=float(chance.uniform(-1.8, 1.8)), noise=7, chance=chance)


def photographed(page: Image.Image, seed: int) -> bytes:
    """As a telephone sees it: in perspective, unevenly lit, coloured, and compressed."""
    chance = np.random.default_rng(seed)
    width, height = page.size
    off = chance.uniform(0.005, 0.03, 8) * width
    corners = [(off[0], off[1]), (width - off[2], off[3]), (width - off[4], height - off[5]), (off[6], height - off[7])]
    flat = [(0, 0), (width, 0), (width, height), (0, height)]
    aside = page.transform(
        page.size, Image.Transform.PERSPECTIVE, perspective(corners, flat), Image.Resampling.BICUBIC,
        fillcolor=(90, 80, 70),
    ).filter(ImageFilter.GaussianBlur(0.7))  # fmt: skip
    shade = np.linspace(0.72, 1.0, width)[None, :, None] * np.linspace(1.0, 0.85, height)[:, None, None]
    lit = np.asarray(aside, np.float32) * shade * np.array([1.0, 0.98, 0.92])
    return jpeg(levels(lit + chance.normal(0, 5, (height, width, 1))), 70)


#: Kinds of pictures: what is put to the name, the file's ending, and how it is made of a page by a seed.
_PICTURES: Final[dict[str, tuple[str, str, Callable[[Image.Image, int], bytes]]]] = {
    "clean": ("", ".png", lambda page, _: png(page)),
    "scan": ("-scan", ".jpg", scanned),
    "photo": ("-photo", ".jpg", photographed),
}
KINDS: Final = ("pdf", *_PICTURES)


def write(folder: Path, layouts: Iterable[str], seeds: Iterable[int], kinds: Iterable[str] = KINDS) -> None:
    """Reports of each layout and seed, each kind under a name of its own with its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = tuple(kinds)
    for layout, seed in [(layout, seed) for layout in layouts for seed in seeds]:
        report = made_up(seed * 100 + sorted(LAYOUTS).index(layout), 5 if layout == "specific_ranges" else 3)
        pdf = LAYOUTS[layout](report)
        truth = json.dumps(report.truth(), indent=1)
        files = {f"{layout}-{seed}.pdf": pdf} if "pdf" in kinds else {}
        for ending, suffix, made in [_PICTURES[kind] for kind in kinds if kind in _PICTURES]:
            files[f"{layout}-{seed}{ending}{suffix}"] = made(page_of(pdf), seed)
        for name, data in files.items():
            (folder / name).write_bytes(data)
            (folder / name).with_suffix(".truth.json").write_text(truth)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--layouts", choices=["seen", "unseen"], default="seen")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    given = parser.parse_args()
    chosen = SEEN if given.layouts == "seen" else UNSEEN
    write(given.folder, chosen, range(given.first, given.first + given.seeds), given.kinds)
