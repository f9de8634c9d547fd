"""Generated statements: said by the model in just these words, shown the pictures that they cite. Whether what they
say is so cannot be told from the evidence by rule; that stays `not-checkable`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pipelines.ports import Store
from pipelines.records import Check, ImageCitation, Statement

_WORD: Final = re.compile(r"[^\W_]+")


def check(statements: Sequence[Statement], answer: str, store: Store) -> tuple[Check, ...]:
    """Two checks a statement: aspect ``as-generated`` (its words stand in ``answer``, after those of the statement
    before it) and aspect ``content``."""
    return tuple(_checks(statements, answer, store))


def _checks(statements: Sequence[Statement], answer: str, store: Store) -> Iterator[Check]:
    said = _WORD.findall(answer)
    at = 0
    for index, statement in enumerate(statements):
        words = _WORD.findall(statement.text)
        found = _find(said, words, at)
        at = found + len(words) if found is not None else at
        sound = found is not None and all(
            store.has(citation.frame) for citation in statement.citations if isinstance(citation, ImageCitation)
        )
        yield Check(
            statement=index,
            verdict="supported" if sound else "contradicted",
            aspect="as-generated",
            statement_text=statement.text,
            source_text=" ".join(said[found : found + len(words)]) if found is not None else None,
        )
        yield Check(statement=index, verdict="not-checkable", aspect="content", statement_text=statement.text)


def _find(said: Sequence[str], words: Sequence[str], start: int) -> int | None:
    """Where ``words`` stand in ``said`` at or after ``start``."""
    places = range(start, len(said) - len(words) + 1)
    return next((place for place in places if said[place : place + len(words)] == words), None)
