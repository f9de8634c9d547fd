"""What the best path through a CTC model's frames says: text, words, when they were said, how sure the model was."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.records import Segment, Word

#: What SentencePiece writes for the space before a word.
_SPACE: Final = "▁"
_LEAST: Final = 1e-30
#: Words further apart than this many seconds belong to different segments: a speaker's pause, not a breath.
PAUSE_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Alphabet:
    """What each id of the model's head writes.

    Args:
        pieces: by id; None for those that write nothing (beginning and end of text).
        blank: the id that separates tokens and writes nothing.
    """

    pieces: tuple[str | None, ...]
    blank: int

    def writes(self, id_: int) -> bool:
        return id_ != self.blank and 0 <= id_ < len(self.pieces) and self.pieces[id_] is not None

    def parts_words(self, before: int, after: int) -> bool:
        """Whether one space stands between what these ids write in a row."""
        piece = self.pieces[after] or ""
        return (
            piece.startswith(_SPACE) and piece[1:2] not in ("", _SPACE) and (self.pieces[before] or "")[-1:] != _SPACE
        )


@dataclass(frozen=True, slots=True)
class Token:
    """One run of equal ids along the best path. ``last`` is its last frame; ``probability`` that of its best frame."""

    id: int
    first: int
    last: int
    probability: float


def best_path(posteriors: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The likeliest id of every row and its probability, [n] each, from posteriors, [n, ids]."""
    ids = posteriors.argmax(axis=1)
    return ids.astype(np.int32), np.take_along_axis(posteriors, ids[:, None], axis=1)[:, 0]


def collapse(ids: NDArray[np.int32], probabilities: NDArray[np.float32], alphabet: Alphabet) -> tuple[Token, ...]:
    """Merge runs of equal ids, [n], then leave out what writes nothing."""
    if not len(ids):
        return ()
    starts = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1])))
    ends = np.append(starts[1:], len(ids)) - 1
    best = np.maximum.reduceat(probabilities, starts)
    return tuple(
        Token(id_, first, last, probability)
        for id_, first, last, probability in zip(
            ids[starts].tolist(), starts.tolist(), ends.tolist(), best.tolist(), strict=True
        )
        if alphabet.writes(id_)
    )


def spell(tokens: Sequence[Token], alphabet: Alphabet) -> tuple[str, tuple[int, ...]]:
    """The text of the tokens as the model's own tokeniser decodes them, without spaces about it.

    Returns:
        The text, and for each of its characters the index of the token that wrote it.
    """
    text: list[str] = []
    owners: list[int] = []
    for index, token in enumerate(tokens):
        # The first token's space is the one that the tokeniser put before the whole text.
        piece = (alphabet.pieces[token.id] or "").replace(_SPACE, " " if index else "")
        text.append(piece)
        owners += [index] * len(piece)
    whole = "".join(text)
    start = len(whole) - len(whole.lstrip())
    end = max(start, len(whole.rstrip()))
    return whole[start:end], tuple(owners[start:end])


def words(
    tokens: Sequence[Token], alphabet: Alphabet, moments: Callable[[int], tuple[float, float]]
) -> tuple[str, tuple[Word, ...]]:
    """Raw text and its words, which are what spaces separate.

    A word lasts from its first token's first frame to its last token's last frame. Its confidence is the geometric
    mean over its tokens of each token's probability, so that long words are not doubted for their length.

    Args:
        tokens: of `collapse`.
        alphabet: as they were collapsed with.
        moments: start and end in seconds of a frame; neither falls from frame to frame.
    """
    raw, owners = spell(tokens, alphabet)
    found: list[Word] = []
    time = 0.0
    for start, end in _stretches(raw):
        said = tokens[owners[start] : owners[end - 1] + 1]
        time = max(time, moments(said[0].first)[0])
        begun, time = time, max(time, moments(said[-1].last)[1])
        confidence = math.exp(sum(math.log(max(token.probability, _LEAST)) for token in said) / len(said))
        found.append(
            Word(
                text=raw[start:end],
                start=begun,
                end=time,
                confidence=min(1.0, confidence),
                raw_start=start,
                raw_end=end,
            )
        )
    return raw, tuple(found)


def segments(spoken: Sequence[Word]) -> tuple[Segment, ...]:
    """The words between pauses of the speaker, each segment from its first word's start to its last word's end."""
    groups: list[list[Word]] = []
    for word in spoken:
        if groups and word.start - groups[-1][-1].end <= PAUSE_SECONDS:
            groups[-1].append(word)
        else:
            groups.append([word])
    return tuple(Segment(start=group[0].start, end=group[-1].end, words=tuple(group)) for group in groups)


def _stretches(text: str) -> list[tuple[int, int]]:
    """Where the whitespace-separated words of ``text`` stand."""
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append((at, at + len(word)))
        at += len(word)
    return found
