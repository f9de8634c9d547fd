"""Trains the tagger on frames, whose pieces are known, and on wishes that stand alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.records import TaskName
from pipelines.routing.frames import Frames, is_wish
from pipelines.routing.spans import BUCKETS, Tag, Tagger, places, tokens_of
from pipelines.routing.utterance import Utterance

_ROUNDS: Final = 4
_C: Final = 0.02
#: Words of a long request without a frame that are learned from.
_LONGEST: Final = 40


def fit_tagger(frames: Frames, rows: Sequence[Utterance], seed: int = 11) -> Tagger:
    """A tagger for such frames; the same frames and rows give the same weights."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
    from sklearn.svm import LinearSVC

    found: list[NDArray[np.intp]] = []
    labels: list[int] = []
    for tokens, tags in _sequences(frames, rows, random.Random(seed)):
        found.extend(places(tokens))
        labels.extend(int(tag) for tag in tags)
    starts = np.concatenate([[0], np.cumsum([len(some) for some in found])])
    columns = np.concatenate(found)
    matrix = csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=(len(found), BUCKETS))
    machine = LinearSVC(C=_C, random_state=0, tol=0.01)
    machine.fit(matrix, labels)
    return Tagger.of_floats(machine.coef_, machine.intercept_)


def _sequences(frames: Frames, rows: Sequence[Utterance], rng: random.Random) -> Iterator[tuple[list[str], list[Tag]]]:
    wishes = [row for row in rows if is_wish(row)]
    phrases = [*frames.phrases["_np"], *frames.phrases["_ing"]]
    for row in rows:
        tokens = tokens_of(row.text)[:_LONGEST]
        if tokens and len(set(row.attachments)) <= 1:
            yield _spoken(tokens, [Tag.WISH] * len(tokens), rng)
        if row.task != TaskName.DICTATION_NOTE and not is_wish(row):
            continue
        for _ in range(_ROUNDS):
            made = frames.around(rng.choice(wishes) if not is_wish(row) else row, [*wishes, *phrases], rng)
            if made is not None:
                pairs = [(token, tag) for text, tag in made.pieces for token in tokens_of(text)]
                yield _spoken([token for token, _ in pairs], [tag for _, tag in pairs], rng)


def _spoken(tokens: list[str], tags: list[Tag], rng: random.Random) -> tuple[list[str], list[Tag]]:
    """Half of all requests come without signs between the words."""
    if rng.random() < 0.5:
        kept = [at for at, token in enumerate(tokens) if token[0].isalnum() or token == "[]"] or [0]
        return [tokens[at] for at in kept], [tags[at] for at in kept]
    return tokens, tags
