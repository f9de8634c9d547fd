"""A model's sentences about documents, held against the pages as they were read: each cited line stands on its page,
and every number, date and unit stands on a page that is cited. What else is said stays `not-checkable`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipelines.checks.figures import counts, unfounded
from pipelines.checks.generated import check as check_generated
from pipelines.ports import Store
from pipelines.records import Check, PageCitation, Result, Statement

Pages = Mapping[tuple[str, int], str]
"""What stands on each page, by attachment and number, its words with single spaces."""


def check(result: Result, store: Store) -> tuple[Check, ...]:
    """The checks of all statements, in their order: that they were said in these words (aspect ``as-generated``), what
    they cite (``citation``), their figures (``number``, ``date``, ``unit``; ``figures`` where all are there), and the
    rest (``content``)."""
    pages = _pages(result, store)
    said = (each for each in check_generated(result.statements, result.data["answer"], store))
    as_generated = [each for each in said if each.aspect == "as-generated"]
    checks: list[Check] = []
    for index, (statement, words) in enumerate(zip(result.statements, as_generated, strict=True)):
        checks.append(words)
        for verdict, aspect, text in _verdicts(statement, pages):
            told = {"verdict": verdict, "aspect": aspect, "statement_text": text}
            checks.append(Check.model_validate({"statement": index, **told}))
    return tuple(checks)


def _verdicts(statement: Statement, pages: Pages) -> Iterator[tuple[str, str, str | None]]:
    cited = [citation for citation in statement.citations if isinstance(citation, PageCitation)]
    if not cited:
        yield "contradicted", "citation", statement.text
        return
    for citation in cited:
        if " ".join(citation.text.split()) not in pages.get((citation.attachment, citation.page), ""):
            yield "contradicted", "citation", citation.text
            return
    yield "supported", "citation", None
    sources = {pages[citation.attachment, citation.page] for citation in cited}
    found = unfounded(statement.text, sources, counts(cited))
    if found:
        yield "contradicted", found.aspect, found.said
        return
    yield "supported", "figures", None
    yield "not-checkable", "content", statement.text


def _pages(result: Result, store: Store) -> Pages:
    """The text of the documents as it was kept when they were read."""
    from pipelines.evidence.documents.document import Document
    from pipelines.evidence.documents.lines import page_lines

    pages = {}
    for each in result.data["documents"]:
        document = Document.model_validate_json(store.get(each["text_sha256"]))
        for page in document.pages:
            pages[each["attachment"], page.number] = " ".join(line.text for line in page_lines(page))
    return pages
