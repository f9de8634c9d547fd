"""A day or a year that is named in one clause and meant by "that day" in a later one."""

from __future__ import annotations

import re
from typing import Final

from pipelines.tasks.record.kinds import dates
from pipelines.tasks.record.words import said

_POINTS: Final = re.compile(
    r"\b(?:(?:on|in|at|from|during|of|for|as of) )?(?:that|the) (?:very )?same (?P<same>day|date|year)\b"
    r"|\b(?:(?:on|in|at|from|during|of|for|as of) )?that (?:particular )?(?P<that>day|date|year)\b",
    re.I,
)
_PREPOSITION: Final = re.compile(r"^(?:in|on|from|of|at|for|during|dated|as of)(?: the)?(?: year)? ")
_YEAR: Final = re.compile(r"\b[12]\d{3}\b")


def dates_taken_up(text: str) -> tuple[str, str]:
    """``text`` with the one date that was named before in the place of "that day", and what stands there for it; the
    text as it is, and nothing, where no date or several were named, or a span of years."""
    points = _POINTS.search(text)
    if points is None:
        return text, ""
    named = {_PREPOSITION.sub("", each) for each in dates(said(text[: points.start()]))}
    if len(named) != 1 or dates(said(text[points.end() :])):
        return text, ""
    (meant,) = named
    if len(set(_YEAR.findall(meant))) > 1:
        return text, ""
    if (points["same"] or points["that"]).lower() == "year":
        meant = _YEAR.findall(meant)[0] if _YEAR.search(meant) else meant
    meant = f"in {meant}" if _YEAR.fullmatch(meant) else f"on {meant}"
    return text[: points.start()] + meant + text[points.end() :], meant
