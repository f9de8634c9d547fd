"""A request as the places and weights of hashed features. The same code runs in training and at work."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from pipelines.records import Kind
from pipelines.routing.cues import cues
from pipelines.routing.focus import Focus, focus
from pipelines.routing.spans import SIGNS, Tag, Tagger, tokens_of
from pipelines.routing.vectors import WIDTH, Vectors

_BITS: Final = 17
_BUCKETS: Final = 1 << _BITS

#: The meaning of the words: on its own, of the last wish, and once for each kind that is attached (or for none).
_BLOCKS: Final = ("whole", "tail", "none", *Kind)
SIZE: Final = _BUCKETS + len(_BLOCKS) * WIDTH

#: A dictation of hours says what it is at its beginning and end.
_HEAD, _TAIL = 150, 50
_CHARACTERS: Final = 20_000

_WORD = re.compile(r"\[[^\]]{0,40}\]|\{[^}]{0,40}\}|[a-z]+(?:['’][a-z]+)*|\d+")


#: What the whole request and what its focus count for where the two differ (chosen on held-out frames).
_WHOLE_SHARE, _FOCUS_SHARE = 0.6, 1.6

#: Longer requests are not searched for a focus.
_LONGEST_TAGGED: Final = 90

#: Where a second wish may begin.
_JOINTS: Final = frozenset({"and", "also", "plus", "then", "or"})


def words_of(text: str) -> list[str]:
    """Lower-case words; digits become ``0``, a bracketed noise ``[]``."""
    if len(text) > _CHARACTERS:
        text = f"{text[: _CHARACTERS // 2]} {text[-_CHARACTERS // 2 :]}"
    words = ["[]" if w[0] == "[" else "0" if w[0].isdigit() else w for w in _WORD.findall(text.lower())]
    return words if len(words) <= _HEAD + _TAIL else words[:_HEAD] + words[-_TAIL:]


def features(text: str, kinds: Sequence[Kind], vectors: Vectors, tagger: Tagger) -> dict[int, float]:
    """Place (below ``SIZE``) -> weight. Each group of features has the same length, however long the request."""
    words = words_of(text)
    attached = Counter(kinds)
    about = focus(words, _tags(text, words, tagger), kinds)
    reduced = about.words != tuple(words)
    whole_share, focus_share = (_WHOLE_SHARE, _FOCUS_SHARE) if reduced else (1.0, 1.0)
    out: dict[int, float] = {}
    for scale, group in (
        (whole_share, _grams(words)),
        (0.8 * whole_share, _pieces(words)),
        (whole_share, _crossed(words, attached)),
        (focus_share, _focused(about)),
        (1.5 * whole_share, cues(text[:_CHARACTERS], words, kinds)),
        (1.0, _context(attached)),
    ):
        places = {zlib.crc32(feature.encode()) & (_BUCKETS - 1) for feature in group}
        weight = scale / math.sqrt(max(1, len(places)))
        for place in places:
            out[place] = out.get(place, 0.0) + weight
    whole, tail = vectors.mean(words), vectors.mean(words[_joint(words) + 1 :])
    wish = vectors.mean(about.words) if reduced else whole
    for block in ("whole", "tail", *(dict.fromkeys(about.kinds) or ("none",))):
        start = _BUCKETS + _BLOCKS.index(block) * WIDTH
        out.update(enumerate({"tail": tail, "whole": whole}.get(block, wish).tolist(), start))
    return out


def _tags(text: str, words: Sequence[str], tagger: Tagger) -> list[Tag]:
    """The tag of each word; signs between the words help to find it."""
    if len(words) > _LONGEST_TAGGED or len(text) > _CHARACTERS:
        return [Tag.WISH] * len(words)
    tokens = tokens_of(text)
    return [tag for token, tag in zip(tokens, tagger.tags(tokens), strict=True) if token not in SIGNS]


def _joint(words: Sequence[str]) -> int:
    """Where the last wish begins, or the number of words where there is only one."""
    return max((at for at, word in enumerate(words) if word in _JOINTS), default=len(words))


def _grams(words: Sequence[str]) -> Iterator[str]:
    padded = ["^", *words, "$"]
    for word in words[_joint(words) + 1 :]:
        yield f"t{word}"
    for n in (1, 2, 3):
        for start in range(len(padded) - n + 1):
            yield f"w{' '.join(padded[start : start + n])}"


def _pieces(words: Sequence[str]) -> Iterator[str]:
    """Pieces of words, and of the words run together: recognisers split and join words."""
    for word in words:
        marked = f" {word} "
        for n in (3, 4, 5):
            for start in range(len(marked) - n + 1):
                yield f"c{marked[start : start + n]}"
    joined = "".join(words)
    for n in (4, 6):
        for start in range(len(joined) - n + 1):
            yield f"j{joined[start : start + n]}"


def _crossed(words: Sequence[str], attached: Counter[Kind]) -> Iterator[str]:
    contexts = [f"{kind}{'+' if count > 1 else ''}" for kind, count in attached.items()] or ["none"]
    contexts.append(_signature(attached))
    padded = ["^", *words, "$"]
    for context in contexts:
        for word in words:
            yield f"x{context} {word}"
        for first, second in pairwise(padded):
            yield f"y{context} {first} {second}"


def _focused(about: Focus) -> Iterator[str]:
    """A request to one of several attachments looks like one that has only that."""
    context = _signature(Counter(about.kinds))
    for cue in cues(" ".join(about.words), about.words, about.kinds):
        yield f"f{cue}"
    for word in about.words:
        yield f"fx{context} {word}"
    for first, second in pairwise(("^", *about.words, "$")):
        yield f"fy{context} {first} {second}"
    for start in range(len(about.words) - 2):
        yield f"fz{' '.join(about.words[start : start + 3])}"
    yield f"f {context}"
    yield f"f wishes {min(3, about.wishes)}"


def _context(attached: Counter[Kind]) -> Iterable[str]:
    yield f"all {_signature(attached)}"
    yield f"kinds {len(attached)}"
    for kind, count in attached.items():
        yield f"has {kind}"
        yield f"has {kind} {min(count, 3)}"


def _signature(attached: Counter[Kind]) -> str:
    return ",".join(sorted(f"{kind}{min(count, 2)}" for kind, count in attached.items()))
