"""Whom the words say that they are about. Only what is said expressly counts: a number called the patient's, a date
called that of birth, a name that stands with one of them. A name by itself may be anybody's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from pipelines.evidence.documents.dates import iso_date
from pipelines.records import Stated
from pipelines.text.written_forms import written_forms

T = TypeVar("T")

_IS: Final = r"(?:\s*[:,]\s*|\s+)(?:(?:is|was)\s+)?"
_ID_CUE: Final = (
    r"(?:\bpatient(?:['’]s)?\s+(?:id|i\.?\s?d\.?|identifier|identification(?:\s+number)?)"
    # "Patient number two" is the next one.
    r"|\bpatient\s+number(?=\W+(?:is\s+)?[a-z]{0,4}-?\d(?:[\s\-]?\d){3})"
    r"|\bm\.?\s?r\.?\s?n\.?(?:\s+number)?|\b(?:medical\s+record|hospital|chart|nhs)\s+(?:number|no\.?|id))"
)
#: With at least one digit; figures may be said in groups. What follows them is no part of it.
_ID: Final = r"(?P<id>(?=[A-Za-z\-]{0,6}\s?\d)[A-Za-z]{0,4}-?\s?\d[\dA-Za-z]*(?:[\s\-./]\d+)*)(?![\w])"
_BIRTH_CUE: Final = r"(?:\bdate\s+of\s+birth|\bd\.?\s?o\.?\s?b\b\.?|\bbirth\s?date)"
_BORN: Final = rf"(?:{_BIRTH_CUE}|\bborn(?:\s+on)?)"
_WITH: Final = rf"(?=(?:\s*[,;(]\s*|\s+)(?:(?:a|with|whose|his|her|and|the)\s+)*(?:{_BORN}|{_ID_CUE}))"
_TITLE: Final = r"(?:(?:mr|mrs|ms|miss|mister|missus)\.?\s+)?"
_WORD: Final = r"(?:[^\W\d_]\.|[^\W\d_]+(?:['’\-][^\W\d_]+)*)"
_NAME: Final = rf"(?P<name>{_WORD}(?:\s+{_WORD}){{1,3}}?)"
#: Written with capitals it ends where they end.
_CAPITAL: Final = r"[A-ZÀ-ÖØ-Þ](?:\.|[\w'’\-]*)"
_CAPITALS: Final = rf"(?-i:(?P<name>{_CAPITAL}(?:\s+{_CAPITAL}){{1,3}}))"

_IDS: Final = re.compile(rf"{_ID_CUE}{_IS}(?:#\s*)?{_ID}", re.IGNORECASE)
_BIRTHS: Final = re.compile(rf"{_BIRTH_CUE}{_IS}(?:on\s+)?(?:the\s+)?(?P<date>[^;()\n]{{6,32}})", re.IGNORECASE)
_NAMES: Final = (
    re.compile(rf"\b(?:the\s+)?patient(?:['’]s)?\s+name{_IS}{_TITLE}{_CAPITALS}", re.IGNORECASE),
    re.compile(rf"\bname\s+of\s+(?:the\s+)?patient{_IS}{_TITLE}{_CAPITALS}", re.IGNORECASE),
    re.compile(
        rf"\b(?:this\s+is|the\s+patient\s+is|(?:for|about|of|on|regarding)\s+(?:the\s+|my\s+)?patient|^\s*patient)"
        rf"{_IS}{_TITLE}{_NAME}{_WITH}",
        re.IGNORECASE | re.MULTILINE,
    ),
)
_BORN_WITH_NAME: Final = re.compile(
    r"[\s,;(]+(?:(?:a|who|was|is)\s+)*\bborn(?:\s+on)?\s+(?:the\s+)?(?P<date>[^;()\n]{6,32})", re.IGNORECASE
)
_DATE_BEGINS: Final = re.compile(r"\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d", re.IGNORECASE)
#: Of whom else it may be said, just before it.
_OTHERS: Final = re.compile(
    r"\b(?:mother|father|mom|mum|dad|son|daughter|brother|sister|twin|husband|wife|spouse|partner|parent|child|baby"
    r"|donor|recipient|neighbou?r|roommate|contact|doctor|dr|nurse|other|another|previous)\b\.?(?:['’]s)?[^.;]{0,30}$",
    re.IGNORECASE,
)
_NO_NAME: Final = frozenset("the a an is was with has had in on at for of born known here who from presenting".split())


def patient_said(text: str) -> Stated | None:
    """What a transcript states of the patient's number, name and birth date; None where it states nothing.

    What is stated in two ways counts as not stated: somebody corrects himself, or speaks of two people.
    """
    written = _written(text)
    ids = (_number(found["id"]) for found in _own(_IDS, written))
    names = [(found, name) for pattern in _NAMES for found in _own(pattern, written) if (name := _name(found))]
    births = [
        *(_date(found["date"]) for found in _own(_BIRTHS, written)),
        *(_date(born["date"]) for found, _ in names if (born := _BORN_WITH_NAME.match(written, found.end("name")))),
    ]
    stated = Stated(id=_only(ids), name=_only(name for _, name in names), birth_date=_only(filter(None, births)))
    return None if stated == Stated() else stated


def _own(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Where it stands and is not said of somebody else."""
    return (found for found in pattern.finditer(text) if not _OTHERS.search(text[: found.start()][-60:]))


def _written(text: str) -> str:
    """Numbers and dates in figures."""
    pieces, end = [], 0
    for rewrite in written_forms(text):
        pieces += [text[end : rewrite.start], rewrite.text]
        end = rewrite.end
    return "".join([*pieces, text[end:]])


def _number(said: str) -> str:
    return re.sub(r"[\s.,]+", "", said)


def _name(found: re.Match[str]) -> str | None:
    words = found["name"].rstrip(".,").split()
    # A first name that is abbreviated says too little, but may stand in the middle.
    if len(words) < 2 or any(word.lower() in _NO_NAME for word in words) or min(len(words[0]), len(words[-1])) < 2:
        return None
    return " ".join(words)


def _date(said: str) -> str | None:
    began = _DATE_BEGINS.match(said)
    found = iso_date(re.sub(r"\s+of\s+", " ", said)) if began else None
    return found[:10] if found else None


def _only(stated: Iterable[T]) -> T | None:
    """What all of them are; None where there is none, or where they differ."""
    different = set(stated)
    return different.pop() if len(different) == 1 else None
