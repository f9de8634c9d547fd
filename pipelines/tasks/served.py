"""The tasks that this version serves, each joined to the evidence it reads and the checks it answers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import BadInput, ModelNeeded, NoAnswer
from pipelines.records import Attachment, Check, Kind, Result, Status, TaskName
from pipelines.tasks.task import Task, TaskInput

if TYPE_CHECKING:
    from pipelines.evidence.records.record import Record
    from pipelines.tasks.note.filed import Filer
    from pipelines.tasks.note.filing import Clause
    from pipelines.tasks.note.template import Template


class _OfWords:
    """A task that shows a model no picture."""

    def shows_images(self, _given: TaskInput, /) -> bool:
        return False


@dataclass(frozen=True)
class DictationNote(_OfWords):
    """The clinician's own sentences, filed; with what they called for, and what a model was asked to draft of them."""

    name: TaskName = TaskName.DICTATION_NOTE

    def uses(self, _given: TaskInput, /) -> Sequence[Attachment]:
        return ()

    def perform(self, given: TaskInput) -> Result:
        from pipelines.tasks.note.calls import calls_for
        from pipelines.tasks.note.drafting import with_draft
        from pipelines.tasks.note.filed import by_wording, file_note

        template = _template(given)
        filer = _file_by_model(given) if _may_file(given) else by_wording
        result = file_note(given.transcript, template, filer, calls_for(template, given.templates))
        draft = result.data.get("draft") or given.draft
        if draft == "none" or not result.statements:
            return result
        return with_draft(result, draft, template, given.consultant, given.prompts)

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks.note import check

        return check(result, given.transcript, _template(given), given.templates, given.store)


class _OfRecord(_OfWords):
    """A task about the patient's record."""

    def uses(self, given: TaskInput, /) -> Sequence[Attachment]:
        return tuple(filter(None, (_record(given),)))


@dataclass(frozen=True)
class RecordQuestion(_OfRecord):
    """A question that the patient's record answers: by lookup, or where that cannot, by a model that is led through
    it."""

    name: TaskName = TaskName.RECORD_QUESTION

    def perform(self, given: TaskInput) -> Result:
        from pipelines.tasks.record.question import answer

        record = _record(given)
        if record is None:
            return _no_record(self.name, given)
        read = _read(record, given)
        found = answer(given.transcript.text, read)
        if found.status is Status.NEEDS_MODEL:
            return _navigated(found, read, given)
        return _by_another_name(found, read, given) if found.data.get("by_name_only") else found

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        return _check_of_record(result, given)


@dataclass(frozen=True)
class RecordSummary(_OfRecord):
    """What the patient's record states, in sections; a paragraph by a model on top, where one is ready."""

    name: TaskName = TaskName.RECORD_SUMMARY

    def perform(self, given: TaskInput) -> Result:
        from pipelines.tasks.record.summary import summarise

        record = _record(given)
        if record is None:
            return _no_record(self.name, given)
        return summarise(_read(record, given), given.store, given.consultant, given.prompts)

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        return _check_of_record(result, given)


@dataclass(frozen=True)
class Generated:
    """A question that only a language model answers."""

    name: TaskName
    answer: Callable[[TaskInput], Result]
    given_to: Callable[[TaskInput], Sequence[Attachment]]
    of_images: bool

    def shows_images(self, _given: TaskInput, /) -> bool:
        return self.of_images

    def uses(self, given: TaskInput, /) -> Sequence[Attachment]:
        return self.given_to(given)

    def perform(self, given: TaskInput) -> Result:
        return self.answer(given)

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks import generated, imaging, pages

        if "contact_sheet" in result.data:
            return imaging.check(result, given.store)
        if any(citation.kind == "page" for statement in result.statements for citation in statement.citations):
            return pages.check(result, given.store)
        return generated.check(result.statements, result.data["answer"], given.store)


@dataclass(frozen=True)
class LabReports:
    """The rows of laboratory reports; pages without text are read by a model that sees pictures as well, if ready."""

    name: TaskName = TaskName.LAB_REPORT

    def shows_images(self, given: TaskInput, /) -> bool:
        from pipelines.tasks.lab.report import has_pictures

        return given.consultant.generator.capabilities().images and has_pictures(given)

    def uses(self, given: TaskInput, /) -> Sequence[Attachment]:
        from pipelines.tasks.lab.report import reports_among

        return reports_among(given)

    def perform(self, given: TaskInput) -> Result:
        from pipelines.tasks.lab.report import answer

        return answer(given)

    def check(self, result: Result, given: TaskInput) -> tuple[Check, ...]:
        from pipelines.checks.lab_report import check

        return check(result, given.store)


