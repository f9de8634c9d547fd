"""The figures in a model's sentence, held against the values that the sentence cites: numbers, dates and units that are
not there were made up, or reckoned, and either way nobody can look them up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from pipelines.records import Citation

_ISO: Final = re.compile(r"(?<![\w-])\d{4}-\d\d(?:-\d\d)?(?![\w-])", re.ASCII)
_MONTHS: Final = "january february march april may june july august september october november december".split()
_MONTH: Final = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in _MONTHS)
_SPELT: Final = re.compile(
    rf"(?<!\w)(?:(?P<before>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?(?P<month>{_MONTH})\b\.?"
    r"(?: (?P<after>\d{1,2})(?:st|nd|rd|th)?(?!\d),?)?(?:(?:,| of)? (?P<year>\d{4})(?!\d))?",
    re.IGNORECASE | re.ASCII,
)
#: A number that is no part of a word before it: the digits of "A1c" are letters of a name.
_NUMBER: Final = re.compile(r"(?<![\w.,])(?<!\w[-−])\d+(?:,\d{3})*(?:\.\d+)?(?![\d])", re.ASCII)
_ANY_NUMBER: Final = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?", re.ASCII)
_SIGN: Final = re.compile(r"(?:^|[\s(:=])[-−]$")
_UNIT: Final = re.compile(
    r"\s?(?P<unit>%|(?:mm\s?\[?hg\]?|[a-zµμ]?(?:g|l|mol|eq|osm|iu|u|kat|m)|mcg|bpm|fl|kpa|torr|10\*\d+|cells?)"
    r"(?:/[\w*^.µμ{}]+)*|/[a-z]\w*)(?![\w/[])",
    re.IGNORECASE,
)
_LESS: Final = re.compile(r"\b(?:fell|falls?|fallen|drop|decreas|declin|lower|lost|loss|less|reduc)", re.IGNORECASE)
_BELOW_TWENTY: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS: Final = {
    **{word: n for n, word in enumerate(_BELOW_TWENTY)},
    **{word: 10 * n for n, word in enumerate(_TENS, 2)},
}
#: Said where something was multiplied: only a source that says the same word has it.
_MANY: Final = frozenset("hundred hundreds thousand thousands million dozen dozens twice double".split())
#: Most often no number: "one of them".
_NO_NUMBERS: Final = frozenset({"one", "zero"})


class Unfounded(NamedTuple):
    """What a sentence says that its sources do not."""

    aspect: str
    """``number``, ``date`` or ``unit``."""
    said: str


def unfounded(text: str, sources: Iterable[str], counted: Collection[int] = ()) -> Unfounded | None:
    """The first figure in ``text`` that none of ``sources`` holds; None where all are there.

    A number may be rounded to the places that it is said with, and a date to its month or year.

    Args:
        counted: how many things the sources are; see `counts`.
    """
    return next(_unfounded(text, tuple(sources), counted), None)


def counts(citations: Collection[Citation]) -> frozenset[int]:
    """How many entries of a record are cited, in all and of each kind, and how many pages: these may be counted."""
    entries = {citation.resource for citation in citations if citation.kind == "record"}
    pages = {(citation.attachment, citation.page) for citation in citations if citation.kind == "page"}
    of_kinds = Counter(entry.partition("/")[0] for entry in entries)
    return frozenset({len(entries), len(pages), *of_kinds.values()} - {0})


def _unfounded(text: str, sources: Sequence[str], counted: Collection[int]) -> Iterator[Unfounded]:
    days = {found.group() for source in sources for found in _ISO.finditer(_only_day(source))}
    rest = text
    for found in _ISO.finditer(text):
        if not any(day.startswith(found.group()) for day in days):
            yield Unfounded("date", found.group())
    rest = _ISO.sub(" ", rest)
    for found in _SPELT.finditer(rest):
        if (found["year"] or found["before"] or found["after"]) and not any(_is_day(found, day) for day in days):
            yield Unfounded("date", found.group().rstrip("."))
    rest = _SPELT.sub(lambda found: " " if found["year"] or found["before"] or found["after"] else found.group(), rest)
    dateless = [_ISO.sub(" ", _only_day(source)) for source in sources]
    numbers = [number for source in dateless for number in _signed(source)]
    if _LESS.search(text):
        # "It fell by 3": the word is the sign.
        numbers += [-number for number in numbers]
    years = {day[:4] for day in days}
    units = {unit for source in dateless for unit in _units(source)}
    for found in _NUMBER.finditer(rest):
        said = found.group()
        sign = "-" if _SIGN.search(rest[: found.start()]) else ""
        if (sign or said not in years) and not _is_one_of(_decimal(sign + said), numbers, counted):
            yield Unfounded("number", sign + said)
        unit = _UNIT.match(rest, found.end())
        if unit and _plain(said_unit := unit["unit"].rstrip(".")) not in units:
            yield Unfounded("unit", said_unit)
    yield from _spelt_numbers(rest, sources, numbers, counted)


def _spelt_numbers(
    text: str, sources: Sequence[str], numbers: Sequence[Decimal], counted: Collection[int]
) -> Iterator[Unfounded]:
    known = {word for source in sources for word in re.findall(r"[a-z]+", source.lower())}
    words = re.findall(r"[a-z]+", text.lower())
    for at, word in enumerate(words):
        if word in _MANY and word not in known:
            yield Unfounded("number", word)
        if word not in _WORDS or word in _NO_NUMBERS or word in known:
            continue
        value = _WORDS[word]
        if word in _TENS and at + 1 < len(words) and 0 < _WORDS.get(words[at + 1], 0) < 10:
            value += _WORDS[words[at + 1]]
        elif at and words[at - 1] in _TENS and value < 10:
            continue
        if value not in counted and Decimal(value) not in numbers:
            yield Unfounded("number", word)


def _signed(source: str) -> Iterator[Decimal]:
    """The numbers of a source. The line between the ends of a range is no sign, nor is one within a name."""
    for found in _ANY_NUMBER.finditer(source):
        value = _decimal(found.group())
        yield -value if _SIGN.search(source[: found.start()]) else value


def _units(source: str) -> Iterator[str]:
    """What may be a unit there: its words, each with the next as well ("mm Hg"), and what stands right at a number."""
    words = [_plain(word).strip(".:") for word in re.split(r"[\s,;]+", source)]
    yield from words
    yield from map("".join, pairwise(words))
    yield from (
        _plain(found["unit"]) for number in _ANY_NUMBER.finditer(source) if (found := _UNIT.match(source, number.end()))
    )


def _only_day(source: str) -> str:
    """The hour of an instant is no number of anybody's."""
    return re.sub(r"(?<=\d{4}-\d\d-\d\d)T[\d:.]+(?:Z|[+-]\d\d:\d\d)?", "", source)


