"""Patches of a slide per second: ours, from the open slide to the RGB picture that becomes a frame, against OpenSlide
alone reading the same regions; and with the frame in the store as well.

Two slides are made here, of JPEG tiles: one at 20x, where four pixels are averaged for one of a patch, and one with a
level at 10x, which is read as it is. What OpenSlide hands out is RGBA with transparency, and at 20x four times as
large, so ours has more to do; it reads two patches at a time, OpenSlide alone one after the other. The ratio is of the
time that passes, ours and theirs taken in turn, the best of some rounds; that of processor time is told as well.
Compressing a frame and putting it on disk is the same work for every kind of picture, and no part of the ratio.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.line import print_line
from tests.support.slides import aperio, halved, paper, with_tissue, write_tiff

CELLS = 3
ROUNDS = 9
GOAL = 0.9


class Speed(NamedTuple):
    """Patches per second."""

    alone: float
    ours: float
    stored: float
    of_processor: float
    """Ours in theirs, by the time that processors worked."""


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that passed, and seconds of processor time."""
    start, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - worked


def measured(path: Path) -> Speed:
    import openslide

    from assistant.sessions.disk import Disk
    from assistant.sessions.files import FileStore
    from pipelines.evidence.slides.patches import SIDE, box_of, patches_of, plan_of, read_patches
    from pipelines.evidence.slides.slide import CACHE_BYTES, Slide

    store = FileStore(path.parent / f"{path.stem}-store", Disk())
    store.prepare()
    alone = openslide.OpenSlide(path)
    alone.set_cache(openslide.OpenSlideCache(CACHE_BYTES))
    with Slide(path, path.name) as slide:
        plan = plan_of(slide)
        assert len(plan.places) == CELLS * CELLS
        side = round(SIDE * plan.power.times)
        corners = [box_of(slide, plan.power, place)[:2] for place in plan.places]

        def theirs() -> None:
            for corner in corners:
                alone.read_region(corner, plan.power.level, (side, side))

        def ours() -> None:
            assert not any(isinstance(one, Exception) for one in read_patches(slide, plan.power, plan.places))

        pairs = [(spent(theirs), spent(ours)) for _ in range(ROUNDS)]
        stored, _ = spent(lambda: patches_of(slide, plan.power, plan.places, "0" * 64, store))
    their_time, their_work = (min(one[kind] for one, _ in pairs) for kind in (0, 1))
    our_time, our_work = (min(one[kind] for _, one in pairs) for kind in (0, 1))
    count = len(corners)
    return Speed(count / their_time, count / our_time, count / stored, their_work / our_work)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        side = 2 * CELLS * 896
        tissue = with_tissue(paper(side, side), 0, 0, side, side, grain=60)
        fine = write_tiff(Path(scratch) / "20x.svs", [tissue, halved(tissue, 4)], aperio(0.5, 20), packing="jpeg")
        level = write_tiff(Path(scratch) / "10x.svs", [tissue, halved(tissue)], aperio(0.5, 20), packing="jpeg")
        speeds = {"20x": measured(fine), "10x": measured(level)}
    ratio = min(speed.ours / speed.alone for speed in speeds.values())
    figures = {f"{what}_{power}": value for power, speed in speeds.items() for what, value in speed._asdict().items()}
    print_line(
        "slide_patches",
        figures,
        ratio,
        f"at least {GOAL} of the patches per second of OpenSlide alone (the worse of the two slides)",
        met=ratio >= GOAL,
    )


if __name__ == "__main__":
    main()
