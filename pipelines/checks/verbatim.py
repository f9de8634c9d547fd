"""Dictated statements held against the transcript: the speaker's words, all of them, once, in order, and no others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from pipelines.records import Check, Statement, Transcript, TranscriptCitation

if TYPE_CHECKING:
    from pipelines.tasks.note.template import Template

_WORD: Final = re.compile(r"[^\W_]+")
_NUMBERED: Final = re.compile(r"(?<!\S)\(?\d{1,2}[.)]\s+(?=[^\W\d])")
_SAID_AROUND: Final = frozenset(
    """
    now then so and moving going turning coming switching jumping skipping proceeding go move turn come switch jump skip
    proceed on over along straight to onto let s us we ll i d like want can shall will start starting begin beginning
    finish finishing end ending open opening off up with that brings takes me here comes for as next new first second
    third fourth fifth last final following another heading section title part is are be follows follow under the my our
    his her their today patient this visit please going forward from colon
    could can would you put write down type following in
    """.split()
)
_LONGEST: Final = 8
"""Words of a label."""
_MOST: Final = 40
"""Words of a heading or of a call."""
_DICTATED: Final = frozenset({"dictated", "corrected"})
"""Origins of the speaker's own words. What was put in or generated beside them is held against other sources."""


class _Cited(NamedTuple):
    start: int
    end: int
    statement: int


def check(statements: Sequence[Statement], transcript: Transcript, headings: Collection[str] = ()) -> tuple[Check, ...]:
    """Whether the statements are the transcript's words.

    One check a dictated statement (aspect ``verbatim``): its text is that of the spans it cites, white space aside.
    Then the whole note (aspect ``words``): one contradicted check for every stretch of words that no statement holds
    and that is no heading (at the statement after it), for every stretch that two hold, and for every statement that
    stands before an earlier one of its section; or a single supported one.

    Args:
        headings: what else may head a section, beside the shipped templates' headings and the statements' sections,
            and what was said to the product.
    """
    cited = sorted(_cited(statements, transcript))
    sound = [_verbatim(index, one, transcript) for index, one in enumerate(statements) if _is_dictated(one)]
    wrong = [
        *_lost(cited, transcript.text, len(statements), _vocabulary(statements, headings)),
        *_repeated(cited, transcript.text),
        *_out_of_order(statements),
    ]
    if not wrong and statements:
        wrong = [Check(statement=0, verdict="supported", aspect="words")]
    return (*sound, *wrong)


def _verbatim(index: int, statement: Statement, transcript: Transcript) -> Check:
    spans = [citation for citation in statement.citations if isinstance(citation, TranscriptCitation)]
    source = " ".join(transcript.text[span.start : span.end] for span in spans)
    same = "".join(source.split()) == "".join(statement.text.split())
    return Check(
        statement=index,
        verdict=("supported" if same else "contradicted") if spans else "unsupported",
        aspect="verbatim",
        statement_text=statement.text,
        source_text=source or None,
    )


def _cited(statements: Sequence[Statement], transcript: Transcript) -> Iterator[_Cited]:
    for index, statement in enumerate(statements):
        for citation in statement.citations:
            if _is_dictated(statement) and isinstance(citation, TranscriptCitation):
                yield _Cited(max(citation.start, 0), min(citation.end, len(transcript.text)), index)


def _lost(cited: Sequence[_Cited], text: str, count: int, vocabulary: frozenset[str]) -> Iterator[Check]:
    at = 0
    labels = {phrase for template in _shipped() for phrase in template.parts}
    for span in (*cited, _Cited(len(text), len(text), max(count - 1, 0))):
        gap = text[at : span.start] if at < span.start else ""
        announces = _begins_with_any(text[span.start : span.end], vocabulary | labels)
        if _WORD.search(gap) and not _is_heading(gap, vocabulary, announces):
            yield _words(span.statement, gap)
        at = max(at, span.end)


def _is_dictated(statement: Statement) -> bool:
    return statement.origin in _DICTATED


def _begins_with_any(text: str, vocabulary: frozenset[str]) -> bool:
    """Whether a label stands at the beginning: then what was said around it ("moving on to the") is no loss."""
    words = [word.lower() for word in _WORD.findall(text)[:_LONGEST]]
    return any(" ".join(words[:count]) in vocabulary for count in range(1, len(words) + 1))


def _repeated(cited: Sequence[_Cited], text: str) -> Iterator[Check]:
    furthest = 0
    for span in cited:
        if span.start < furthest and _WORD.search(twice := text[span.start : min(span.end, furthest)]):
            yield _words(span.statement, twice)
        furthest = max(furthest, span.end)


def _out_of_order(statements: Sequence[Statement]) -> Iterator[Check]:
    """Within a section the words come as they were said."""
    by_section: dict[str | None, list[tuple[int, int]]] = {}
    for index, statement in enumerate(statements):
        starts = [c.start for c in statement.citations if isinstance(c, TranscriptCitation)]
        if starts and _is_dictated(statement):
            by_section.setdefault(statement.section, []).append((min(starts), index))
    for placed in by_section.values():
        for (before, _), (start, index) in pairwise(placed):
            if start < before:
                yield _words(index, statements[index].text)


def _words(statement: int, source: str) -> Check:
    return Check(statement=statement, verdict="contradicted", aspect="words", source_text=" ".join(source.split()))


def _vocabulary(statements: Sequence[Statement], headings: Collection[str]) -> frozenset[str]:
    shipped = (phrase for template in _shipped() for phrase in (*template.headings, *template.announcements))
    sections = (statement.section or "" for statement in statements)
    return frozenset(" ".join(_WORD.findall(phrase.lower())) for phrase in (*shipped, *sections, *headings)) - {""}


def _shipped() -> tuple[Template, ...]:
    from pipelines.tasks.note.templates import load_template, templates

    return tuple(map(load_template, templates()))


def _is_heading(gap: str, vocabulary: frozenset[str], announces: bool) -> bool:
    """Whether the words are headings and what is said around them, and nothing else. Where they announce a label that
    stands in the note, no heading need be among them."""
    short = {letter.replace(" ", "/") for template in _shipped() for letter in template.letters}
    letters = "|".join(sorted(map(re.escape, short), key=len, reverse=True)).upper()
    gap, lettered = re.subn(rf"(?<!\S)(?:{letters})(?:\s*:|\s+(?i:colon)\b)", "", _NUMBERED.sub("", gap))
    words = [word.lower() for word in _WORD.findall(gap)]
    # Per position: can the words up to here be read so, and with at least one heading among them?
    read, named = [True], [lettered > 0]
    for end in range(1, len(words) + 1):
        starts = [
            start
            for start in range(max(0, end - _MOST), end)
            if read[start] and " ".join(words[start:end]) in vocabulary
        ]
        around = words[end - 1] in _SAID_AROUND and read[end - 1]
        read.append(bool(starts) or around)
        named.append(bool(starts) or (around and named[end - 1]))
    return named[-1] or (announces and read[-1])
