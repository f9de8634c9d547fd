"""What a model says of facts that it is given: sentences that name the facts they come from, and are held to them.

A sentence that names none of them, names one that was not given, or has a figure that is not in those it names, is left
out; the result says how many were.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from pipelines.models.generator import Ask, Generation
from pipelines.records import Citation, Statement, Value

if TYPE_CHECKING:
    from pipelines.models.consult import Consultant

#: Sentences of an answer, and facts of a sentence, that a form has room for.
_SENTENCES: Final = 16
_SOURCES: Final = 16
_BRACKETS: Final = re.compile(r"\s*[\[(](?P<inner>[^\[\]()]{1,400})[\])]")

NOTHING: Final = "named nothing that it comes from"
NOT_THERE: Final = "named something that was not there"
FIGURE: Final = "had a figure that is not in what it names"


@dataclass(frozen=True)
class Fact:
    """One line that the model is given. ``handle`` is how it stands in the prompt, and what the model names."""

    handle: str
    text: str
    citations: tuple[Citation, ...]

    @property
    def line(self) -> str:
        return f"[{self.handle}] {self.text}"

    @property
    def sources(self) -> tuple[str, ...]:
        """What a figure in a sentence about it may come from."""
        values = (c.value if c.kind == "record" else c.text for c in self.citations if c.kind in ("record", "page"))
        return (self.text, *values)


class Said(Value):
    """One sentence, behind what it comes from: what is decided is written first."""

    sources: tuple[str, ...] = Field(max_length=_SOURCES)
    text: str


class Told(Value):
    """The whole answer."""

    answered: Literal["yes", "no"]
    sentences: tuple[Said, ...] = Field(max_length=_SENTENCES)


class Telling(Value):
    """What came of asking; recorded, so that graphs pass on its digest alone."""

    ask: Ask
    generation: Generation
    told: Told | None
    problem: str | None
    shown: int
    """So many of the facts, from the first, fitted into what the model takes."""


@dataclass(frozen=True)
class Kept:
    """What may be shown of an answer."""

    statements: tuple[Statement, ...]
    left_out: Mapping[str, int]
    """Sentences that may not be shown, by what was wrong with them."""

    @property
    def note(self) -> str | None:
        """The same in one sentence for the reader."""
        count = sum(self.left_out.values())
        if not count:
            return None
        why = " or ".join(f"{reason} ({n})" for reason, n in self.left_out.items())
        return f"Left out: {count} sentence{'s' if count > 1 else ''} that {why}."


def tell(consultant: Consultant, ask: Ask, facts: Sequence[Fact], shown: int) -> Telling:
    """Ask for sentences about ``facts``, of which ``ask`` shows the first ``shown``.

    Raises:
        as `pipelines.models.structured.fill`.
    """
    from pipelines.models.structured import fill

    enforced = consultant.generator.capabilities().structured == "enforced"
    form = _form([fact.handle for fact in facts[:shown]]) if enforced else Told
    filled = fill(consultant, ask, form)
    told = Told.model_validate(filled.value.model_dump()) if filled.value is not None else None
    return Telling(ask=ask, generation=filled.generation, told=told, problem=filled.problem, shown=shown)


def kept(told: Told, facts: Sequence[Fact], section: str | None = None) -> Kept:
    """The sentences that name their facts, and say no figure that these do not, as statements that cite the same."""
    from pipelines.checks.figures import counts, unfounded
    from pipelines.text.sentences import split

    by_handle = {_letters(fact.handle): fact for fact in facts}
    statements: list[Statement] = []
    wrong: Counter[str] = Counter()
    for said in told.sentences:
        text, within = _without_handles(" ".join(said.text.split()), by_handle)
        named = [by_handle.get(_letters(source)) for source in (*said.sources, *within)]
        found = list(dict.fromkeys(fact for fact in named if fact is not None))
        citations = tuple(dict.fromkeys(citation for fact in found for citation in fact.citations))
        for start, end in split(text):
            sentence = text[start:end]
            if not re.search(r"\w", sentence):
                continue
            if not named:
                wrong[NOTHING] += 1
            elif None in named:
                wrong[NOT_THERE] += 1
            elif unfounded(sentence, [source for fact in found for source in fact.sources], counts(citations)):
                wrong[FIGURE] += 1
            else:
                statements.append(Statement(text=sentence, origin="generated", section=section, citations=citations))
    return Kept(tuple(statements), dict(wrong))


def _form(handles: Sequence[str]) -> type[Told]:
    """`Told` with nothing but these handles to name."""
    from pydantic import WithJsonSchema, create_model

    # A checker of types cannot follow what is made here.
    handle: Any = Annotated[str, WithJsonSchema({"type": "string", "enum": list(handles)})]
    sources: Any = (Annotated[tuple[handle, ...], Field(max_length=_SOURCES)], ...)
    said: Any = create_model("Said", __base__=Said, sources=sources)
    return create_model(
        "Told", __base__=Told, sentences=(Annotated[tuple[said, ...], Field(max_length=_SENTENCES)], ...)
    )


def _without_handles(text: str, by_handle: Mapping[str, Fact]) -> tuple[str, list[str]]:
    """The text without the handles that the model put into it, and these."""
    within: list[str] = []

    def taken(found: re.Match[str]) -> str:
        inner = [part for part in re.split(r"[,;]\s*", found["inner"]) if part.strip()]
        if not all(_letters(part) in by_handle for part in inner):
            return found.group()
        within.extend(inner)
        return ""

    return _BRACKETS.sub(taken, text).strip(), within


def _letters(handle: str) -> str:
    return handle.strip().strip("[]").strip().lower()
