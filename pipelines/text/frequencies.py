"""How often a drug is given, where it is spelt: "q eight hours", "b i d". What is said in words stays in words."""

from __future__ import annotations

from typing import Final

from pipelines.text import numbers
from pipelines.text.tokens import Found, Tokens

_HOURS: Final = frozenset({"hours", "hour", "hourly", "h"})
# Those that safety lists warn of (q d, q o d, q h s) are not written for anybody.
_SPELT: Final = frozenset({"bid", "tid", "qid", "prn"})
STARTS: Final = frozenset({"q", "b", "t", "p"})


def read(tokens: Tokens, index: int) -> Found | None:
    letters = (tokens[index].key, tokens.key(index + 1), tokens.key(index + 2))
    if all(len(letter) == 1 for letter in letters) and "".join(letters) in _SPELT:
        return Found(index + 3, "".join(letters).upper(), "frequency") if tokens.free(index, index + 3) else None
    if letters[0] != "q" or not letters[1]:
        return None
    number = numbers.read(tokens, index + 1)
    if number is None or not number.whole or not 1 <= number.value <= 72:
        return None
    digits, end = number.digits, number.end
    if tokens.key(end) == "to" and (most := numbers.read(tokens, end + 1)) and most.whole and most.value <= 72:
        digits, end = f"{digits}-{most.digits}", most.end
    if tokens.key(end) not in _HOURS or not tokens.free(index, end + 1):
        return None
    return Found(end + 1, f"q{digits}h", "frequency")
