"""Whole slides: tiled TIFF and DICOM, read as the task reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pipelines.evidence.slides.inspecting import inspect_slide
from pipelines.evidence.slides.opening import opened, slides_in
from pipelines.evidence.slides.patches import drawn, patches_of, plan_of
from pipelines.records import Kind
from tests.fuzz.reader import Files, Seed
from tests.support.pictures import PictureStore, attached
from tests.support.slides import Packing, aperio, halved, paper, with_tissue, write_dicom_slide, write_tiff


def slides() -> Files:
    base = with_tissue(paper(300, 260), 20, 20, 250, 200)
    levels = [base, halved(base, 4)]
    seeds = []
    kinds: tuple[tuple[str, str, Packing], ...] = (
        ("scan.svs", aperio(0.5, 20), "deflate"),
        ("scan.svs", aperio(1.0), "jpeg"),
        ("scan.tif", "", "jpeg"),
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, description, packing in kinds:
            path = write_tiff(folder / name, levels, description, tile=64, packing=packing)
            seeds.append(Seed(name, path.read_bytes()))
        [level] = write_dicom_slide(folder / "dicom", [base], 1.0, tile=64)
        seeds.append(Seed("scan.dcm", level.read_bytes()))
    return Files(seeds, _look)


def _look(path: Path) -> None:
    if path.stat().st_size == 0:
        return
    store = PictureStore()
    attachment = inspect_slide(attached(path, Kind.WHOLE_SLIDE), store)
    with slides_in(attachment, store) as found, opened(found[0]) as slide:
        plan = plan_of(slide)
        patches_of(slide, plan.power, drawn(plan.places), attachment.sha256, store)
