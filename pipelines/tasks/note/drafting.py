"""An impression or a summary that a model drafts of a dictated note: only where it is asked for, apart from what was
dictated, each sentence citing the dictated ones that it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.errors import BadInput, ModelNeeded
from pipelines.models.budget import as_many
from pipelines.models.consult import Consultant
from pipelines.records import Result, Statement, TaskName
from pipelines.tasks.asking import GENERATED, call_data, sharing_ask
from pipelines.tasks.cited import Fact, Kept, Telling, kept, tell
from pipelines.tasks.note.calls import Draft
from pipelines.tasks.note.template import Template


def with_draft(result: Result, kind: Draft, template: Template, consultant: Consultant, prompts: Path | None) -> Result:
    """The note with what a model drafted at its end, as generated statements in a section of its own.

    ``data["drafted"]`` holds the ``kind``, the ``section`` and its ``heading``, the call, and ``left_out``: sentences
    that cannot be borne out by what they name, by what was wrong with them. Where no model is ready, or came to nothing
    that can be used, the note stands without a draft and its message says so: a note never waits for a model.
    """
    # A section that no template has.
    section = f"drafted_{kind}"
    drafted: dict[str, Any] = {
        "kind": kind,
        "section": section,
        "heading": f"Drafted {kind} (generated, not dictated)",
        "done": False,
    }
    try:
        telling, facts = _told(result, kind, template, consultant, prompts)
    except (ModelNeeded, BadInput) as missing:
        return _told_of(result, drafted, f"No {kind} was drafted: {missing}.")
    drafted |= call_data(telling.ask, telling.generation)
    if telling.told is None:
        return _told_of(result, drafted, f"No {kind} was drafted: {telling.problem}.")
    said = _borne_out(kept(telling.told, facts[: telling.shown], section), result)
    drafted |= {
        "done": bool(said.statements),
        "answer": "\n".join(statement.text for statement in said.statements),
        "left_out": dict(said.left_out),
        "card": _card(telling),
    }
    if not said.statements:
        return _told_of(result, drafted, f"No {kind} was drafted: the model said nothing that the note bears out.")
    note = f"The {kind} at the end is drafted. {GENERATED}"
    whole = result.model_copy(update={"statements": (*result.statements, *said.statements)})
    return _told_of(whole, drafted, f"{note} {said.note}" if said.note else note)


def _told(
    result: Result, kind: Draft, template: Template, consultant: Consultant, prompts: Path | None
) -> tuple[Telling, list[Fact]]:
    from prompts import load_prompt

    consultant.require()
    headings = {section.key: section.heading for section in template.sections}
    facts = [
        Fact(str(n), f"{headings[one.section or '']}: {one.text}", one.citations)
        for n, one in enumerate(result.statements, start=1)
    ]
    prompt = load_prompt("note-draft", prompts)

    def ask(shown: int) -> Telling:
        asked = sharing_ask(
            prompt,
            facts="\n".join(fact.line for fact in facts[:shown]),
            not_shown=len(facts) - shown,
            kind=kind,
        )
        return tell(consultant, asked, facts, shown)

    _, telling = as_many(len(facts), ask)
    return telling, facts


def _borne_out(said: Kept, result: Result) -> Kept:
    """Without the sentences that name a side which no line they cite does."""
    from pipelines.checks.drafted import wrong_side

    right: list[Statement] = []
    for statement in said.statements:
        cited = [one.text for one in result.statements if {*one.citations} & {*statement.citations}]
        if not wrong_side(statement.text, cited):
            right.append(statement)
    wrong = len(said.statements) - len(right)
    return Kept(tuple(right), {**said.left_out, **({"named a side that its lines do not": wrong} if wrong else {})})


def _card(telling: Telling) -> dict[str, Any]:
    from pipelines.models.card import card_for

    return card_for(TaskName.DICTATION_NOTE, None, telling.generation).model_dump(mode="json")


def _told_of(result: Result, drafted: dict[str, Any], note: str) -> Result:
    message = f"{result.message} {note}" if result.message else note
    return result.model_copy(update={"data": {**result.data, "drafted": drafted}, "message": message})
