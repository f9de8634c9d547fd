"""Lines between the rows: the title of a panel, a sentence, or a label with what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.evidence.documents.header import is_institution, is_label, is_title_of_report, labels_in
from pipelines.evidence.documents.lines import Line, text_of
from pipelines.tasks.lab.units import is_unit

_CONTINUED: Final = re.compile(
    r"\s*[-–(\[]*\s*(?:continued|cont(?:'d|d)?\.?|details)(?:\s+from\s+.*)?\s*[)\]]*\s*$", re.IGNORECASE
)
_ACCESSION: Final = re.compile(r"(?<=\D)(?<!\bid)(?<!\bno)(?<!\bno\.)(?<!#)(?:\s+\d{1,4})?\s+\d{4,}$", re.IGNORECASE)
"""The number of the sample behind a panel's name: "URINALYSIS 26 6528"."""
_NO_TITLE: Final = re.compile(
    r"page\s*\d+|\d+\s*(?:of|/)\s*\d+|end of (?:the )?report|confidential|final report|electronically|signed"
    r"|authori[sz]ed|reviewed by|verified by|printed|www\.|@|https?:|\bmd\b|\bph\.?d\b|\bdr\.|copyright"
    r"|tel(?:ephone)?\b|fax\b|interpretation of|^\W*$|^\W*(?:h|l|a|n|hh|ll)\s*[=:]|legend|key\s*:|out of range|flagged"
    r"|abnormal results?|street|suite|\bave(?:nue)?\b|road",
    re.IGNORECASE,
)
_LIMITS: Final = re.compile(r"[<>≤≥]|\d\s*[-–]\s*\d")
_WHEN: Final = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}-[A-Za-z]{3}-|\d{1,2}:\d\d")
_MARKED: Final = re.compile(
    r"^\(?(?:comments?|notes?|remarks?|interpretation|method|reference|ref|disclaimer|clinical details?|\*+|†|‡|\d\))"
    r"\s*[:.\w]",
    re.IGNORECASE,
)
_SAID: Final = re.compile(r"\b(?:the|your|you|is|are|was|were|it|its|this|that|which)\b")
"""Small words of sentences, which no title has."""
_OF_A_PERSON: Final = re.compile(r"\b(?:id|no\.?|#|mrn)\s*[A-Z]{0,3}-?\d{3,}", re.IGNORECASE)
_PANELISH: Final = re.compile(
    r"panel|profile|chemistr|ha?ematolog|count|function|urinalysis|coagulation|thyroid|lipid|liver|renal|kidney|metabolic"
    r"|electrolyte|serolog|immunolog|microbiolog|endocrin|hormone|vitamin|differential|blood|iron|cardiac|diabet|study"
    r"|studies|screen|tumou?r|toxicolog|enzym|ha?ematinic|(?:heart|bone|gut|brain|immune|prostate|joint) health",
    re.IGNORECASE,
)


def title_of(line: Line) -> str | None:
    """The line as a title: its first phrase that is no label, without "(continued)"; None where there is none."""
    labels = labels_in(line)
    panel = next((value for label, value in labels if label == "panel" and value), None)
    said = {value for _, value in labels}
    phrases = [text_of(run) for run in line.runs(1.5)]
    if any(phrase.startswith(":") for phrase in phrases):
        return None
    text = panel or next((phrase for phrase in phrases if phrase not in said and not is_label(phrase)), None)
    return None if text is None else _ACCESSION.sub("", _CONTINUED.sub("", text)).strip(" -–—=*_:|,") or None


def is_title(text: str) -> bool:
    """Whether it can be the name of a panel."""
    words = text.split()
    if (len(words) > 4 and _SAID.search(text)) or _OF_A_PERSON.search(text):
        return False
    if is_institution(text) and not _PANELISH.search(text):
        return False
    if len(words) > 12 or _LIMITS.search(text) or _NO_TITLE.search(text):
        return False
    if is_title_of_report(text) or _MARKED.match(text):
        return False
    if (
        sum(c.isalpha() for c in text) <= sum(c.isdigit() for c in text)
        or len(text) < 3
        or text[0] in "(["
        or (begins_small(text) and not _PANELISH.search(text))
    ):
        return False
    return not is_prose(text) or bool(_PANELISH.search(text) and not text.rstrip().endswith("."))


def begins_small(text: str) -> bool:
    """Whether it begins with a word without a capital, as no name but those like "pH" and "hCG" does."""
    first = text.lstrip().partition(" ")[0]
    return first[:1].islower() and not any(c.isupper() for c in first)


def is_panelish(text: str) -> bool:
    """Whether a word of it is one that panels are called by."""
    return _PANELISH.search(text) is not None


def is_prose(text: str) -> bool:
    """Whether it is a sentence or a remark rather than a name."""
    words = text.split()
    if _MARKED.match(text):
        return True
    lower = sum(word[:1].islower() for word in words)
    return (text.rstrip().endswith((".", "!", ";")) and len(words) > 2) or (
        len(words) >= 7 and lower >= len(words) * 0.6
    )


def labelled(line: Line) -> dict[str, str]:
    """The labels of a line with what they say."""
    return dict(labels_in(line))


def title_above(lines: Sequence[Line]) -> tuple[str | None, str | None]:
    """The panel's title above a table heading, and the specimen where a label between them names it."""
    specimen = None
    for line in reversed(lines[-6:]):
        labels = labelled(line)
        specimen = specimen or labels.get("specimen") or None
        if set(labels) & {"name", "birth_date", "sex", "id", "age_sex"} or is_row(line, number_alone=True):
            break
        title = title_of(line)
        if title is not None and is_title(title):
            return title, specimen
        if not labels and not is_prose(line.text):
            break
    return None, specimen


def is_row(line: Line, *, number_alone: bool = False) -> bool:
    """Whether a result stands in it: a number and a unit, or one of them alone."""
    phrases = [text_of(run) for run in line.runs()]
    number = any(phrase[:1].isdigit() and not _WHEN.match(phrase) for phrase in phrases)
    unit = any(map(is_unit, phrases))
    return len(phrases) > 1 and ((number or unit) if number_alone else (number and unit))
