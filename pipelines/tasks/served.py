"""The tasks that this version serves, each joined to the evidence it reads and the checks it answers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import BadInput, ModelNeeded
from pipelines.records import Attachment, Check, Kind, Result, Status, TaskName
from pipelines.tasks.task import Task, TaskInput

if TYPE_CHECKING:
    from pipelines.evidence.records.record import Record
    from pipelines.tasks.note.filed import Filer
    from pipelines.tasks.note.filing import Clause
    from pipelines.tasks.note.templates import Template


@dataclass(frozen=True)
class DictationNote:
    """The clinician's own sentences, filed."""

    name: TaskName = TaskName.DICTATION_NOTE
    shows_images: bool = False

    def perform(self, given: TaskInput) -> Result:
        from pipelines.tasks.note.filed import by_wording, file_note

        return file_note(given.transcript, _template(given), _file_by_model(given) if _may_file(given) else by_wording)

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks.verbatim import check

        template = _template(given)
        return check(result.statements, given.transcript, (*template.headings, *template.parts))


@dataclass(frozen=True)
class RecordQuestion:
    """A question that the patient's record answers by lookup."""

    name: TaskName = TaskName.RECORD_QUESTION
    shows_images: bool = False

    def perform(self, given: TaskInput) -> Result:
        from pipelines.tasks.record.question import answer

        record = _record(given)
        if record is None:
            return Result(
                task=self.name,
                status=Status.NEEDS_INPUT,
                message="No patient record is attached. Go on with: "
                f"assistant resume {given.consultant.run} --attach fhir-record=PATH",
            )
        return answer(given.transcript.text, _read(record, given))

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks.record import check

        record = _record(given)
        assert record is not None
        return check(result.statements, _read(record, given))


@dataclass(frozen=True)
class Generated:
    """A question that only a language model answers."""

    name: TaskName
    answer: Callable[[TaskInput], Result]
    shows_images: bool

    def perform(self, given: TaskInput) -> Result:
        return self.answer(given)

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks.generated import check

        return check(result.statements, result.data["answer"], given.store)


def served_tasks() -> Mapping[TaskName, Task]:
    """By name, in the order of the graph's nodes."""
    from pipelines.tasks import clinical_question, image_question

    tasks: tuple[Task, ...] = (
        DictationNote(),
        RecordQuestion(),
        Generated(TaskName.CLINICAL_QUESTION, clinical_question.answer, shows_images=False),
        Generated(TaskName.IMAGE_QUESTION, image_question.answer, shows_images=True),
    )
    return {task.name: task for task in tasks}


def _may_file(given: TaskInput) -> bool:
    generator = given.consultant.generator
    return given.filing == "model" and generator.available().ready and generator.capabilities().choices


def _file_by_model(given: TaskInput) -> Filer:
    """Sections named by the model; by wording where it cannot be loaded or the note is too long for it: a note never
    waits for a model."""
    from pipelines.tasks.note.filed import by_wording
    from pipelines.tasks.note.filing_by_model import file_by_model

    def file(clauses: Sequence[Clause], template: Template) -> tuple[list[str], str]:
        try:
            return file_by_model(clauses, template, given.consultant, given.prompts), "model"
        except (ModelNeeded, BadInput):
            return by_wording(clauses, template)

    return file


def _template(given: TaskInput) -> Template:
    """The one that was asked for, else the one that the words fit."""
    from pipelines.tasks.note.templates import choose_template, load_template

    return load_template(given.template or choose_template(given.transcript.text))


def _record(given: TaskInput) -> Attachment | None:
    return next((a for a in given.attachments if a.kind is Kind.FHIR_RECORD), None)


def _read(record: Attachment, given: TaskInput) -> Record:
    """The record of the patient whom the inspection found it to be about (a person may have said that it fits)."""
    from pipelines.evidence.records.record import read_record

    patient = record.patient.id if record.patient is not None else given.patient
    return read_record(given.store.get(record.sha256), record.name, record.sha256, patient)
