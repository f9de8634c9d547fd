"""Progress bars on stderr. Where that is no terminal they show nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from assistant.cli.common import error_console
from assistant.plain import plain

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


@contextmanager
def batch_bar(total: int) -> Iterator[tuple[Any, Any]]:
    """Pieces of work in turn. Yields what is to be told each one's name, and what is told a node and its share."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

    with _bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task("loading", total=total, completed=-1)
        state = {"done": -1}

        def step(name: str) -> None:
            state["done"] += 1
            bar.update(task, description=name, completed=state["done"])

        def within(_: str, share: float) -> None:
            bar.update(task, completed=state["done"] + share)

        yield step, within


#: Of what is being written, so much is shown.
_LAST_LETTERS: Final = 60


class ShareBar:
    """Called with what is being done and the share done, from 0 to 1."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("working", total=1.0, text="")

    def __call__(self, what: str, share: float) -> None:
        self._bar.update(self._task, description=what, completed=share)

    def text(self, _: str, written: str) -> None:
        """What a model has written so far: its last words stand behind the bar, and vanish with it."""
        last = " ".join(plain(written[-4 * _LAST_LETTERS :]).split())[-_LAST_LETTERS:]
        self._bar.update(self._task, text=f"… {last}")


@contextmanager
def share_bar() -> Iterator[ShareBar]:
    """One piece of work, and what a model writes for it as it is written."""
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    written = TextColumn("{task.fields[text]}", style="dim", markup=False)
    # Narrow, so that it stays as it is while the text behind it grows.
    bar_column = BarColumn(bar_width=20)
    columns = (TextColumn("{task.description}"), bar_column, TaskProgressColumn(), TimeElapsedColumn(), written)
    with _bar(*columns) as bar:
        yield ShareBar(bar)


@contextmanager
def held_share_bar() -> Iterator[tuple[Any, Any]]:
    """As `share_bar`. Yields before that what makes a question to the user one for which the bar is out of the way."""
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    with _bar(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task("working", total=1.0)

        def hold(question: Any) -> Any:
            def asked(*what: Any) -> Any:
                bar.stop()
                try:
                    return question(*what)
                finally:
                    bar.start()

            return asked

        yield hold, lambda what, share: bar.update(task, description=what, completed=share)


@contextmanager
def bytes_bar() -> Iterator[tuple[Any, Any]]:
    """Files on their way. Yields the bar, and what is to be told file, bytes done and bytes in all."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with _bar(TextColumn("{task.description}"), *columns) as bar:
        task = bar.add_task("", total=None)

        def progress(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        yield bar, progress


def _bar(*columns: ProgressColumn) -> Progress:
    from rich.progress import Progress

    console = error_console()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
