"""The task `clinical-question`: a question of medical knowledge, answered by a language model; from the documents that
are attached to it where these answer it."""

from __future__ import annotations

from pipelines.records import Attachment, Kind, Result, TaskName
from pipelines.tasks.asking import ask_of, generated_result
from pipelines.tasks.task import TaskInput

_DOCUMENTS = frozenset({Kind.DOCUMENT, Kind.LAB_REPORT})


def answer(given: TaskInput) -> Result:
    """The model's answer to the question as it was asked: from attached documents, each sentence citing its page; else,
    and said so, of what the model knows. Other attachments are not shown to it.

    Raises:
        ModelNeeded: no language model is ready.
        BadInput: a document cannot be read.
    """
    attached = documents(given)
    if not attached:
        return _of_itself(given)
    # Reading takes long where pages are pictures.
    given.consultant.require()
    from pipelines.tasks.clinical_documents import answer_from

    found = answer_from(attached, given)
    if found.statements or not found.data["read"]:
        return found
    known = _of_itself(given)
    message = " ".join(note for note in (found.message, known.message) if note)
    return known.model_copy(update={"message": message, "data": {**known.data, "documents": found.data["documents"]}})


def documents(given: TaskInput) -> list[Attachment]:
    """What the answer is looked for in first."""
    return given.of_kinds(_DOCUMENTS)


def _of_itself(given: TaskInput) -> Result:
    from prompts import prompt_for

    prompt = prompt_for(TaskName.CLINICAL_QUESTION.value, None, given.prompts)
    ask = ask_of(prompt, question=given.transcript.text)
    return generated_result(TaskName.CLINICAL_QUESTION, ask, given.consultant.generate(ask))
