"""A clinical question answered from attached documents: their pages as text, sentences that cite lines of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, Final

from pipelines.models.budget import as_many
from pipelines.records import Attachment, PageCitation, Result, Statement, Status, TaskName
from pipelines.tasks.asking import GENERATED, call_data, sharing_ask
from pipelines.tasks.cited import Fact, Telling, kept, tell

if TYPE_CHECKING:
    from pipelines.evidence.documents.document import Document
    from pipelines.evidence.documents.lines import Line
    from pipelines.tasks.task import TaskInput

#: Pages that are shown at most: the ones that have most of the question's words.
_PAGES: Final = 24
#: Lines of a page that a sentence cites at most.
_LINES: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")
_ORDINARY: Final = frozenset(
    """
    a about after all also an and any are as at be been before but by can could did do does for from had has have how if
    in into is it its may more most no not of on or other our she he should so some such than that the their them then
    there these they this those to was were what when where which while who why will with would you your patient
    """.split()
)


@dataclass(frozen=True)
class _Sheet:
    """One page of one of the documents."""

    attachment: Attachment
    number: int
    handle: str
    lines: tuple[Line, ...]

    @property
    def fact(self) -> Fact:
        text = "\n".join(line.text for line in self.lines)
        whole = PageCitation(attachment=self.attachment.sha256, page=self.number, text="")
        return Fact(self.handle, text, (whole,))

    @property
    def told(self) -> str:
        """As the model is shown it: without the file's name, which may be a patient's or a diagnosis."""
        return f"[{self.handle}]\n{self.fact.text}"


def answer_from(attachments: Sequence[Attachment], given: TaskInput) -> Result:
    """The answer that the documents give.

    Returns:
        A draft. Where the documents answer nothing it has no statements, and its message says so. ``data["read"]`` is
        whether the model has read them to the end; ``failed`` where it has not.

    Raises:
        ModelNeeded, BadInput: as `read_document`, and as the model's.
    """
    from pipelines.documents import read_once

    who = given.consultant
    documents = [
        (attachment, read_once(attachment, given.store, who.journal, who.run, who.cancelled))
        for attachment in attachments
    ]
    sheets = _sheets(documents)
    task = TaskName.CLINICAL_QUESTION
    notes = [f"{attachment.name}: {warning}." for attachment, document in documents for warning in document.warnings]
    data: dict[str, Any] = {
        "read": True,
        "documents": [
            {
                "attachment": attachment.sha256,
                "name": attachment.name,
                "pages": document.page_count,
                "read_by": [engine.model_dump(mode="json") for engine in document.engines],
                "text_sha256": given.store.put(document.canonical()),
            }
            for attachment, document in documents
        ],
    }
    if not sheets:
        notes.append("There is nothing to read in what is attached.")
        return Result(task=task, status=Status.DRAFT, data=data, message=" ".join(notes))
    question = " ".join(given.transcript.text.split())
    ranked = _ranked(sheets, question)[:_PAGES]
    telling = _told(ranked, len(sheets), question, given)
    data |= call_data(telling.ask, telling.generation)
    if len(sheets) > telling.shown:
        notes.append(f"Of {len(sheets)} pages the {telling.shown} that have most of the question's words were shown.")
    if telling.told is None:
        message = f"{telling.generation.engine.name} gave no answer that can be used: {telling.problem}"
        return Result(task=task, status=Status.FAILED, data={**data, "read": False}, message=message)
    from pipelines.models.card import card_for

    said = kept(telling.told, [sheet.fact for sheet in ranked[: telling.shown]])
    statements = tuple(placed for statement in said.statements if (placed := _placed(statement, ranked)) is not None)
    if len(statements) < len(said.statements):
        notes.append(f"Left out: {len(said.statements) - len(statements)} that had no words of the page it names.")
    notes += [said.note] if said.note else []
    notes.insert(
        0, GENERATED if statements else "The attached documents do not answer this; what follows is not of them."
    )
    data |= {
        "answer": "\n".join(statement.text for statement in statements),
        "left_out": dict(said.left_out),
        "card": card_for(task, None, telling.generation).model_dump(mode="json"),
    }
    return Result(task=task, status=Status.DRAFT, statements=statements, data=data, message=" ".join(notes))


def _sheets(documents: Sequence[tuple[Attachment, Document]]) -> list[_Sheet]:
    from pipelines.evidence.documents.lines import page_lines

    several = len(documents) > 1
    return [
        _Sheet(
            attachment, page.number, f"{chr(ord('A') + n)} " * several + f"page {page.number}", tuple(page_lines(page))
        )
        for n, (attachment, document) in enumerate(documents)
        for page in document.pages
        if page.words
    ]


def _told(ranked: Sequence[_Sheet], count: int, question: str, given: TaskInput) -> Telling:
    from prompts import load_prompt

    prompt = load_prompt("clinical-question-documents", given.prompts)
    facts = [sheet.fact for sheet in ranked]

    def ask(shown: int) -> Telling:
        in_order = sorted(ranked[:shown], key=lambda sheet: (sheet.handle[0], sheet.number))
        asked = sharing_ask(
            prompt, facts="\n\n".join(sheet.told for sheet in in_order), not_shown=count - shown, question=question
        )
        return tell(given.consultant, asked, facts, shown)

    return as_many(len(facts), ask)[1]


def _ranked(sheets: Sequence[_Sheet], question: str) -> list[_Sheet]:
    """Those first that have most of the question's words, rare ones before common ones; else as they follow."""
    on = {id(sheet): {word for line in sheet.lines for word in _words(line.text)} for sheet in sheets}
    weight = {
        word: log(1 + len(sheets) / (1 + sum(word in words for words in on.values()))) for word in _words(question)
    }
    return sorted(sheets, key=lambda sheet: -sum(value for word, value in weight.items() if word in on[id(sheet)]))


def _placed(statement: Statement, sheets: Sequence[_Sheet]) -> Statement | None:
    """The statement citing the lines of its pages that have most of its words; None where a page has none of them."""
    citations: list[PageCitation] = []
    for cited in statement.citations:
        assert isinstance(cited, PageCitation)
        sheet = next(s for s in sheets if (s.attachment.sha256, s.number) == (cited.attachment, cited.page))
        found = _lines_with(_words(statement.text), sheet.lines)
        if not found:
            return None
        citations += [_citation(cited, line) for line in found]
    return statement.model_copy(update={"citations": tuple(citations)})


def _citation(page: PageCitation, line: Line) -> PageCitation:
    from pipelines.evidence.documents.lines import box_of

    return page.model_copy(update={"box": box_of(line.tokens), "text": line.text})


def _lines_with(words: frozenset[str], lines: Sequence[Line]) -> list[Line]:
    """Few lines that together have as many of the words as can be, in their order."""
    wanted = set(words)
    chosen: list[int] = []
    held = {n: _words(line.text) for n, line in enumerate(lines)}
    while wanted and len(chosen) < _LINES:
        best = max(held, key=lambda n: len(held[n] & wanted), default=None)
        if best is None or not held[best] & wanted:
            break
        wanted -= held.pop(best)
        chosen.append(best)
    return [lines[n] for n in sorted(chosen)]


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in map(str.lower, _WORD.findall(text)) if word not in _ORDINARY)
