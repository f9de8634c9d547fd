"""The statements of two results side by side: which became which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, get_args

from assistant.alerts import Alert, alerts_of
from assistant.wording import Piece, word_pieces
from pipelines.records import Statement, Value

#: Less alike statements are not one that was reworded.
_ALIKE: Final = 0.55
#: What the same section counts where two statements are as like.
_SAME_SECTION: Final = 0.01

Kind = Literal["same", "moved", "changed", "dropped", "added"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Row(Value):
    """One statement as it was and as it is. Where there is one side only it was ``dropped`` or ``added``.

    ``moved`` has the same words in another place or section.
    """

    kind: Kind
    before: str | None
    after: str | None
    section_before: str | None
    section_after: str | None
    pieces: tuple[Piece, ...] = ()
    """Of a changed one, word by word."""
    alerts: tuple[Alert, ...] = ()


def align(before: Sequence[Statement], after: Sequence[Statement]) -> tuple[Row, ...]:
    """Rows in the order of ``after``; what was dropped stands where it was."""
    return tuple(_rows(before, after))


def _rows(before: Sequence[Statement], after: Sequence[Statement]) -> Iterator[Row]:
    pairs = list(_paired(before, after))
    gone = {_words(before[i]): i for i, j in pairs if i is not None and j is None}
    moved = {
        j: gone.pop(_words(after[j])) for i, j in pairs if i is None and j is not None and _words(after[j]) in gone
    }
    for i, j in pairs:
        if j is not None:
            old = moved.get(j) if i is None else i
            yield _row(None if old is None else before[old], after[j], moved=j in moved)
        elif i is not None and i not in moved.values():
            yield _row(before[i], None)


def _row(old: Statement | None, new: Statement | None, *, moved: bool = False) -> Row:
    sides = {
        "before": old and old.text,
        "after": new and new.text,
        "section_before": old and old.section,
        "section_after": new and new.section,
    }
    if old is None or new is None:
        return Row(kind="added" if old is None else "dropped", **sides)
    if _words(old) == _words(new):
        return Row(kind="moved" if moved or old.section != new.section else "same", **sides)
    return Row(kind="changed", pieces=word_pieces(old.text, new.text), alerts=alerts_of(old.text, new.text), **sides)


def _paired(before: Sequence[Statement], after: Sequence[Statement]) -> Iterator[tuple[int | None, int | None]]:
    """Indices side by side in the order of both, so that the statements are as like as can be in all."""
    likeness = [[_likeness(old, new) for new in after] for old in before]
    best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in reversed(range(len(before))):
        for j in reversed(range(len(after))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], likeness[i][j] + best[i + 1][j + 1])
    i = j = 0
    while i < len(before) or j < len(after):
        if i < len(before) and j < len(after) and likeness[i][j] and _reached(best, i, j, likeness[i][j]):
            yield i, j
            i, j = i + 1, j + 1
        elif i < len(before) and (j == len(after) or best[i + 1][j] >= best[i][j + 1]):
            yield i, None
            i += 1
        else:
            yield None, j
            j += 1


def _reached(best: list[list[float]], i: int, j: int, likeness: float) -> bool:
    return likeness + best[i + 1][j + 1] >= max(best[i + 1][j], best[i][j + 1])


def _likeness(old: Statement, new: Statement) -> float:
    """From `_ALIKE` to a little over 1, or 0 for two that have nothing to do with each other."""
    from rapidfuzz import fuzz

    one, other = _words(old).lower(), _words(new).lower()
    alike = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100
    if alike < _ALIKE:
        return 0.0
    return alike + (_SAME_SECTION if old.section == new.section else 0.0)


def _words(statement: Statement) -> str:
    return " ".join(statement.text.split())
