"""Dictated statements held against the transcript: the speaker's words, all of them, once, in order, and no others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from pipelines.records import Check, Statement, Transcript, TranscriptCitation

_WORD: Final = re.compile(r"[^\W_]+")
_NUMBERED: Final = re.compile(r"(?<!\S)\(?\d{1,2}[.)]\s+(?=[^\W\d])")
_SAID_AROUND: Final = (
    "now moving going turning move on to next new heading section is are as follows under the my our colon"
)


class _Cited(NamedTuple):
    start: int
    end: int
    statement: int


def check(statements: Sequence[Statement], transcript: Transcript, headings: Collection[str] = ()) -> tuple[Check, ...]:
    """Whether the statements are the transcript's words.

    One check a statement (aspect ``verbatim``): its text is that of the spans it cites, white space aside. Then the
    whole note (aspect ``words``): one contradicted check for every stretch of words that no statement holds and that
    is no heading (at the statement after it), for every stretch that two hold, and for every statement that stands
    before an earlier one of its section; or a single supported one.

    Args:
        headings: what else may head a section, beside the shipped templates' headings and the statements' sections.
    """
    cited = sorted(_cited(statements, transcript))
    sound = [_verbatim(index, statement, transcript) for index, statement in enumerate(statements)]
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
            if isinstance(citation, TranscriptCitation):
                yield _Cited(max(citation.start, 0), min(citation.end, len(transcript.text)), index)


def _lost(cited: Sequence[_Cited], text: str, count: int, vocabulary: frozenset[str]) -> Iterator[Check]:
    at = 0
    for span in (*cited, _Cited(len(text), len(text), max(count - 1, 0))):
        gap = text[at : span.start] if at < span.start else ""
        if _WORD.search(gap) and not _is_heading(gap, vocabulary):
            yield _words(span.statement, gap)
        at = max(at, span.end)


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
        if starts:
            by_section.setdefault(statement.section, []).append((min(starts), index))
    for placed in by_section.values():
        for (before, _), (start, index) in pairwise(placed):
            if start < before:
                yield _words(index, statements[index].text)


def _words(statement: int, source: str) -> Check:
    return Check(statement=statement, verdict="contradicted", aspect="words", source_text=" ".join(source.split()))


def _vocabulary(statements: Sequence[Statement], headings: Collection[str]) -> frozenset[str]:
    from pipelines.tasks.note.templates import load_template, templates

    shipped = (phrase for name in templates() for phrase in load_template(name).headings)
    sections = (statement.section or "" for statement in statements)
    return frozenset(" ".join(_WORD.findall(phrase.lower())) for phrase in (*shipped, *sections, *headings)) - {""}


def _is_heading(gap: str, vocabulary: frozenset[str]) -> bool:
    """Whether the words are headings and what is said around them, and nothing else."""
    from pipelines.tasks.note.templates import load_template, templates

    short = {letter.replace(" ", "/") for name in templates() for letter in load_template(name).letters}
    letters = "|".join(sorted(map(re.escape, short), key=len, reverse=True)).upper()
    gap, lettered = re.subn(rf"(?<!\S)(?:{letters})(?:\s*:|\s+(?i:colon)\b)", "", _NUMBERED.sub("", gap))
    words = [word.lower() for word in _WORD.findall(gap)]
    around_headings = _SAID_AROUND.split()
    # Per position: can the words up to here be read so, and with at least one heading among them?
    read, named = [True], [lettered > 0]
    for end in range(1, len(words) + 1):
        starts = [start for start in range(end) if read[start] and " ".join(words[start:end]) in vocabulary]
        around = words[end - 1] in around_headings and read[end - 1]
        read.append(bool(starts) or around)
        named.append(bool(starts) or (around and named[end - 1]))
    return named[-1]
