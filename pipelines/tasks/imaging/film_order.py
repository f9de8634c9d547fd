"""Which of two films is the earlier one: by the dates in their headers, else by what was said, else a person is asked.

Neither the order in which they were attached nor their names tell: archives and data sets number films as they like.
Of examinations that hold several films, those are compared that were taken from the same side.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, get_args

from pipelines.evidence.taken import Taken, View
from pipelines.records import Attachment

Source = Literal["header", "words", "user"]

_OLD: Final = r"(?P<old>old(?:er|est)?|prior|previous|earlier|earliest|baseline|former)"
_NEW: Final = r"(?P<new>new(?:er|est)?|current|(?:most )?recent|later|latest|today'?s|present|follow[- ]?up)"
_AGE: Final = rf"(?:{_OLD}|{_NEW})"
_THING: Final = r"(?:\s+(?:chest\s+)?(?:one|film|image|picture|x-?ray|radiograph|scan|study|file|attachment))?"
_IS: Final = r"(?:\s*,?\s*(?:is|was|being|comes|came|goes|as|=))?\s*,?\s*(?:(?:the|an?|from the|your)\s+)?"
_PLACE: Final = r"(?P<place>first|second|1st|2nd)"
_SAID: Final = (
    re.compile(rf"\b{_PLACE}{_THING}{_IS}{_AGE}\b", re.IGNORECASE),
    re.compile(rf"\b{_AGE}{_THING}{_IS}{_PLACE}\b", re.IGNORECASE),
)
_IN_ORDER: Final = re.compile(r"\bin\s+(?:chronological|time|date)\s+order\b", re.IGNORECASE)
_EARLIEST: Final = re.compile(r"\b(?:oldest|earliest|baseline|very\s+first|initial)\b", re.IGNORECASE)
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE: Final = (
    r"(?P<iso>\d{4}-\d\d-\d\d)"
    r"|(?P<month>[A-Z][a-z]{2,8})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>(?:19|20)\d\d)"
    r"|(?P<day2>\d{1,2})\s+(?P<month2>[A-Z][a-z]{2,8})\.?\s+(?P<year2>(?:19|20)\d\d)"
    r"|(?P<month3>[A-Z][a-z]{2,8})\.?\s+(?P<year3>(?:19|20)\d\d)"
    r"|(?P<year4>(?:19|20)\d\d)"
)
_BETWEEN: Final = r"(?:(?!\b(?i:first|second|1st|2nd)\b)[^.;?!]){0,40}?"
_DATED: Final = re.compile(rf"\b(?i:{_PLACE})\b{_BETWEEN}\b(?:{_DATE})\b")
_ISO: Final = re.compile(r"\b\d{4}-\d\d-\d\d\b")


@dataclass(frozen=True)
class Film:
    """An attached film, and what its file says of when and how it was taken."""

    attachment: Attachment
    taken: Taken

    @property
    def moment(self) -> tuple[str, str] | None:
        return (self.taken.date, self.taken.time or "") if self.taken.date else None

    @property
    def examination(self) -> object:
        return self.taken.study or self.moment

    @property
    def told(self) -> str:
        """Its name, day and view, for the user."""
        about = (self.taken.date or "no date in its file", self.taken.view)
        return f"{self.attachment.name} ({', '.join(filter(None, about))})"


@dataclass(frozen=True)
class Order:
    """Two films to compare. Dates are ISO, or as much of a date as was said; None where none is known."""

    prior: Attachment
    current: Attachment
    prior_date: str | None
    current_date: str | None
    source: Source
    prior_view: View | None
    current_view: View | None
    left_out: tuple[Film, ...] = ()


class Unknown(NamedTuple):
    """Why the order cannot be told, as a question, and whether a number answers it."""

    question: str
    by_number: bool


def ordered(films: Sequence[Film], text: str, chosen: int | None) -> Order | Unknown:
    """The pair to compare.

    Args:
        films: at least two, in the order in which they were given.
        text: of the request.
        chosen: the user's own answer: which of two is the prior one, from 1.
    """
    if len(films) > 2:
        return _of_many(films, text)
    by_words = _by_words(text)
    if chosen in (1, 2):
        return _pair(films, chosen - 1, "user")
    one, other = (film.moment for film in films)
    if one and other and one != other and _comparable(films[0], films[1]):
        earlier = 0 if one < other else 1
        if by_words is not None and by_words.prior != earlier:
            return Unknown(
                f"The words and the dates in the files disagree. Which film is the prior one? {_listed(films)}", True
            )
        return _pair(films, earlier, "header")
    if by_words is not None:
        return _pair(films, by_words.prior, "words", by_words.dates)
    return Unknown(f"Which film is the prior one? {_listed(films)}", True)


class _Words(NamedTuple):
    prior: int
    dates: tuple[str | None, str | None] = (None, None)
    """Of the first and of the second film."""


def _by_words(text: str) -> _Words | None:
    """What was said of two films; None where nothing was, or one thing and its contrary."""
    said = {_prior_by(found) for pattern in _SAID for found in pattern.finditer(text)}
    said |= {0} if _IN_ORDER.search(text) else set()
    dates = {_place(found["place"]): _date(found) for found in _DATED.finditer(text)}
    first, second = dates.get(0), dates.get(1)
    if first and second and not (first.startswith(second) or second.startswith(first)):
        said.add(0 if first < second else 1)
    return _Words(said.pop(), (first, second)) if len(said) == 1 else None


def _prior_by(found: re.Match[str]) -> int:
    place = _place(found["place"])
    return place if found["old"] else 1 - place


def _place(said: str) -> int:
    return 0 if said.lower() in ("first", "1st") else 1


def _date(found: re.Match[str]) -> str | None:
    if found["iso"]:
        return str(found["iso"])
    year = found["year"] or found["year2"] or found["year3"] or found["year4"]
    name = found["month"] or found["month2"] or found["month3"]
    day = found["day"] or found["day2"]
    if name is None:
        return str(year)
    month = next((number for number, short in enumerate(_MONTHS, 1) if name.lower().startswith(short)), None)
    if month is None:
        return None
    return f"{year}-{month:02}-{int(day):02}" if day else f"{year}-{month:02}"


def _comparable(one: Film, other: Film) -> bool:
    """On one day only times tell, and only where both have one."""
    return one.taken.date != other.taken.date or bool(one.taken.time and other.taken.time)


def _pair(
    films: Sequence[Film], prior: int, source: Source, said: tuple[str | None, str | None] = (None, None)
) -> Order:
    old, new = films[prior], films[1 - prior]
    return Order(
        old.attachment,
        new.attachment,
        _when(old, new) or said[prior],
        _when(new, old) or said[1 - prior],
        source,
        old.taken.view,
        new.taken.view,
    )


def _when(film: Film, other: Film) -> str | None:
    """The date; with the time where both are of one day."""
    same_day = other.taken.date == film.taken.date
    return f"{film.taken.date} {film.taken.time}" if same_day and film.taken.time else film.taken.date


def _of_many(films: Sequence[Film], text: str) -> Order | Unknown:
    """The current film, and the latest before it; another one only where it is asked for."""
    if any(film.moment is None for film in films):
        return Unknown(f"Which two films are to be compared? {_listed(films)}", False)
    every = sorted(films, key=lambda film: film.moment or ("", ""))
    named = set(_ISO.findall(text))
    row = _of_one_view(every, named)
    current = row[-1]
    before = _other_than(current, row) or row[:-1]
    asked = [film for film in before if film.taken.date in named]
    prior = asked[-1] if asked else before[0] if _EARLIEST.search(text) else before[-1]
    doubles = [film for film in row for one in (prior, current) if film is not one and film.moment == one.moment]
    if doubles or not _comparable(prior, current):
        return Unknown(f"Several films are of one time; which two are to be compared? {_listed(films)}", False)
    others = tuple(film for film in every if film is not prior and film is not current)
    return replace(_pair((prior, current), 0, "header"), left_out=others)


def _of_one_view(row: Sequence[Film], named: Collection[str]) -> Sequence[Film]:
    """Those that were taken from a side that both the latest examination and an earlier one have, from the front if
    possible; all of them where there is no such side.

    Args:
        row: by their moments.
        named: days of which an earlier film is asked for.
    """
    latest = row[-1]
    wanted = {film.taken.date for film in _other_than(latest, row)} & set(named)
    for view in get_args(View):
        same = [film for film in row if film.taken.view == view]
        earlier = _other_than(latest, same)
        fits = not wanted or any(film.taken.date in wanted for film in earlier)
        if earlier and len(earlier) < len(same) and fits:
            return same
    return row


def _other_than(one: Film, films: Sequence[Film]) -> list[Film]:
    """Films of other examinations."""
    return [film for film in films if film.examination != one.examination]


def _listed(films: Sequence[Film]) -> str:
    return "; ".join(f"{number}: {film.told}" for number, film in enumerate(films, 1)) + "."
