"""From the images of a study, in any order, to stacks of parallel slices, each at a place of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np

from pipelines.evidence.volumes.geometry import Vectors, lie_of
from pipelines.evidence.volumes.stored import Stored, Vector

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_SAME_PLACE: Final = 0.01
"""In mm."""
_PARALLEL: Final = 0.9962
"""Cosine of 5 degrees."""
_MOST_PASSES: Final = 8
"""More are moments of one examination: of them the first is taken."""
_PART: Final = 0.5
"""A pass with a smaller share of the longest one's slices is an attempt, or a test of the contrast."""


class Stack(NamedTuple):
    """Slices of one series in the order in which they are numbered."""

    slices: tuple[Stored, ...]
    places: Vectors | None
    """Along the normal, in mm; None where their places are not known."""
    warnings: tuple[str, ...]
    told_apart: str = ""
    """What the stack is among several of one series, in plain words."""


def stacks_of(stored: Iterable[Stored]) -> list[Stack]:
    """By series number, then UID; within a series the longest orientation first."""
    by_series = _grouped(stored, lambda one: (one.series.number, one.series.uid))
    return [stack for _, images in sorted(by_series.items()) for stack in _of_series(images)]


def _of_series(images: Sequence[Stored]) -> list[Stack]:
    unique = list({_identity(one, number): one for number, one in enumerate(images)}.values())
    twice = len(images) - len(unique)
    shapes = _grouped(unique, lambda one: (one.rows, one.columns))
    parallel = [some for alike in shapes.values() for some in _parallel(alike)]
    parallel.sort(key=len, reverse=True)
    found = []
    for some in parallel:
        found += _stacks(some)
    if twice and found:
        note = f"{_images(twice)} given twice and used once"
        found = [stack._replace(warnings=(*stack.warnings, note)) for stack in found]
    return found


def _identity(one: Stored, number: int) -> Hashable:
    """Not the UID alone: what removes names from files has given all of a series the same one."""
    return (one.uid, one.instance, one.position) if one.uid else number


def _parallel(images: Sequence[Stored]) -> list[list[Stored]]:
    """Images that lie one behind the other; those without a direction are taken to."""
    kept: list[tuple[Vector, list[Stored]]] = []
    for one in images:
        for direction, group in kept:
            if _is_parallel(direction, one.orientation):
                group.append(one)
                break
        else:
            kept.append((one.orientation, [one]))
    return [group for _, group in kept]


def _is_parallel(one: Vector, other: Vector) -> bool:
    if not one or not other:
        return not one and not other
    return (
        one[0] * other[0] + one[1] * other[1] + one[2] * other[2] > _PARALLEL
        and one[3] * other[3] + one[4] * other[4] + one[5] * other[5] > _PARALLEL
    )


def _stacks(images: Sequence[Stored]) -> list[Stack]:
    placed = [one for one in images if one.position and one.orientation]
    if 2 * len(placed) <= len(images):
        ordered = tuple(sorted(images, key=lambda one: (one.instance, one.uid)))
        unplaced = "the files do not say where their slices lie: they are in the order of their instance numbers"
        return [Stack(ordered, None, (unplaced,) if len(ordered) > 1 else ())]
    warnings = []
    if len(placed) < len(images):
        warnings.append(f"{_images(len(images) - len(placed))} left out whose place is not known")
    normal = lie_of([one.orientation for one in placed]).normal
    places = np.array([one.position for one in placed]) @ normal
    order = sorted(range(len(placed)), key=lambda at: (round(float(places[at]), 3), placed[at].instance))
    ordered = tuple(placed[at] for at in order)
    places = places[order]
    return [
        Stack(some.slices, some.places, (*warnings, *some.warnings), some.told_apart)
        for some in _each_place_once(ordered, places)
    ]


def _each_place_once(images: Sequence[Stored], places: Vectors) -> list[Stack]:
    at = _numbered(places)
    if not _repeats(at):
        return [Stack(tuple(images), places, ())]
    warnings: list[str] = []
    first = _taken_once(images, at)
    if len(first) < len(images):
        warnings.append(f"{_images(len(images) - len(first))} given twice and used once")
    original = [number for number in first if not images[number].derived]
    if original and len(original) < len(first) and _repeats(at[first]):
        warnings.append(f"{_images(len(first) - len(original))} left out that are derived from the others")
        first = original
    passes = _passes(images, at, first)
    longest = max(len(some) for _, some in passes)
    whole = [(named, some) for named, some in passes if len(some) >= _PART * longest]
    if len(whole) < len(passes):
        short = sum(len(some) for _, some in passes) - sum(len(some) for _, some in whole)
        warnings.append(f"{_images(short)} left out that cover only a part")
    if len(whole) > _MOST_PASSES:
        warnings.append(f"the first of {len(whole)} passes over the same places is used")
        whole = whole[:1]
    return [
        Stack(
            tuple(images[number] for number in some),
            places[some],
            tuple(warnings),
            named if len(whole) > 1 else "",
        )
        for named, some in whole
    ]


def _passes(images: Sequence[Stored], at: Vectors, numbers: list[int]) -> list[tuple[str, list[int]]]:
    """Images that were taken together, so that of each place there is one, with what to call them."""
    if not _repeats(at[numbers]):
        return [("", numbers)]
    most = max(np.unique(at[numbers], return_counts=True)[1])
    for keyword, _ in images[numbers[0]].passes:
        groups: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            groups[dict(images[number].passes).get(keyword, "")].append(number)
        # What differs from slice to slice tells no passes apart.
        if len(groups) <= 2 * most and not any(_repeats(at[some]) for some in groups.values()):
            ordered = sorted(groups.items(), key=lambda each: (_as_number(each[0]), each[0]))
            return [(f"{_words(keyword)} {_short(value)}".strip(), some) for value, some in ordered]
    nth: dict[int, list[int]] = defaultdict(list)
    met: dict[int, int] = defaultdict(int)
    for number in numbers:  # of each place in the order of instance numbers
        nth[met[int(at[number])]].append(number)
        met[int(at[number])] += 1
    return [(f"pass {count + 1}", some) for count, some in sorted(nth.items())]


def _taken_once(images: Sequence[Stored], at: Vectors) -> list[int]:
    """Of images that agree in all that tells images apart the first, whatever their UIDs are."""
    found: dict[Hashable, int] = {}
    for number, one in enumerate(images):
        found.setdefault((int(at[number]), one.instance, one.derived, one.passes), number)
    return sorted(found.values())


def _numbered(places: Vectors) -> Vectors:
    """For each of some places in order a number, the same where they are the same."""
    return np.concatenate([[0], np.cumsum(np.diff(places) > _SAME_PLACE)])


def _repeats(at: Vectors) -> bool:
    return len(np.unique(at)) < len(at)


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _short(value: str) -> str:
    """``2.0`` as ``2``."""
    number = _as_number(value)
    return f"{number:g}" if number != float("inf") else value


def _words(keyword: str) -> str:
    """``EchoTime`` as ``echo time``."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in keyword)
    return spaced.strip().replace("i d", "id").replace("b value", "b-value")


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    found: dict[K, list[T]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found
