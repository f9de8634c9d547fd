"""Where a statement comes from and what came of holding it against that, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.records import Attachment, Check, ImageCitation, Kind, Statement

_WORST_FIRST: Final = ("contradicted", "unsupported", "not-checkable", "supported")


def documents_by_name(attachments: Sequence[Attachment]) -> dict[str, str]:
    """Name by SHA-256, where several documents are attached and a page could be of either."""
    documents = [one for one in attachments if one.kind is not Kind.FHIR_RECORD]
    return {one.sha256: one.name for one in documents} if len(documents) > 1 else {}


def sources(statement: Statement, documents: Mapping[str, str]) -> str:
    """Where it stands: record elements under their resource, speech by its time, pictures by their place in the data
    folder, pages by their number and, where there are several ``documents``, its name."""
    elements: dict[str, list[str]] = {}
    others = []
    for citation in statement.citations:
        if citation.kind == "record":
            elements.setdefault(citation.resource, []).append(citation.path)
        elif citation.kind == "image":
            others.append(_picture(citation))
        elif citation.kind == "page":
            of = documents.get(citation.attachment)
            others.append(f"page {citation.page} of {of}" if of else f"page {citation.page}")
        elif citation.audio_start is not None and citation.audio_end is not None:
            others.append(f"said at {citation.audio_start:.1f}-{citation.audio_end:.1f} s")
        else:
            others.append(f"characters {citation.start}-{citation.end} of the text")
    looked_up = [f"{resource}: {', '.join(paths)}" for resource, paths in elements.items()]
    nothing = "the whole record searched" if statement.origin == "looked-up" else "no source to cite"
    return "; ".join((*looked_up, *others)) or nothing


def _picture(citation: ImageCitation) -> str:
    named = f"{citation.label}, " if citation.label else ""
    edges = f" at {', '.join(map(str, citation.box))}" if citation.box else ""
    return f"{named}shown {file_of(citation.frame)}{edges}"


def file_of(sha256: str) -> str:
    """Where bytes of the store lie in the data folder."""
    return f"files/{sha256[:2]}/{sha256[2:]}"


def verdicts(checks: Sequence[Check]) -> dict[int, str]:
    """The worst verdict on each statement, by its index; none on a statement that was not checked."""
    found: dict[int, str] = {}
    for check in sorted(checks, key=lambda check: _WORST_FIRST.index(check.verdict)):
        found.setdefault(check.statement, check.verdict)
    return found


def figure_line(figure: Mapping[str, Any]) -> str:
    """One figure of a model's card."""
    return f"{figure['dataset']}: {figure['metric']} {figure['value']}"


def limit_line(limit: Mapping[str, Any]) -> str:
    """One limit of a model, and who says so."""
    return f"{limit['text']} ({limit['source']})"
