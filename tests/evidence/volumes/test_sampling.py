"""The slices that are shown, for every length of volume."""

from __future__ import annotations

from pipelines.evidence.volumes.sampling import published


def _by_whole_numbers(count: int) -> list[int]:
    """round(i / 85 * (count - 1)), halves to even, without fractions."""
    found = []
    for step in range(1, 86):
        whole, rest = divmod(step * (count - 1), 85)
        found.append(whole + (2 * rest > 85) + 1)  # 85 is odd: there are no halves
    return found


def test_every_length() -> None:
    for count in range(1, 601):
        expected = list(range(1, count + 1)) if count <= 85 else _by_whole_numbers(count)
        assert list(published(count)) == expected
        assert len(set(expected)) == min(count, 85)


def test_as_the_notebook_does_of_three_hundred() -> None:
    zero_based = [number - 1 for number in published(300)]
    assert zero_based[:3] == [4, 7, 11]
    assert zero_based[-1] == 299
