"""What a speaker takes back: "scratch that" and the sentence before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.text.rewrite import Rewrite
from pipelines.text.sentences import split

#: Kind of a rewrite that takes words out.
SCRATCHED: Final = "scratched"
#: More than this was not meant: the engine set no marks, and where the sentence began is unknown.
MOST_WORDS: Final = 40

_NEAR: Final = 1000
"""Characters that are looked at; a bound keeps long dictation linear."""
_COMMAND_END: Final = re.compile(r"[}\]]\s*")


def with_taken_back(text: str, commands: Sequence[Rewrite]) -> list[Rewrite]:
    """``commands`` with each `SCRATCHED` one taking in the sentence before it.

    It reaches back to where the sentence or a command before it ends; said twice, it takes back two sentences. Where
    nothing stands before it, or more than `MOST_WORDS` words do, it is left in the text.
    """
    kept: list[Rewrite] = []
    for one in commands:
        if one.kind != SCRATCHED:
            kept.append(one)
            continue
        again = bool(kept) and kept[-1].kind == SCRATCHED and not text[kept[-1].end : one.start].strip()
        end = kept[-1].start if again else one.start
        floor = next((other.end for other in reversed(kept[:-1] if again else kept)), 0)
        start = _sentence_before(text, floor, end)
        if start is None:
            continue
        if again:
            kept.pop()
        kept.append(Rewrite(start, one.end, "", SCRATCHED))
    return kept


def _sentence_before(text: str, floor: int, end: int) -> int | None:
    """Where the sentence that ends at ``end`` begins; ``floor`` at the earliest."""
    near = max(floor, end - _NEAR)
    for command in _COMMAND_END.finditer(text, near, end):
        near = command.end()
    sentences = split(text[near:end])
    if not sentences or (near == end - _NEAR and len(sentences) == 1):
        return None
    start = near + sentences[-1].start
    if not any(letter.isalnum() for letter in text[start:end]) or len(text[start:end].split()) > MOST_WORDS:
        return None
    return start
