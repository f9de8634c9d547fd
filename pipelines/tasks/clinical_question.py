"""The task `clinical-question`: a question of general medical knowledge, answered by a language model."""

from __future__ import annotations

from pipelines.records import Result, TaskName
from pipelines.tasks.asking import ask_of, generated_result
from pipelines.tasks.task import TaskInput


def answer(given: TaskInput) -> Result:
    """The model's answer to the question as it was asked; attachments are not shown to it.

    Raises:
        ModelNeeded: no language model is ready.
    """
    from prompts import prompt_for

    prompt = prompt_for(TaskName.CLINICAL_QUESTION.value, None, given.prompts)
    ask = ask_of(prompt, question=given.transcript.text)
    return generated_result(TaskName.CLINICAL_QUESTION, ask, given.consultant.generate(ask))
