"""Small n-gram language models for tests, counted from texts and written as ARPA files."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

_BEGIN, _END, _UNKNOWN = "<s>", "</s>", "<unk>"


def write_arpa(path: Path, sentences: Iterable[Sequence[str]], words: Iterable[str], order: int = 3) -> Path:
    """An n-gram counted from ``sentences``, absolute discounting, that knows all of ``words``.

    Backing off is meant, as KenLM reads it, so probabilities of a context sum to about one: enough for a test.
    """
    counts: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(order)]
    for sentence in sentences:
        marked = (_BEGIN, *sentence, _END)
        for n in range(1, order + 1):
            counts[n - 1].update(marked[at : at + n] for at in range(len(marked) - n + 1))
    vocabulary = sorted({*words, *(word for (word,) in counts[0]), _END} - {_BEGIN, _UNKNOWN})
    total = sum(counts[0][(word,)] for word in vocabulary) + len(vocabulary)
    entries: list[list[tuple[float, tuple[str, ...]]]] = [
        [(-99.0, (_BEGIN,)), (-5.0, (_UNKNOWN,))]
        + [(math.log10((counts[0][(word,)] + 1) / total), (word,)) for word in vocabulary]
    ]
    for n in range(2, order + 1):
        contexts: Counter[tuple[str, ...]] = Counter()
        for gram, count in counts[n - 1].items():
            contexts[gram[:-1]] += count
        entries.append(
            [(math.log10((count - 0.4) / contexts[gram[:-1]]), gram) for gram, count in sorted(counts[n - 1].items())]
        )
    return _write(path, entries)


def write_random_arpa(path: Path, words: Sequence[str], order: int, length: int, seed: int = 0) -> Path:
    """The n-grams of a random text of ``length`` words, with random probabilities: well-formed, meaning nothing. It has
    nearly ``length`` n-grams of each higher order."""
    chance = random.Random(seed)
    text = chance.choices(words, [1 / rank for rank in range(1, len(words) + 1)], k=length)
    entries: list[list[tuple[float, tuple[str, ...]]]] = [
        [(-99.0, (_BEGIN,)), (-5.0, (_UNKNOWN,)), (-2.0, (_END,))]
        + [(-chance.uniform(1.5, 4), (word,)) for word in words]
    ]
    for n in range(2, order + 1):
        grams = sorted({tuple(text[at : at + n]) for at in range(length - n + 1)})
        entries.append([(-chance.uniform(0.1, 3), gram) for gram in grams])
    return _write(path, entries)


def _write(path: Path, entries: list[list[tuple[float, tuple[str, ...]]]]) -> Path:
    with path.open("w", encoding="utf-8") as out:
        out.write("\\data\\\n")
        out.writelines(f"ngram {n}={len(of_order)}\n" for n, of_order in enumerate(entries, 1))
        for n, of_order in enumerate(entries, 1):
            out.write(f"\n\\{n}-grams:\n")
            last = n == len(entries)
            for probability, gram in of_order:
                back_off = "" if last or gram[-1] == _END else "\t-0.4"
                out.write(f"{probability:.5f}\t{' '.join(gram)}{back_off}\n")
        out.write("\n\\end\\\n")
    return path