def served_tasks() -> Mapping[TaskName, Task]:
    """By name, in the order of the graph's nodes."""
    from pipelines.tasks import clinical_question, image_question
    from pipelines.tasks.imaging import (
        anatomy_localization,
        chest_xray_comparison,
        chest_xray_report,
        slide_review,
        volume_question,
    )
    from pipelines.tasks.imaging.pictures import chest_films, compared_films

    tasks: tuple[Task, ...] = (
        DictationNote(),
        RecordQuestion(),
        RecordSummary(),
        LabReports(),
        Generated(TaskName.CLINICAL_QUESTION, clinical_question.answer, clinical_question.documents, of_images=False),
        Generated(TaskName.IMAGE_QUESTION, image_question.answer, image_question.images, of_images=True),
        Generated(TaskName.CHEST_XRAY_REPORT, chest_xray_report.answer, chest_films, of_images=True),
        Generated(TaskName.CHEST_XRAY_COMPARISON, chest_xray_comparison.answer, compared_films, of_images=True),
        Generated(TaskName.ANATOMY_LOCALIZATION, anatomy_localization.answer, chest_films, of_images=True),
        Generated(TaskName.CT_VOLUME, volume_question.answer_ct, volume_question.ct_studies, of_images=True),
        Generated(TaskName.MRI_VOLUME, volume_question.answer_mri, volume_question.mri_studies, of_images=True),
        Generated(TaskName.SLIDE_REVIEW, slide_review.answer, slide_review.slides, of_images=True),
    )
    return {task.name: task for task in tasks}


def _no_record(task: TaskName, given: TaskInput) -> Result:
    how = f"assistant resume {given.consultant.run} --attach fhir-record=PATH"
    return Result(task=task, status=Status.NEEDS_INPUT, message=f"No patient record is attached. Go on with: {how}")


def _navigated(found: Result, record: Record, given: TaskInput) -> Result:
    """What lookup could not answer, asked of a model.

    Raises:
        ModelNeeded: none is ready; why lookup does not do, and how to get one.
    """
    from pipelines.tasks.record.navigator import navigate

    generator = given.consultant.generator
    at = generator.available()
    if not at.ready:
        reason = (found.message or "this is beyond lookup in the record").partition("; ")[0]
        raise ModelNeeded(
            "question", f"{reason}; {generator.name}: {at.detail}", at.remedy or "ask for what is recorded"
        )
    return navigate(given.transcript.text, record, given.consultant, given.prompts)


def _by_another_name(found: Result, record: Record, given: TaskInput) -> Result:
    """What is not in the record by the name that was said, by another that a model knows for it, if one is ready."""
    from pipelines.tasks.record.navigator import navigate

    if not given.consultant.generator.available().ready:
        return found
    try:
        navigated = navigate(given.transcript.text, record, given.consultant, given.prompts)
    except (ModelNeeded, BadInput, NoAnswer):
        return found
    return navigated if navigated.data["found"] else found


def _check_of_record(result: Result, given: TaskInput) -> tuple[Check, ...]:
    """What was looked up is held against the record, and what a model said of it against what it cites as well."""
    from pipelines.checks.cited import check

    attachment = _record(given)
    assert attachment is not None
    return check(result, _read(attachment, given), given.store)


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
    """The one that the words ask for, or that was asked for with them, else the one that they fit."""
    from pipelines.tasks.note.calls import spoken_template
    from pipelines.tasks.note.choosing import choose_template
    from pipelines.tasks.note.templates import load_template

    text = given.transcript.text
    name = spoken_template(text, given.templates) or given.template or choose_template(text)
    return load_template(name, given.templates)


def _record(given: TaskInput) -> Attachment | None:
    return next(iter(given.of_kinds({Kind.FHIR_RECORD})), None)


def _read(record: Attachment, given: TaskInput) -> Record:
    """The record of the patient whom the inspection found it to be about (a person may have said that it fits)."""
    from pipelines.evidence.records.record import read_attached

    return read_attached(record, given.store, record.patient.id if record.patient is not None else given.patient)
