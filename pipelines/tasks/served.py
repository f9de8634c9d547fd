"""The tasks that this version serves, each joined to the evidence it reads and the checks it answers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.records import Attachment, Check, Kind, Result, Status, TaskName
from pipelines.tasks.task import Task, TaskInput


@dataclass(frozen=True)
class DictationNote:
    """The clinician's own sentences, filed."""

    name: TaskName = TaskName.DICTATION_NOTE

    def perform(self, given: TaskInput) -> Result:
        from pipelines.tasks.dictation_note import file_note
        from pipelines.tasks.templates import choose_template, load_template

        return file_note(given.transcript, load_template(given.template or choose_template(given.transcript.text)))

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks.verbatim import check

        return check(result.statements, given.transcript)


@dataclass(frozen=True)
class RecordQuestion:
    """A question that the patient's record answers by lookup."""

    name: TaskName = TaskName.RECORD_QUESTION

    def perform(self, given: TaskInput) -> Result:
        from pipelines.evidence.record import read_record
        from pipelines.tasks.record_question import answer

        record = _record(given)
        if record is None:
            return Result(
                task=self.name,
                status=Status.NEEDS_INPUT,
                message="No patient record is attached. Ask again with --attach fhir-record=PATH.",
            )
        data = given.store.get(record.sha256)
        return answer(given.transcript.text, read_record(data, record.name, record.sha256, given.patient))

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks.record import check
        from pipelines.evidence.record import read_record

        record = _record(given)
        assert record is not None
        data = given.store.get(record.sha256)
        return check(result.statements, read_record(data, record.name, record.sha256, given.patient))


def served_tasks() -> Mapping[TaskName, Task]:
    """By name, in the order of the graph's nodes."""
    return {task.name: task for task in (DictationNote(), RecordQuestion())}


def _record(given: TaskInput) -> Attachment | None:
    return next((a for a in given.attachments if a.kind is Kind.FHIR_RECORD), None)
