"""Headings in dictated text: as written by the spoken-command formatter, or just said.

A heading is found only where the words cannot be ordinary speech: "Assessment." and "plan is as follows:" are
headings, "the plan is to wait", "on examination, he was well" and "findings are consistent with" are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pipelines.text.announcing import ARTICLE, AS_FOLLOWS, CARRIER
from pipelines.text.bare_headings import ALWAYS_SPOKEN, BARE, DISTINCT, GOES_ON_ABOUT, SPEAKS_ON
from pipelines.text.sentences import Sentence

_FILLER: Final = re.compile(
    r"(?:(?:okay|ok|so|now|right|and|then|next|also|alright|all right|well|um|uh|erm|first|firstly|finally|lastly"
    r"|overall|all in all|putting (?:it|this|that|it all|this all|all this|everything) together)\b[,.]?\s+){1,3}",
    re.IGNORECASE,
)
_LIST_MARK: Final = re.compile(r"\(?\d{1,2}[.)]\s+")
# "On examination, he was well": with a comma these open the sentence that goes on, not a section.
_LEADS_IN: Final = re.compile(r"(?:on|upon|at|in|by|during|after|before|for|from|with)\b", re.IGNORECASE)
# "Colon" said as the name of the mark, not of the bowel: "impression colon cancer" must keep its colon.
_COLON: Final = (
    r"colon\b(?!\s+(?:is|was|has|had|shows?|appears?|wall|resection|surgery|screening|mass(?:es)?"
    r"|lesions?|cancer|ca\b|carcinoma|adenocarcinoma|adenomas?|polyps?|tumou?rs?|neoplasms?|malignancy|obstruction"
    r"|isch(?:a?e)mia|perforation|disten[st]ion|biops|dilat|thicken|diverticul|contains?|and|with|without|from|to|spasm|prep))"
)

_NO_HEADING_AFTER_COMMA: Final = re.compile(
    r"(?:including|which|if|as|such|and|although|but|however|when|though|especially|particularly|or|that|like|where"
    r"|unless|because|since|so|then|too|together|along|in my|in our|in his|in her"
    r"|(?:history|examination|imaging|investigations?|labs?|laboratory|findings|medications|results|treatment"
    r"|management|therapy)(?!\s+(?:of|shows?|showed|reveals?|revealed|demonstrates?|demonstrated|with)))\b",
    re.IGNORECASE,
)
# "Allergies, mostly to pollen, are worse": the sentence speaks of them.
_SPEAKS_OF_IT: Final = re.compile(
    r"(?:mostly|mainly|largely|namely)\b|[^,.;]*,\s+(?:is|are|was|were|has|have|had|will|do|does|did|may|should|remain"
    r"|appear|show)\w*\b",
    re.IGNORECASE,
)

_RUN_TOGETHER: Final = 3
_LETTERS: Final = 2
_NEAR: Final = 20
_HEARD: Final = 150
"""Characters to either side of a heading between commas that decide; a bound keeps long dictation linear."""
# "We went over her history, examination, and plan": what is talked about or counted up is no heading.
_TALKS_OF: Final = re.compile(
    r"\b(?:review|discuss|explain|document|record|agree|talk|go(?:ne|ing)? (?:over|through)|went (?:over|through)|cover"
    r"|includ|consist|base|regard|about|both|summari[sz]|read|look(?:ed)? (?:at|through)|shar|depend|confirm)\w*\b",
    re.IGNORECASE,
)
_COUNTED_UP: Final = re.compile(
    r"(?:[\w-]+ ){0,4}(?:,|and|or)\b[^.]*\b(?:(?:is|are|was|were|be|been) (?:\w+ )?(?:review|discuss|explain|document"
    r"|record|agree|cover|summari[sz]|read|confirm|consider|shar)\w*|suggest|point|support)\b",
    re.IGNORECASE,
)
_POINTS_AT: Final = re.compile(r"\b(?:the|following|these|of|with|his|her|my|a|an|and|in|no|for|to)\s*$", re.IGNORECASE)
# These end many an enumeration: "she brought her notes, investigations, scans and letters."
_COMMON: Final = re.compile(
    r"(?:history|exam|examination|investigations?|results|tests|studies|medications?|treatment|management|plan|symptoms"
    r"|recommendations?|advice|data|progress|problems|views|methods?|report|summary|condition|course)$",
    re.IGNORECASE,
)
_LAST_OF_A_LIST: Final = re.compile(r"(?:[\w-]+ ){1,3}(?:and|or)(?: [\w-]+){1,2}[.?!]?\s*$", re.IGNORECASE)


class Heading(NamedTuple):
    """``text[start:end]`` announces ``phrase`` (lower case, single spaces). ``alone``: nothing else stands on its line
    or in its sentence. ``listed``: it stands between commas within a sentence; whether it is a heading there depends
    on those before it. ``doubtful``: nothing parts it from what follows but a capital ("Plan After discussion, ...").
    ``said`` is where the phrase itself begins."""

    start: int
    end: int
    phrase: str
    alone: bool
    listed: bool = False
    doubtful: bool = False
    said: int = 0


def find(
    text: str,
    sentences: Sequence[Sentence],
    phrases: Collection[str],
    labels: Collection[str],
    letters: Collection[str] = (),
    announcements: Collection[str] = (),
) -> tuple[Heading, ...]:
    """The headings in ``text``, in order.

    Args:
        text: what was dictated.
        sentences: its sentences; a heading begins with one of them, or is written in capitals with a colon.
        phrases: what may head a section, lower case with single spaces; found in every spoken form.
        labels: what may head a part of one; found only before a colon, before a comma at the start, or alone.
        announcements: what else may head a section; found only before a colon or alone.
        letters: short forms ("s", "a p"); found in capitals, before a colon, where two or more of them begin sentences.
    """
    grammar = _grammar(frozenset(phrases), frozenset(labels), frozenset(letters), frozenset(announcements))
    lettered = {heading.start: heading for heading in grammar.lettered(text, sentences)}
    found = [
        heading
        for sentence in sentences
        for heading in ([lettered[sentence.start]] if sentence.start in lettered else grammar.headings(text, sentence))
    ]
    sure = sum(not heading.doubtful for heading in found)
    return tuple(heading for heading in found if not heading.doubtful or sure >= _RUN_TOGETHER)


def is_filler(text: str) -> bool:
    """Whether the words are only what a speaker says before coming to the point: "okay, so"."""
    return _FILLER.fullmatch(text.strip() + " ") is not None


@lru_cache(maxsize=16)
def _grammar(
    phrases: frozenset[str], labels: frozenset[str], letters: frozenset[str], announcements: frozenset[str]
) -> _Grammar:
    return _Grammar(phrases, labels, letters, announcements)


class _Grammar:
    def __init__(
        self,
        phrases: Collection[str],
        labels: Collection[str],
        letters: Collection[str],
        announcements: Collection[str],
    ) -> None:
        both = _alternation({*phrases, *labels, *announcements})
        strong, weak = _alternation(phrases), _alternation(labels)
        self._alone = re.compile(
            rf"(?:{CARRIER}|{ARTICLE})?(?P<phrase>{both}){AS_FOLLOWS}\s*[-.,:;!?–—]*\s*", re.IGNORECASE
        )
        self._colon = re.compile(
            rf"(?:{CARRIER}|(?:the|my|our)\s+(?=.*as\s+follows))?(?P<phrase>{both}){AS_FOLLOWS}"
            rf"(?:\s*:+|\s*[,.]?\s+{_COLON}[:.,]?|\s+[-–—]+(?=\s))\s*",
            re.IGNORECASE,
        )
        self._follows = re.compile(
            rf"(?:{CARRIER}|(?:the|my|our)\s+)?(?P<phrase>{strong})\s+(?:is\s+|are\s+)?as\s+follows\b[,.;]?\s*",
            re.IGNORECASE,
        )
        self._comma = re.compile(rf"(?P<carrier>{CARRIER})?(?P<phrase>{strong}),\s+", re.IGNORECASE)
        self._for = re.compile(rf"for the (?P<phrase>{_alternation(ALWAYS_SPOKEN & {*phrases})}),\s+", re.IGNORECASE)
        self._label = re.compile(rf"{CARRIER}?(?P<phrase>{weak}),\s+", re.IGNORECASE)
        self._bare = re.compile(rf"(?P<carrier>{CARRIER})?(?P<phrase>{strong})\s+(?=\w)", re.IGNORECASE)
        self._bare_label = re.compile(rf"(?P<phrase>{_alternation(DISTINCT & {*labels})})\s+(?=\w)", re.IGNORECASE)
        self._capital = re.compile(rf"(?P<phrase>(?i:{_alternation({*phrases, *labels})}))\s+(?=[A-Z\d])")
        self._bracketed = re.compile(rf"\[\s*(?P<phrase>{both})\s*\]\s*[:.,]?\s*", re.IGNORECASE)
        self._name = re.compile(
            rf"(?<!\S)(?P<phrase>{_alternation(ALWAYS_SPOKEN & {*phrases})})(?:\s+colon)?\s+", re.IGNORECASE
        )
        self._written = re.compile(rf"(?<!\S)(?P<phrase>{_alternation({p.upper() for p in (*phrases, *labels)})}):\s*")
        self._said = re.compile(rf"(?<=\s)(?P<phrase>{strong})\s+{_COLON}[:.,]?\s*", re.IGNORECASE)
        self._listed = re.compile(rf"(?<=[,;]\s)(?P<phrase>{strong})\s*[,;:]\s+(?=\w)", re.IGNORECASE)
        self._another = re.compile(rf"(?:{both})\s*(?:,|and\b|or\b)", re.IGNORECASE)
        capitals = _alternation({letter.upper() for letter in letters})
        self._letter = re.compile(rf"(?P<phrase>{capitals})(?:\s*:|\s+{_COLON}[:.,]?)\s*")

    def lettered(self, text: str, sentences: Sequence[Sentence]) -> list[Heading]:
        """The letters that head sections: "S: cough. O: clear." One by itself may be anything ("Hepatitis A:")."""
        found = [match for sentence in sentences if (match := self._letter.match(text, *sentence))]
        headings = [_heading(match, alone=False) for match in found]
        return headings if len({heading.phrase for heading in headings}) >= _LETTERS else []

    def headings(self, text: str, sentence: Sentence) -> Iterator[Heading]:
        start, end = sentence
        if listed := self._run_together(text, sentence):
            yield from listed
            return
        first = self._opening(text, start, end) or self._numbered(text, start, end)
        if first is None and (filler := _FILLER.match(text, start, end)):
            first = self._opening(text, filler.end(), end)
        if first:
            yield first
            start = first.end
        if listed := self._in_commas(text, start, end):
            yield from listed
            return
        for pattern in (self._bracketed, self._written, self._said):
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

    def _in_commas(self, text: str, start: int, end: int) -> list[Heading]:
        """Headings in the midst of a sentence: "cough for three days, technique, frontal view, comparison, none"."""
        found: list[Heading] = []
        for match in self._listed.finditer(text, start, end):
            since = text[max(found[-1].end if found else start, match.start() - _HEARD) : match.start()]
            if since.strip() and not _TALKS_OF.search(since) and not self._is_speech(text, match, end):
                found.append(_heading(match, alone=False)._replace(listed=True))
        return found

    def _is_speech(self, text: str, match: re.Match[str], end: int) -> bool:
        """Whether a heading's words between commas are one thing of several that are counted up."""
        after, near = match.end(), min(end, match.end() + _HEARD)
        return bool(
            _LEADS_IN.match(match["phrase"])
            or _NO_HEADING_AFTER_COMMA.match(text, after, end)
            or self._another.match(text, after, end)
            or _COUNTED_UP.match(text, after, near)
            or (near == end and _COMMON.match(match["phrase"]) and _LAST_OF_A_LIST.match(text, after, end))
        )

    def _numbered(self, text: str, start: int, end: int) -> Heading | None:
        """ "1. Plan:"; the number belongs to the heading."""
        mark = _LIST_MARK.match(text, start, end)
        heading = self._announced(text, mark.end(), end) if mark else None
        return heading._replace(start=start) if heading else None

    def _announced(self, text: str, start: int, end: int) -> Heading | None:
        if match := self._alone.fullmatch(text, start, end):
            return _heading(match, alone=True)
        for pattern in (self._colon, self._follows):
            if match := pattern.match(text, start, end):
                return _heading(match, alone=False)
        return None

    def _opening(self, text: str, start: int, end: int) -> Heading | None:
        if match := self._bracketed.match(text, start, end):
            return _heading(match, alone=match.end() == end)
        if announced := self._announced(text, start, end):
            return announced
        for pattern in (self._comma, self._for):
            match = pattern.match(text, start, end)
            if match and not _NO_HEADING_AFTER_COMMA.match(text, match.end()) and not _LEADS_IN.match(match["phrase"]):
                return _heading(match, alone=False)
        if (match := self._label.match(text, start, end)) and not self._is_subject(text, match.end(), end):
            return _heading(match, alone=False)
        if match := self._bare.match(text, start, end):
            phrase = _phrase(match)
            if match["carrier"] and phrase in ALWAYS_SPOKEN and match["carrier"].lower().startswith("under"):
                return _heading(match, alone=False)
            if match["carrier"] and GOES_ON_ABOUT.match(text, match.end(), end):
                return _heading(match, alone=False)
            if phrase in DISTINCT and not SPEAKS_ON.match(text, match.end(), end):
                return _heading(match, alone=False)
            after = BARE.get(phrase)
            if after and re.compile(after, re.IGNORECASE).match(text, match.end(), end):
                return _heading(match, alone=False)
        if (match := self._bare_label.match(text, start, end)) and not SPEAKS_ON.match(text, match.end(), end):
            return _heading(match, alone=False)
        if (match := self._capital.match(text, start, end)) and not SPEAKS_ON.match(text, match.end(), end):
            return _heading(match, alone=False)._replace(doubtful=True)
        return None

    def _is_subject(self, text: str, start: int, end: int) -> bool:
        """Whether the words before a comma are what the sentence speaks of, or one thing of several."""
        patterns = (_NO_HEADING_AFTER_COMMA, _SPEAKS_OF_IT, _COUNTED_UP, self._another)
        return any(pattern.match(text, start, min(end, start + _HEARD)) for pattern in patterns)


def _alternation(phrases: Collection[str]) -> str:
    """The longest first; a space stands for any white space or a hyphen. Matches nothing for no phrases."""
    ordered = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return "|".join(r"[\s/&'’-]+".join(map(re.escape, phrase.split())) for phrase in ordered) or "(?!)"


def _is_spoken_of(text: str, start: int, end: int) -> bool:
    """Whether a heading's words in the middle of a sentence belong to it: "the following findings colon"."""
    return _POINTS_AT.search(text[max(start, end - _NEAR) : end]) is not None


def _phrase(match: re.Match[str]) -> str:
    return " ".join(re.findall(r"[^\W_]+", match["phrase"].lower()))


def _heading(match: re.Match[str], *, alone: bool) -> Heading:
    return Heading(match.start(), match.end(), _phrase(match), alone, said=match.start("phrase"))
