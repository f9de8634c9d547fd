"""record-summary: what a record states, in an order that a clinician takes over a patient in; each line looked up and
cited. A model may write a paragraph on top, of these lines alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import BadInput, ModelNeeded
from pipelines.evidence.records.record import Record
from pipelines.models.consult import Consultant
from pipelines.ports import Store
from pipelines.records import Result, Statement, Status, TaskName
from pipelines.tasks.asking import GENERATED
from pipelines.tasks.record.plots import Plot, plot_of
from pipelines.tasks.record.summary_sections import sections

if TYPE_CHECKING:
    from pipelines.tasks.record.summary_prose import Prose

_PROSE: Final = "Summary by the model"


def summarise(
    record: Record, store: Store, consultant: Consultant, prompts: Path | None = None, today: date | None = None
) -> Result:
    """Summarise a record.

    Args:
        store: takes the plots of the trends.
        consultant: writes the paragraph on top, where a model is ready; nothing waits for it.
        today: what ages are reckoned to; the current day unless given.

    Returns:
        A draft: sections of statements that are looked up, before them the generated paragraph if there is one.
    """
    at = today or date.today()
    found = [(title, line) for title, lines in sections(record, at) for line in lines]
    skeleton = [line.statement.model_copy(update={"section": title}) for title, line in found]
    plots = [(n, plot) for n, (_, line) in enumerate(found) if (plot := plot_of(line.series)) is not None]
    prose, missing = _prose(skeleton, consultant, prompts, at)
    said = prose.statements if prose else ()
    notes = [GENERATED if said else None, _of_what(record), prose.note if prose else missing]
    return Result(
        task=TaskName.RECORD_SUMMARY,
        status=Status.DRAFT,
        statements=(*said, *skeleton),
        data={
            "question_kind": "summary",
            "today": at.isoformat(),
            "source": record.name,
            "last_date": _last_date(record),
            "plots": [_kept(plot, store, len(said) + n) for n, plot in plots],
            **(prose.data if prose else {"answer": ""}),
        },
        message=" ".join(note for note in notes if note),
    )


def _prose(
    skeleton: Sequence[Statement], consultant: Consultant, prompts: Path | None, today: date
) -> tuple[Prose | None, str | None]:
    """The paragraph; else, where a model was there to be asked, why there is none."""
    if not consultant.generator.available().ready:
        return None, None
    from pipelines.tasks.record.summary_prose import prose_of

    try:
        return prose_of(skeleton, consultant, prompts, today, _PROSE), None
    except (ModelNeeded, BadInput) as problem:
        return None, f"No paragraph by a model: {problem}."


def _kept(plot: Plot, store: Store, statement: int) -> dict[str, Any]:
    """``statement`` is the index of the one that the plot goes with."""
    return {
        "name": plot.name,
        "unit": plot.unit,
        "values": plot.values,
        "sha256": store.put(plot.png),
        "media_type": "image/png",
        "statement": statement,
    }


def _of_what(record: Record) -> str:
    last = _last_date(record)
    return f"From {record.name}" + (f", whose last entry is of {last}." if last else ".")


def _last_date(record: Record) -> str | None:
    """Of all entries that a summary looks at: how far the record reaches."""
    from pipelines.tasks.record.navigator_forms import FORMS

    days = (
        when.value[:10]
        for kind, form in FORMS.items()
        for resource in record.of_type(kind)
        if (when := resource.element(*form.dates)) is not None and when.value[:4].isdigit()
    )
    return max(days, default=None)
