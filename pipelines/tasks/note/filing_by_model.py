"""Sentences without a heading, filed by a language model: it names a section for each, and writes no word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.models.consult import Consultant
from pipelines.models.generator import Slot
from pipelines.tasks.asking import ask_of
from pipelines.tasks.note.filing import Clause
from pipelines.tasks.note.template import Template


def file_by_model(
    clauses: Sequence[Clause], template: Template, consultant: Consultant, prompts: Path | None
) -> list[str]:
    """The section key of every sentence, in order, each within what is open to it.

    Raises:
        ModelNeeded: no language model is ready.
        BadInput: the note is too long for the model's context.
    """
    from prompts import load_prompt

    sections = [section.key for section in template.sections]
    open_to = [clause.allowed or tuple(sections) for clause in clauses]
    slots = tuple(
        Slot(lead=f"{number}: ", options=options) for number, options in enumerate(open_to, start=1) if len(options) > 1
    )
    if not slots:
        return [options[0] for options in open_to]
    ask = ask_of(
        load_prompt("filing", prompts),
        template=template.name,
        sections=[
            {"key": section.key, "heading": section.heading, "holds": ", ".join(section.holds)}
            for section in template.sections
        ],
        sentences=[clause.text for clause in clauses],
    )
    chosen = iter(consultant.choose(ask, slots).chosen)
    return [next(chosen) if len(options) > 1 else options[0] for options in open_to]
