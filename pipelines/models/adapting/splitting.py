"""Which pairs are kept out of a training, to see what it did to what it was not shown."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pipelines.models.adapting.pairs import Pair


def split(pairs: Sequence[Pair], share: float, seed: int) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Pairs to learn from and pairs that are held out, about ``share`` of them.

    Pairs that show the same picture, or come from the same run, stay together. Nothing is held out where that would
    leave nothing to learn from.
    """
    groups = _groups(pairs)
    random.Random(seed).shuffle(groups)
    held: list[int] = []
    for group in groups:
        if len(held) + len(group) <= share * len(pairs):
            held += group
    return tuple(p for i, p in enumerate(pairs) if i not in held), tuple(pairs[i] for i in sorted(held))


def _groups(pairs: Sequence[Pair]) -> list[list[int]]:
    """Indices of pairs that belong together."""
    groups: list[tuple[set[str], list[int]]] = []
    for index, pair in enumerate(pairs):
        names, members = {pair.run, *pair.ask.frames}, [index]
        apart = []
        for group in groups:
            if group[0] & names:
                names |= group[0]
                members = group[1] + members
            else:
                apart.append(group)
        groups = [*apart, (names, members)]
    return [members for _, members in groups]
