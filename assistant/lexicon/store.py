"""Where the user's own entries lie, and how they are changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from assistant.lexicon.entries import merged, own_entry
from assistant.sessions.disk import Disk
from assistant.sessions.problems import BUSY_SECONDS, disk_errors
from pipelines.errors import BadInput, StorageProblem
from pipelines.text.lexicon import Entry, Lexicon

if TYPE_CHECKING:
    from assistant.sessions import SessionLog

FILE: Final = "lexicon.json"
MOST_ENTRIES: Final = 50_000


def load_lexicon(data_dir: Path) -> Lexicon:
    """The user's own entries, then the built-in ones of other phrases.

    Raises:
        StorageProblem: the user's file cannot be read.
    """
    from pipelines.text.lexicon_builtin import builtin

    own = OwnLexicon(data_dir).entries()
    taken = {entry.phrase.lower() for entry in own}
    return Lexicon((*own, *(entry for entry in builtin() if entry.phrase.lower() not in taken)))


class OwnLexicon:
    """The user's entries in a data folder.

    Args:
        busy_seconds: how long to wait for another process that is changing them.

    A change is on disk when its method returns, and leaves an event in the log that says how many entries changed and
    never which: a lexicon may name patients.
    """

    def __init__(self, data_dir: Path, disk: Disk | None = None, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = data_dir / FILE
        self._disk = disk or Disk()
        self._busy_seconds = busy_seconds

    def entries(self) -> tuple[Entry, ...]:
        """In the order of their phrases.

        Raises:
            StorageProblem: the file is damaged or cannot be read.
        """
        with disk_errors(self._path.parent):
            try:
                content = self._path.read_bytes()
            except FileNotFoundError:
                return ()
        try:
            return tuple(own_entry(**row) for row in orjson.loads(content))
        except (orjson.JSONDecodeError, TypeError, BadInput) as error:
            raise StorageProblem(
                str(self._path), "is damaged", "restore it from a copy, or move it away and import your list again"
            ) from error

    def add(self, log: SessionLog, new: Iterable[Entry]) -> tuple[int, int]:
        """Add entries; one of the same phrase, in any case, is merged with the older one.

        Returns:
            How many were added, and how many were merged with another (of ``new`` as well).

        Raises:
            BadInput: there would be too many.
            StorageProblem: another process is changing them all the time, or the disk refuses.
        """

        def added(entries: dict[str, Entry]) -> None:
            for entry in new:
                key = entry.phrase.lower()
                entries[key] = merged(entries[key], entry) if key in entries else entry
            if len(entries) > MOST_ENTRIES:
                raise BadInput("your lexicon", f"would hold more than {MOST_ENTRIES:,} entries", "add fewer")

        new = tuple(new)
        before, after = self._change(log, added)
        return len(after) - len(before), len(new) - (len(after) - len(before))

    def remove(self, log: SessionLog, phrase: str) -> None:
        """Remove the entry of this phrase, in any case.

        Raises:
            BadInput: there is none.
            StorageProblem: as in `add`.
        """

        def removed(entries: dict[str, Entry]) -> None:
            if entries.pop(" ".join(phrase.lower().split()), None) is None:
                raise BadInput("the phrase", "is no entry of yours", "assistant lexicon list shows them")

        self._change(log, removed)

    def _change(
        self, log: SessionLog, make: Callable[[dict[str, Entry]], None]
    ) -> tuple[Sequence[Entry], Sequence[Entry]]:
        with self._alone():
            before = self.entries()
            entries = {entry.phrase.lower(): entry for entry in before}
            make(entries)
            after = tuple(entry for _, entry in sorted(entries.items()))
            if after != before:
                # No event, no change: so the event comes first.
                log.event("lexicon-changed", None, {"entries": len(after), "before": len(before)})
                self._write(after)
        return before, after

    def _write(self, entries: Sequence[Entry]) -> None:
        rows = [
            {
                "phrase": entry.phrase,
                "sounds_like": entry.sounds_like,
                "category": entry.category,
                "replacement": entry.replacement,
            }
            for entry in entries
        ]
        growing = self._path.with_suffix(".new")
        with disk_errors(self._path.parent):
            self._disk.unlink(growing)
            descriptor = self._disk.create(growing)
            try:
                self._disk.write(descriptor, orjson.dumps(rows, option=orjson.OPT_INDENT_2))
                self._disk.fsync(descriptor)
            finally:
                self._disk.close(descriptor)
            self._disk.rename(growing, self._path)
            self._disk.sync_folder(self._path.parent)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        lock = FileLock(self._path.with_suffix(".lock"), timeout=self._busy_seconds)
        with disk_errors(self._path.parent):
            try:
                lock.acquire()
            # It is an OSError as well.
            except Timeout:
                raise StorageProblem(
                    str(self._path), "is being changed by another program", "end that program, or try again"
                ) from None
        try:
            yield
        finally:
            lock.release()
