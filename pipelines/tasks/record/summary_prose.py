"""A paragraph on top of a summary: written by a model of the lines below it, each sentence citing what its lines do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipelines.models.budget import as_many
from pipelines.models.consult import Consultant
from pipelines.records import Statement, TaskName
from pipelines.tasks.asking import call_data, sharing_ask
from pipelines.tasks.cited import Fact, Telling, kept, tell
from pipelines.tasks.record.navigator import is_large

#: A line that counts entries cites all of them; a sentence on it could not be told from one on each.
_COUNTS: Final = re.compile(r"^\d+ .* recorded\.$")


@dataclass(frozen=True)
class Prose:
    """What the model wrote, and what the result says of it."""

    statements: tuple[Statement, ...]
    note: str | None
    data: dict[str, Any]


def prose_of(
    skeleton: Sequence[Statement], consultant: Consultant, prompts: Path | None, today: date, section: str
) -> Prose:
    """Ask for a paragraph about these lines.

    Args:
        section: that its sentences stand in.

    Raises:
        ModelNeeded: the model cannot be had after all.
        BadInput: not even one line fits into what it takes.
    """
    from pipelines.models.card import card_for
    from prompts import load_prompt

    prompt = load_prompt("record-summary-27b" if is_large(consultant) else "record-summary", prompts)
    facts = _facts(skeleton)

    def ask(shown: int) -> Telling:
        asked = sharing_ask(
            prompt,
            today=today.isoformat(),
            facts="\n".join(fact.line for fact in facts[:shown]),
            not_shown=len(facts) - shown,
        )
        return tell(consultant, asked, facts, shown)

    _, telling = as_many(len(facts), ask)
    data = call_data(telling.ask, telling.generation)
    if telling.told is None:
        return Prose((), f"No paragraph by a model: {telling.problem}.", {**data, "answer": ""})
    said = kept(telling.told, facts[: telling.shown], section)
    card = card_for(TaskName.RECORD_SUMMARY, None, telling.generation).model_dump(mode="json")
    answer = "\n".join(statement.text for statement in said.statements)
    return Prose(said.statements, said.note, {**data, "answer": answer, "left_out": dict(said.left_out), "card": card})


def _facts(skeleton: Sequence[Statement]) -> list[Fact]:
    """The lines that cite something: what is not recorded is said below, and is nothing to make sentences of. A name
    helps no summary."""
    lines = [line for line in skeleton if line.citations and not _COUNTS.match(line.text) and not _is_name(line)]
    return [Fact(f"L{n}", f"{line.section}: {line.text}", line.citations) for n, line in enumerate(lines, start=1)]


def _is_name(line: Statement) -> bool:
    return line.section == "Patient" and line.text.startswith("Name: ")
