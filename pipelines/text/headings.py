"""Headings in dictated text: as written by the spoken-command formatter, or just said.

A heading is found only where the words cannot be ordinary speech: "Assessment." and "plan is as follows:" are
headings, "the plan is to wait" and "findings are consistent with" are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pipelines.text.sentences import Sentence

# What a speaker says around a heading; it belongs to the heading.
_CARRIER: Final = (
    r"(?:(?:(?:now )?(?:moving on to|moving to|turning to|going on to|on to)|next (?:heading|section)"
    r"(?: is)?|new heading|heading|under|section)\s+(?:the\s+)?)"
)
_AS_FOLLOWS: Final = r"(?:\s+(?:section|heading))?(?:\s+(?:is|are)\s+as\s+follows|\s+as\s+follows)?"
_FILLER: Final = re.compile(
    r"(?:(?:okay|ok|so|now|right|and|then|next|alright|well|um|uh)\b[,.]?\s+){1,3}", re.IGNORECASE
)
# "Colon" said as the name of the mark, not of the bowel: "impression colon cancer" must keep its colon.
_COLON: Final = (
    r"colon\b(?!\s+(?:is|was|has|had|shows?|appears?|wall|resection|surgery|screening|mass(?:es)?"
    r"|lesions?|cancer|ca\b|carcinoma|adenocarcinoma|adenomas?|polyps?|tumou?rs?|neoplasms?|malignancy|obstruction"
    r"|isch(?:a?e)mia|perforation|disten[st]ion|biops|dilat|thicken|diverticul|contains?|and|with|without|from|to|spasm|prep))"
)

_NO_HEADING_AFTER_COMMA: Final = re.compile(
    r"(?:including|which|if|as|such|and|although|but|however|when|though|especially|particularly|or|that|like|where"
    r"|unless|because|since|so|then|too|together|along|history|examination|imaging|investigations?|labs?|laboratory"
    r"|findings|medications|results|treatment|management|therapy|in my|in our|in his|in her)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = (
    r"(?:the|there|there's|no|none|this is|this (?:\d+|\w+-year)|patient|he|she|they|we|normal|unremarkable|stable|\d"
    r"|an? \d|mr|mrs|ms|bp|blood pressure|vitals?|vital signs|temperature|afebrile|alert|lungs|heart|well)\b"
)
_IMPERATIVE: Final = (
    r"(?:continue|start|stop|increase|decrease|reduce|refer|order|repeat|check|obtain|discharge|admit|return"
    r"|begin|hold|taper|commence|arrange|follow|recheck|switch|add|he|she|we|i)\b"
)
# "Indication chest pain": said without a pause these cannot begin an ordinary sentence, but for the words listed.
_BARE: Final = {
    "indication": r"(?!(?:is|was|for|of|that|to|and|are|being|remains)\b)\S",
    "comparison": r"(?!(?:is|was|with|to|of|made|between|study|studies|images?|views?|and|films?|exams?|shows?)\b)\S",
    "technique": r"(?!(?:is|was|used|and|of|for|included|includes|were|involves|has)\b)\S",
    "impression": r"(?!(?:is|was|of|that|remains|and|on|from|at|has|this)\b)\S",
    "plan": _IMPERATIVE,
    **dict.fromkeys(("subjective", "objective", "assessment", "findings", "assessment and plan"), _CLAUSE),
}
_ALWAYS_SPOKEN: Final = frozenset(
    {"subjective", "objective", "assessment", "plan", "findings", "impression", "indication", "technique", "comparison"}
)


_RUN_TOGETHER: Final = 3
_NEAR: Final = 20
_POINTS_AT: Final = re.compile(r"\b(?:the|following|these|of|with|his|her|my|a|an|and|in|no|for|to)\s*$", re.IGNORECASE)


class Heading(NamedTuple):
    """``text[start:end]`` announces ``phrase`` (lower case, single spaces). ``alone``: nothing else stands on its line
    or in its sentence."""

    start: int
    end: int
    phrase: str
    alone: bool


def find(
    text: str, sentences: Sequence[Sentence], phrases: Collection[str], labels: Collection[str]
) -> tuple[Heading, ...]:
    """The headings in ``text``, in order.

    Args:
        text: what was dictated.
        sentences: its sentences; a heading begins with one of them, or is written in capitals with a colon.
        phrases: what may head a section, lower case with single spaces; found in every spoken form.
        labels: what may head a part of one; found only before a colon or alone.
    """
    grammar = _grammar(frozenset(phrases), frozenset(labels))
    return tuple(heading for sentence in sentences for heading in grammar.headings(text, sentence))


@lru_cache(maxsize=16)
def _grammar(phrases: frozenset[str], labels: frozenset[str]) -> _Grammar:
    return _Grammar(phrases, labels)


class _Grammar:
    def __init__(self, phrases: Collection[str], labels: Collection[str]) -> None:
        both = _alternation({*phrases, *labels})
        strong = _alternation(phrases)
        self._alone = re.compile(
            rf"{_CARRIER}?(?:the\s+)?(?P<phrase>{both}){_AS_FOLLOWS}\s*[-.,:;!?–—]*\s*", re.IGNORECASE
        )
        self._colon = re.compile(
            rf"(?:{_CARRIER}|(?:the|my|our)\s+(?=.*as\s+follows))?(?P<phrase>{both}){_AS_FOLLOWS}"
            rf"(?:\s*:+|\s*[,.]?\s+{_COLON}[:.,]?|\s+[-–—]+(?=\s))\s*",
            re.IGNORECASE,
        )
        self._follows = re.compile(
            rf"(?:{_CARRIER}|(?:the|my|our)\s+)?(?P<phrase>{strong})\s+(?:is\s+|are\s+)?as\s+follows\b[,.;]?\s*",
            re.IGNORECASE,
        )
        self._comma = re.compile(rf"(?P<carrier>{_CARRIER})?(?P<phrase>{strong}),\s+", re.IGNORECASE)
        self._bare = re.compile(rf"(?P<carrier>{_CARRIER})?(?P<phrase>{strong})\s+", re.IGNORECASE)
        self._name = re.compile(
            rf"(?<!\S)(?P<phrase>{_alternation(_ALWAYS_SPOKEN & {*phrases})})(?:\s+colon)?\s+", re.IGNORECASE
        )
        self._written = re.compile(rf"(?<!\S)(?P<phrase>{_alternation({p.upper() for p in (*phrases, *labels)})}):\s*")
        self._said = re.compile(rf"(?<=\s)(?P<phrase>{strong})\s+{_COLON}[:.,]?\s*", re.IGNORECASE)

    def headings(self, text: str, sentence: Sentence) -> Iterator[Heading]:
        start, end = sentence
        if listed := self._run_together(text, sentence):
            yield from listed
            return
        first = self._opening(text, start, end)
        if first is None and (filler := _FILLER.match(text, start, end)):
            first = self._opening(text, filler.end(), end)
        if first:
            yield first
            start = first.end
        for pattern in (self._written, self._said):
            inside = [match for match in pattern.finditer(text, start, end) if match.start() > sentence.start]
            for match in inside:
                if not _is_spoken_of(text, sentence.start, match.start()):
                    yield _heading(match, alone=False)
            if inside:
                return

    def _run_together(self, text: str, sentence: Sentence) -> list[Heading]:
        """The headings of a note said in one breath: "indication cough technique two views findings clear"."""
        if re.search(r"[.,:;?!]\s", text[sentence.start : sentence.end]):
            return []
        said = [_heading(match, alone=False) for match in self._name.finditer(text, *sentence)]
        once = len({heading.phrase for heading in said}) == len(said)
        spoken_of = any(_is_spoken_of(text, sentence.start, heading.start) for heading in said)
        return said if len(said) >= _RUN_TOGETHER and once and not spoken_of else []

    def _opening(self, text: str, start: int, end: int) -> Heading | None:
        if match := self._alone.fullmatch(text, start, end):
            return _heading(match, alone=True)
        for pattern in (self._colon, self._follows):
            if match := pattern.match(text, start, end):
                return _heading(match, alone=False)
        if (match := self._comma.match(text, start, end)) and not _NO_HEADING_AFTER_COMMA.match(text, match.end()):
            return _heading(match, alone=False)
        if match := self._bare.match(text, start, end):
            phrase = _phrase(match)
            if match["carrier"] and phrase in _ALWAYS_SPOKEN and match["carrier"].lower().startswith("under"):
                return _heading(match, alone=False)
            after = _BARE.get(phrase)
            if after and re.compile(after, re.IGNORECASE).match(text, match.end(), end):
                return _heading(match, alone=False)
        return None


def _alternation(phrases: Collection[str]) -> str:
    """The longest first; a space stands for any white space or a hyphen. Matches nothing for no phrases."""
    ordered = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return "|".join(r"[\s/&-]+".join(map(re.escape, phrase.split())) for phrase in ordered) or "(?!)"


def _is_spoken_of(text: str, start: int, end: int) -> bool:
    """Whether a heading's words in the middle of a sentence belong to it: "the following findings colon"."""
    return _POINTS_AT.search(text[max(start, end - _NEAR) : end]) is not None


def _phrase(match: re.Match[str]) -> str:
    return " ".join(re.findall(r"[^\W_]+", match["phrase"].lower()))


def _heading(match: re.Match[str], *, alone: bool) -> Heading:
    return Heading(match.start(), match.end(), _phrase(match), alone)
