"""From what was recognised to what is written: commands, forms, the user's own replacements, each traceable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipelines.records import Change, Flag, Span, Word
from pipelines.speech.commands import format_commands
from pipelines.speech.rewriting import Traced, composed, rewrite
from pipelines.text.lexicon import Lexicon
from pipelines.text.replacing import replacements
from pipelines.text.spoken_commands import spoken_commands
from pipelines.text.written_forms import written_forms


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
    """Write what was recognised. Never fails, whatever the text.

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
    if forms:
        traced = rewrite(traced, written_forms(traced.text))
    if lexicon is not None:
        traced = rewrite(traced, replacements(traced.text, lexicon))
    return Finished(traced.text, traced.spans, formatted.flags, traced.changes)


def _pauses(words: Sequence[Word]) -> list[tuple[int, float]]:
    gaps = [(after.raw_start, after.start - before.end) for before, after in pairwise(words)]
    return [*gaps, *([(words[0].raw_start, 1.0)] if words else [])]
