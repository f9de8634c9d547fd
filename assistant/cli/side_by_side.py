"""A comparison of two runs as a reader sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from assistant.alignment import KINDS
from assistant.plain import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from assistant.alerts import Alert
    from assistant.alignment import Row
    from assistant.comparing import Comparison, Heard, Side
    from assistant.wording import Piece
    from pipelines.records import Engine

_MARKS: Final = {"same": "=", "moved": ">", "changed": "~", "dropped": "-", "added": "+"}
_STYLES: Final = {"same": "dim", "moved": "", "changed": "", "dropped": "red", "added": "green"}
_ALERT: Final = "bold red"
#: Characters of unchanged text that are shown around changed words of a transcript.
_AROUND: Final = 40


def print_comparison(one: Comparison, to: Console, *, whole: bool) -> None:
    """One run: who made it then and now, and its statements side by side.

    Args:
        whole: statements that are the same are shown as well.
    """
    from rich.text import Text

    marked = not to.is_terminal
    task = one.before.task or "no task"
    about = ", ".join(filter(None, (one.recording and plain(one.recording), task, one.created[:16].replace("T", " "))))
    to.print(Text.assemble(("run ", "bold"), one.before.run, f"  {about}"), soft_wrap=True)
    for name, side, other in (("before", one.before, one.after), ("after", one.after, one.before)):
        to.print(Text.assemble((f"  {name:<7}", "bold"), _made(side, other)), soft_wrap=True)
    if one.from_before:
        to.print(Text("  the same comparison was made earlier: nothing was asked anew (--again asks)", "dim"))
    for line in _told(one, marked):
        to.print(line, soft_wrap=True)
    if one.rows:
        to.print(_table(one.rows, whole, marked))
    to.print()


def print_summary(comparisons: Sequence[Comparison], to: Console) -> None:
    """All of them, a line each, and together."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("run", "task", *KINDS, "alerts", "tokens", "seconds"):
        table.add_column(heading, justify="left" if heading in ("run", "task") else "right", no_wrap=True)
    for one in comparisons:
        table.add_row(one.before.run, one.before.task or "", *_figures([one]))
    if len(comparisons) > 1:
        table.add_section()
        table.add_row("all", "", *_figures(comparisons))
    to.print(table)


def summary_line(comparisons: Sequence[Comparison]) -> str:
    """How many came out the same."""
    identical = sum(one.identical for one in comparisons)
    unfinished = sum(not one.finished for one in comparisons)
    rest = f", {unfinished} without a result now" if unfinished else ""
    return f"{len(comparisons)} compared: {identical} identical, {len(comparisons) - identical - unfinished} not{rest}"


def _made(side: Side, other: Side) -> str:
    """Who worked on it, as far as it tells the two apart."""
    parts = []
    if side.speech != other.speech:
        parts.append(f"heard by {_engine(side.speech)}")
    if side.language or other.language:
        parts.append(f"answered by {_engine(side.language)}")
    if side.prompts:
        parts.append(f"prompts {', '.join(_prompt(prompt) for prompt in side.prompts)}")
    return "; ".join(parts) or "no language model was asked"


def _engine(engine: Engine | None) -> str:
    if engine is None:
        return "nobody"
    told = f"{engine.name}, {engine.model}" if engine.model else engine.name
    for what, digest in (("revision", engine.revision), ("weights", engine.weights_sha256)):
        # A model of the user's own is called by the hash of its weights.
        if digest and digest[:12] not in told:
            told = f"{told}, {what} {digest[:12]}"
    return plain(told)


def _prompt(identity: str) -> str:
    name, _, sha256 = identity.partition(" ")
    return plain(f"{name} {sha256[:8]}")


def _told(one: Comparison, marked: bool) -> Iterator[Text]:
    """All but the statements."""
    from rich.text import Text

    if one.after.error:
        yield Text(f"  failed: {plain(one.after.error)}", "red")
    elif not one.finished:
        yield Text(f"  {one.after.state} now: needs {one.after.needs or 'nothing'}", "yellow")
    before, after = (", ".join(side.finish_reasons) for side in (one.before, one.after))
    if one.before.finish_reasons and before != after:
        yield Text(f"  answers ended with {before} before, {after or 'nothing'} after", "yellow")
    if one.before.task != one.after.task and one.after.task is not None:
        yield Text(f"  task: {one.before.task or 'none'} before, {one.after.task} after", "yellow")
    if one.heard is not None:
        words = "1 word" if one.heard.changed_words == 1 else f"{one.heard.changed_words} words"
        yield Text.assemble((f"  heard otherwise, {words}: ", "yellow"), _around(one.heard, marked))
        yield from (Text(f"  ! {_alert(alert)}", _ALERT) for alert in one.heard.alerts)
    for change in one.data:
        yield Text(f"  {plain(change.what)}: {plain(change.before)} before, {plain(change.after)} after")
    made = dict.fromkeys(f"{change.what} {plain(change.then)} -> {plain(change.now)}" for change in one.circumstances)
    if made:
        yield Text(f"  made with: {'; '.join(made)}", "dim")


