"""Which level is read for 10x: a micrometre per pixel, reckoned by hand here."""

from __future__ import annotations

import pytest

from pipelines.errors import BadInput
from pipelines.evidence.slides.power import power_near_10x
from pipelines.evidence.slides.slide import Level


def levels(*downsamples: float) -> list[Level]:
    return [Level(10_000, 10_000, downsample) for downsample in downsamples]


@pytest.mark.parametrize(
    ("mpp", "downsamples", "level", "times", "result"),
    [
        (1.0, (1,), 0, 1, 1.0),  # scanned at 10x
        (0.25, (1, 4, 16), 1, 1, 1.0),  # 40x, a quarter of it, a sixteenth
        (0.2528, (1, 4.00012, 16.0005), 1, 1, 1.0112),
        (0.499, (1,), 0, 2, 0.998),  # 20x alone
        (0.5, (1, 4), 0, 2, 1.0),  # 20x and 5x
        (0.25, (1, 2, 8), 1, 2, 1.0),  # 40x, 20x and 5x: the next finer than 10x
        (0.25, (1,), 0, 4, 1.0),
        (0.1625, (1, 2), 1, 3, 0.975),  # 60x and 30x
        (0.23, (1, 4), 1, 1, 0.92),
        (0.465, (1, 2), 1, 1, 0.93),
        (0.65, (1,), 0, 1 / 0.65, 1.0),  # neither this nor half of it is 10x
        (1.2, (1, 2), 0, 1, 1.2),
        (0.8, (1,), 0, 1, 0.8),
    ],
)
def test_the_level_nearest_to_10x_or_the_next_finer_one_reduced(
    mpp: float, downsamples: tuple[float, ...], level: int, times: float, result: float
) -> None:
    power = power_near_10x(mpp, levels(*downsamples), "slide")
    assert (power.level, power.warning) == (level, None)
    assert power.times == pytest.approx(times)
    assert power.mpp == pytest.approx(result, abs=1e-3)
    assert power.name == "10x"


def test_a_slide_below_10x_is_shown_and_said() -> None:
    power = power_near_10x(1.6, levels(1, 4), "slide")
    assert (power.level, power.times, power.name) == (0, 1, "6.2x")
    assert "6.2x, below the 10x" in (power.warning or "")
    assert power_near_10x(2.0, levels(1), "slide").name == "5x"


def test_a_slide_below_5x_is_refused_with_its_power() -> None:
    with pytest.raises(BadInput, match=r"scan\.svs: has no power above 2\.5x \(4 µm per pixel\)"):
        power_near_10x(4.0, levels(1, 4), "scan.svs")


def test_what_was_done_is_said() -> None:
    assert power_near_10x(0.25, levels(1, 4), "slide").said == "10x: level 1 (1 µm per pixel)"
    assert power_near_10x(0.5, levels(1), "slide").said == "10x: level 0 (0.5 µm per pixel), 2 x 2 pixels averaged"
