"""Generated statements: said by the model in just these words, shown the pictures that they cite. Whether what they
say is so cannot be told from the evidence by rule; that stays `not-checkable`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pipelines.ports import Store
from pipelines.records import Check, ImageCitation, Statement

_MARKS: Final = re.compile(r"[\W_]+")


def check(statements: Sequence[Statement], answer: str, store: Store) -> tuple[Check, ...]:
    """Two checks a statement: aspect ``as-generated`` (its words stand in ``answer``, after those of the statement
    before it) and aspect ``content``."""
    return tuple(_checks(statements, answer, store))


def _checks(statements: Sequence[Statement], answer: str, store: Store) -> Iterator[Check]:
    said = _letters(answer)
    at = 0
    for index, statement in enumerate(statements):
        words = _letters(statement.text)
        found = said.find(words, at)
        at = found + len(words) if found >= 0 else at
        sound = found >= 0 and all(
            store.has(citation.frame) for citation in statement.citations if isinstance(citation, ImageCitation)
        )
        yield Check(
            statement=index,
            verdict="supported" if sound else "contradicted",
            aspect="as-generated",
            statement_text=statement.text,
        )
        yield Check(statement=index, verdict="not-checkable", aspect="content", statement_text=statement.text)


def _letters(text: str) -> str:
    """Letters and digits alone: a mark of emphasis may stand within a word."""
    return _MARKS.sub("", text)