def _is_day(said: re.Match[str], day: str) -> bool:
    month = next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(said["month"].lower()[:3]))
    number = said["before"] or said["after"]
    year, _, rest = day.partition("-")
    return (
        (said["year"] is None or year == said["year"])
        and rest[:2] == f"{month:02d}"
        and (number is None or rest[3:5] == f"{int(number):02d}")
    )


def _is_one_of(value: Decimal, numbers: Sequence[Decimal], counted: Collection[int]) -> bool:
    places = -exponent if isinstance(exponent := value.as_tuple().exponent, int) else 0
    step = Decimal(1).scaleb(-places)
    return value in counted or any(
        value == number
        or (places > 0 and value in {_rounded(number, step, way) for way in (ROUND_HALF_EVEN, ROUND_HALF_UP)})
        for number in numbers
    )


def _rounded(number: Decimal, step: Decimal, way: str) -> Decimal | None:
    return number.quantize(step, rounding=way) if number.adjusted() < 20 else None


def _decimal(written: str) -> Decimal:
    return Decimal(written.replace(",", ""))


def _plain(text: str) -> str:
    """Units as they are written here and there."""
    return re.sub(r"[\s\[\]{}^()]", "", text.lower().replace("µ", "u").replace("μ", "u").replace("−", "-"))
