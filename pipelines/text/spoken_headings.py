"""Headings of a report given as plain words: "heading findings", "findings colon", "Findings." by itself."""

from __future__ import annotations

from typing import Final

from pipelines.text.tokens import END, Found, Tokens

_HEADINGS: Final = tuple(
    tuple(name.split())
    for name in ("exam type", "indication", "procedure", "technique", "comparison", "findings", "impression", "plan")
)
#: Other words that are followed by a spoken colon where a sentence begins.
_LABELS: Final = tuple(
    tuple(name.split())
    for name in (
        "past medical history",
        "past surgical history",
        "history of present illness",
        "family history",
        "social history",
        "review of systems",
        "physical examination",
        "physical exam",
        "vital signs",
        "discharge medications",
        "current medications",
        "discharge diagnosis",
        "chief complaint",
        "presenting complaint",
        "assessment and plan",
        "follow up",
        "subjective",
        "objective",
        "assessment",
        "history",
        "examination",
        "medications",
        "allergies",
        "investigations",
        "diagnosis",
        "recommendations",
        "conclusion",
        "labs",
        "as follows",
    )
)
# "Findings colon and rectum were normal", "history colon cancer": the bowel.
_BOWEL: Final = frozenset(
    """
    is was has had shows showed appears appeared wall resection surgery screening mass masses lesion lesions cancer ca
    carcinoma adenocarcinoma adenoma polyp polyps tumor tumour neoplasm malignancy obstruction ischemia ischaemia
    perforation distension distention biopsy biopsies dilated dilatation thickening thickened diverticula diverticulosis
    diverticulitis contains and with without from to of spasm prep preparation normal or
    """.split()
)


def spoken_heading(tokens: Tokens, index: int) -> Found | None:
    """The heading that the words at the beginning of a sentence announce, in the formatter's form."""
    if tokens[index].key == "heading":
        at = index + 1 + (tokens[index + 1].key in (",", ":"))
        name = _name(tokens, at, _HEADINGS)
        return _heading(tokens, name, _with_mark(tokens, at + len(name))) if name else None
    if name := _name(tokens, index, _HEADINGS):
        end = index + len(name)
        if colon := _colon(tokens, end):
            return _heading(tokens, name, colon)
        alone = tokens[end].key in (".", ":") and tokens[end].glue == "" and tokens[end + 1].glue in (" ", "\n")
        if alone and tokens[end + 1] is not END:
            return _heading(tokens, name, end + 1)
        return None
    if (name := _name(tokens, index, _LABELS)) and (colon := _colon(tokens, index + len(name))):
        words = tokens.text[tokens[index].start : tokens[index + len(name) - 1].end]
        return Found(colon, words + "{colon}", "command")
    return None


def _heading(tokens: Tokens, name: tuple[str, ...], end: int) -> Found | None:
    # What is left alone at the end may be the last word of a sentence that was cut.
    return Found(end, f"[{' '.join(name).upper()}]", "command") if tokens[end] is not END else None


def _name(tokens: Tokens, index: int, names: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    key = tokens[index].key
    for name in names:
        if name[0] == key and all(tokens.joined(index + n) == word for n, word in enumerate(name[1:], start=1)):
            return name
    return ()


def _colon(tokens: Tokens, index: int) -> int:
    """Where a spoken colon ends, its own marks included; 0 where there is none."""
    at = index + 1 if tokens[index].key == "," and tokens[index].glue == "" else index
    if tokens.key(at) != "colon" or tokens[at + 1].glue == "-":
        return 0
    if tokens.key(at + 1) in _BOWEL:
        return 0
    return _with_mark(tokens, at + 1)


def _with_mark(tokens: Tokens, index: int) -> int:
    return index + 1 if tokens[index].glue == "" and tokens[index].key in (".", ",", ":") else index