def _around(heard: Heard, marked: bool) -> Text:
    """What changed, with a little of what stands around it."""
    from rich.text import Text

    text = Text()
    last = len(heard.pieces) - 1
    for at, piece in enumerate(heard.pieces):
        if piece.of == "both":
            text.append(_shortened(plain(piece.text), keep_start=at > 0, keep_end=at < last))
        else:
            _append(text, piece, marked)
    return text


def _shortened(text: str, *, keep_start: bool, keep_end: bool) -> str:
    """The ends of a long text that stand beside a change, in whole words."""
    if len(text) <= 2 * _AROUND:
        return text
    start = text[:_AROUND].rpartition(" ")[0] + " " if keep_start else ""
    end = " " + text[-_AROUND:].partition(" ")[2] if keep_end else ""
    return f"{start}…{end}"


def _table(rows: Iterable[Row], whole: bool, marked: bool) -> Table:
    from rich.table import Table

    table = Table(show_lines=True, header_style="bold")
    table.add_column("", width=1)
    table.add_column("before", ratio=1, overflow="fold")
    table.add_column("after", ratio=1, overflow="fold")
    same = 0
    for row in rows:
        if row.kind == "same" and not whole:
            same += 1
            continue
        _add_same(table, same)
        same = 0
        table.add_row(
            _MARKS[row.kind], _cell(row, "before", marked), _cell(row, "after", marked), style=_STYLES[row.kind]
        )
    _add_same(table, same)
    return table


def _add_same(table: Table, count: int) -> None:
    if count:
        table.add_row("=", f"{count} statement{' is' if count == 1 else 's are'} the same", "", style="dim")


def _cell(row: Row, side: str, marked: bool) -> Text:
    from rich.text import Text

    before = side == "before"
    said, section = (row.before, row.section_before) if before else (row.after, row.section_after)
    text = Text()
    if said is None:
        return text
    if section and (row.section_before != row.section_after or row.kind == "moved"):
        text.append(f"{plain(section)}: ", "bold")
    if row.kind != "changed":
        text.append(plain(said))
    for piece in row.pieces:
        if piece.of in ("both", side):
            _append(text, piece, marked)
    if not before:
        if row.kind == "moved":
            text.append(" (moved)", "dim")
        for alert in row.alerts:
            text.append(f"\n! {_alert(alert)}", _ALERT)
    return text


def _append(text: Text, piece: Piece, marked: bool) -> None:
    """Changed words in colour; in brackets where there is none."""
    words = plain(piece.text)
    if piece.of == "both":
        text.append(words)
        return
    bare = words.rstrip()
    if not bare:
        text.append(words)
        return
    style, opening, closing = ("red", "[-", "-]") if piece.of == "before" else ("green", "{+", "+}")
    text.append(f"{opening}{bare}{closing}" if marked else bare, f"bold {style}")
    text.append(words[len(bare) :])


def _alert(alert: Alert) -> str:
    return f"{alert.kind}: {plain(alert.before) or 'nothing'} -> {plain(alert.after) or 'nothing'}"


def _figures(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    done = [one for one in comparisons if one.finished]
    counts = (sum(one.count(kind) for one in done) for kind in KINDS)
    tokens = [sum(side.output_tokens for side in sides) for sides in _sides(comparisons)]
    seconds = [sum(side.seconds for side in sides) for sides in _sides(comparisons)]
    return (
        *map(str, counts),
        str(sum(one.alerts for one in comparisons)),
        f"{tokens[0]} -> {tokens[1]}",
        f"{seconds[0]:.1f} -> {seconds[1]:.1f}",
    )


def _sides(comparisons: Sequence[Comparison]) -> tuple[list[Side], list[Side]]:
    return [one.before for one in comparisons], [one.after for one in comparisons]
