"""From what was recognised to what is written: commands, forms, the user's own replacements, each traceable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pipelines.records import Change, Flag, Span, Word
from pipelines.speech.commands import format_commands
from pipelines.speech.rewriting import Traced, composed, rewrite
from pipelines.text.lexicon import Lexicon
from pipelines.text.replacing import replacements
from pipelines.text.rewrite import Rewrite
from pipelines.text.spoken_commands import spoken_commands
from pipelines.text.taken_back import SCRATCHED
from pipelines.text.written_forms import written_forms

_VERBATIM: Final = frozenset("{}[]")
_SENTENCE_END: Final = re.compile(r"(?:^|[.?!][\"')]*\s+|\n)$")
_NEAR: Final = 8
_PLAIN_WORD: Final = re.compile(r"[^\W\d_A-Z][^\WA-Z0-9_]*(?![\w])")


@dataclass(frozen=True)
class Finished:
    """What is written, with its way from the raw text."""

    text: str
    spans: tuple[Span, ...]
    flags: tuple[Flag, ...]
    changes: tuple[Change, ...]


def write(
    raw: str,
    *,
    words: Sequence[Word] = (),
    spoken_words: bool,
    forms: bool,
    lexicon: Lexicon | None = None,
) -> Finished:
    """Write what was recognised. Never fails, whatever the text; linear in its length.

    Args:
        raw: as recognised.
        words: of ``raw``, with their times: pauses tell commands from speech.
        spoken_words: whether commands come as plain words, from an engine that has no braces for them.
        forms: whether numbers, doses, dates and the like are written as clinicians write them.
        lexicon: whose own entries may have replacements.
    """
    said = Traced(raw, (Span(start=0, end=len(raw), raw_start=0, raw_end=len(raw)),) if raw else ())
    if spoken_words:
        said = rewrite(said, spoken_commands(raw, _pauses(words)))
    formatted = format_commands(said.text)
    traced = composed(said, Traced(formatted.text, formatted.spans))
    if spoken_words:
        traced = _with_capitals(traced, frozenset({SCRATCHED}))
    if forms:
        traced = rewrite(traced, _outside_braces(traced.text, written_forms(traced.text)))
    if lexicon is not None:
        replaced = replacements(traced.text, lexicon)
        traced = rewrite(traced, replaced)
        traced = _with_capitals(traced, frozenset(one.kind for one in replaced))
    return Finished(traced.text, traced.spans, formatted.flags, traced.changes)


def _pauses(words: Sequence[Word]) -> list[tuple[int, float]]:
    return [(after.raw_start, after.start - before.end) for before, after in pairwise(words)]


def _outside_braces(text: str, rewrites: Sequence[Rewrite]) -> list[Rewrite]:
    """Those that leave what stands in braces or brackets as it was flagged."""
    return [one for one in rewrites if not _VERBATIM & {text[one.start - 1 : one.start], text[one.end : one.end + 1]}]


def _with_capitals(traced: Traced, kinds: frozenset[str]) -> Traced:
    """The text with a capital where a change of these kinds left a sentence without one."""
    places = {
        place
        for change in traced.changes
        if change.kind in kinds and (place := _lost_capital(traced, change)) is not None
    }
    if not places:
        return traced
    text = "".join(letter.upper() if at in places else letter for at, letter in enumerate(traced.text))
    changes = (change.model_copy(update={"after": text[change.start : change.end]}) for change in traced.changes)
    return Traced(text, traced.spans, tuple(changes))


def _lost_capital(traced: Traced, change: Change) -> int | None:
    """Where a sentence begins small because of ``change``."""
    at, text = change.start, traced.text
    taken_out = change.start == change.end
    while taken_out and text[at : at + 1].isspace():
        at += 1
    if not (taken_out or change.before[:1].isupper()) or not _SENTENCE_END.search(text[max(0, at - _NEAR) : at]):
        return None
    return at if _PLAIN_WORD.match(text, at) and text[at].islower() and len(text[at].upper()) == 1 else None
