"""What is found in a table before anything in it is understood: rows of cells, and lines that belong to rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.evidence.documents.lines import Token, text_of
from pipelines.tasks.lab.columns import Column
from pipelines.tasks.lab.heading_words import Role

Cells = dict[Role, list[Token]]


@dataclass
class Found:
    """A row as it stands there, before anything in it is understood."""

    page: int
    cells: Cells
    panel: str | None = None
    specimen: str | None = None
    comment: list[Token] = field(default_factory=list)
    headings: dict[Role, str] = field(default_factory=dict)
    earlier: list[tuple[str, list[Token]]] = field(default_factory=list)

    @property
    def tokens(self) -> list[Token]:
        earlier = [token for _, tokens in self.earlier for token in tokens]
        return [token for tokens in self.cells.values() for token in tokens] + earlier

    def text(self, role: Role) -> str:
        return text_of(self.cells.get(role, ()))


@dataclass
class Carried:
    """What a page leaves to the next one of the same report."""

    panel: str | None = None
    specimen: str | None = None
    title_x0: float | None = None
    """Where the panel's title began, if it stood in the table."""
    rows_indented: bool | None = None
    """Whether its first row began further right; None before that."""
    groups: tuple[tuple[Column, ...], ...] = ()
    rows_before: bool = False
    """Whether a page before had rows without a heading over them."""
    heads_are_titles: bool = False
    """Whether the names of panels stand in the headings of tables."""

    def head(self, panel: str | None, x0: float | None = None) -> None:
        """What follows is of this panel, whose title began there if it stood in the table."""
        self.panel, self.title_x0, self.rows_indented = panel, x0, None


@dataclass
class Item:
    """What of one line stands in the columns of one table."""

    middle: float
    height: float
    cells: Cells
    tokens: tuple[Token, ...]
    kind: str
    """``row``, ``name`` (only in the column of the tests), ``tail`` (neither test nor result), ``blank`` (a test and
    no result), ``text`` (a sentence across the columns), ``title`` (a phrase in the middle of the table)."""
    last: float = 0.0
    found: Found | None = None
