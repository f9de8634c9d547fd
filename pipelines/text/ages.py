"""Ages and spans of time that stand before a noun: "forty five year old", "two week history"."""

from __future__ import annotations

from typing import Final

from pipelines.text import numbers
from pipelines.text.tokens import Found, Tokens

_SPANS: Final = frozenset({"year", "month", "week", "day", "hour", "minute"})
_OLD: Final = frozenset({"old", "olds"})
_SPANNED: Final = frozenset(
    """
    history course period duration trial supply interval intervals stay mortality survival review urine collection walk
    delay follow-up follow followup check mark postoperative hold monitor regimen
    """.split()
)


def read(tokens: Tokens, index: int) -> Found | None:
    number = numbers.read(tokens, index)
    if number is None or not number.whole or tokens.joined(number.end) not in _SPANS:
        return None
    if numbers.crowded(tokens, index, number.end):
        return None
    digits = tokens.said(index) if number.numeral else number.digits
    span, end = tokens.said(number.end), number.end + 1
    if tokens.joined(end) in _OLD and tokens.free(index, end + 1):
        return Found(end + 1, f"{digits}-{span}-{tokens.said(end)}", "age")
    if tokens.key(end) in _SPANNED and tokens.free(index, end):
        return Found(end, f"{digits}-{span}", "duration")
    return None
