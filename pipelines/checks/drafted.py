"""What a model drafted beside a dictated note, held against the dictated words that it cites: its figures and sides
have to stand there. Whether it says the right thing cannot be told by rule; that stays `not-checkable`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pipelines.checks.figures import unfounded
from pipelines.checks.generated import check as check_generated
from pipelines.ports import Store
from pipelines.records import Check, Statement, TranscriptCitation

_SIDES: Final = re.compile(r"\b(left|right|bilateral|both)\b", re.IGNORECASE)
_BOTH: Final = frozenset({"bilateral", "both"})


def check(statements: Sequence[Statement], answer: str, store: Store) -> tuple[Check, ...]:
    """The checks of the generated statements among these: that each was said in these words (aspect ``as-generated``),
    what it cites (``citation``), its figures (``number``, ``date``, ``unit``; ``figures`` where all are there), its
    sides (``side``), and the rest (``content``).

    Args:
        answer: what was kept of the model's answer.
    """
    places = [index for index, statement in enumerate(statements) if statement.origin == "generated"]
    said = check_generated([statements[index] for index in places], answer, store)
    as_generated = [one for one in said if one.aspect == "as-generated"]
    return tuple(
        one
        for index, spoken in zip(places, as_generated, strict=True)
        for one in (spoken.model_copy(update={"statement": index}), *_verdicts(index, statements))
    )


def wrong_side(text: str, sources: Sequence[str]) -> str | None:
    """A side that the text names and none of its sources does; None where there is none."""
    named = {side.lower() for source in sources for side in _SIDES.findall(source)}
    for side in map(str.lower, _SIDES.findall(text)):
        if side not in named and not (side in _BOTH and (named & _BOTH or {"left", "right"} <= named)):
            return side
    return None


def _verdicts(index: int, statements: Sequence[Statement]) -> Iterator[Check]:
    statement = statements[index]
    cited = {citation for citation in statement.citations if isinstance(citation, TranscriptCitation)}
    # What was put in cites the words that called for it: its own text is the source then.
    sources = [one.text for one in statements if one.origin != "generated" and cited & {*one.citations}]
    told = statement.text
    if not sources:
        yield Check(statement=index, verdict="contradicted", aspect="citation", statement_text=told)
        return
    yield Check(statement=index, verdict="supported", aspect="citation")
    if found := unfounded(told, sources):
        yield Check(statement=index, verdict="contradicted", aspect=found.aspect, statement_text=found.said)
        return
    yield Check(statement=index, verdict="supported", aspect="figures")
    side = wrong_side(told, sources)
    yield Check(statement=index, verdict="contradicted" if side else "supported", aspect="side", statement_text=side)
    yield Check(statement=index, verdict="not-checkable", aspect="content", statement_text=told)
