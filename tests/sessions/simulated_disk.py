"""A disk that forgets what was not synced.

``record`` lets something write to a session log and tapes, in one order, what SQLite and the file store ask of the
disk, and what the log acknowledges. ``losses`` then cuts the power after every operation, lays out the folder as such
a disk would hold it, opens it as a log, and names what is missing of what had been acknowledged.

A file keeps its content up to its last sync, and is there if its folder was synced after it got its name. SQLite
itself syncs the folder at the first sync of a new journal; only that journal's own entry is counted for it. Shared
memory files are not kept.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.sessions import Disk, SessionLog
from pipelines.errors import ProductError
from pipelines.ports import Key
from pipelines.records import ModelCall, Request, Result, RunState, Value
from tests.sessions.sqlite_shim import Sqlite


@dataclass
class Tape:
    """Operations in the order in which they were done: a word, then what it was done with."""

    operations: list[tuple[Any, ...]] = field(default_factory=list)
    names: dict[Path, int] = field(default_factory=dict)
    files: int = 0

    def add(self, *operation: Any) -> None:
        self.operations.append(operation)

    def create(self, path: Path) -> int:
        self.files += 1
        self.names[path] = self.files
        self.add("create", path, self.files)
        return self.files

    def rename(self, source: Path, target: Path) -> None:
        self.names[target] = self.names.pop(source)
        self.add("rename", source, target)

    def unlink(self, path: Path) -> None:
        if self.names.pop(path, None):
            self.add("unlink", path)


class TapedDisk(Disk):
    """The real disk, taped."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._open: dict[int, tuple[int, int]] = {}

    def make_folder(self, path: Path) -> None:
        super().make_folder(path)
        self.tape.add("folder", path)

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._open[descriptor] = (self.tape.create(path), 0)
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        super().write(descriptor, data)
        file, offset = self._open[descriptor]
        self.tape.add("write", file, offset, data)
        self._open[descriptor] = (file, offset + len(data))

    def fsync(self, descriptor: int) -> None:
        super().fsync(descriptor)
        self.tape.add("sync", self._open[descriptor][0])

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        del self._open[descriptor]

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.tape.rename(source, target)

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.tape.unlink(path)

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.tape.add("sync folder", path)


class TapingSqlite(Sqlite):
    """SQLite's own writes, taped."""

    _JOURNALS = 0x800 | 0x80000  # SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self.tape = tape
        self._open: dict[int, int] = {}
        self._new_journals: dict[int, Path] = {}

    def opened(self, handle: int, path: Path, flags: int) -> None:
        known = self.tape.names.get(path)
        file = known or self.tape.create(path)
        self._open[handle] = file
        if not known and flags & self._JOURNALS:
            self._new_journals[file] = path

    def written(self, handle: int, offset: int, data: bytes) -> None:
        self.tape.add("write", self._open[handle], offset, data)

    def truncated(self, handle: int, size: int) -> None:
        self.tape.add("truncate", self._open[handle], size)

    def synced(self, handle: int) -> None:
        file = self._open[handle]
        self.tape.add("sync", file)
        path = self._new_journals.pop(file, None)
        if path:
            self.tape.add("sync entry", path)

    def deleted(self, path: Path, folder_synced: bool) -> None:
        self.tape.unlink(path)
        if folder_synced:
            self.tape.add("sync entry", path)


Promise = Callable[[SessionLog], bool]


def witness(log: SessionLog, tape: Tape) -> None:
    """Tape every acknowledgement of ``log`` with a way to see whether it is kept."""
    states: dict[str, list[RunState]] = {}

    def promise(what: str, kept: Promise) -> None:
        tape.add("acknowledged", what, kept)

    def state(run: str, new: RunState) -> None:
        # Pausing or finishing twice changes nothing and is said only once.
        so_far = states.setdefault(run, [])
        if not so_far or so_far[-1] is not new:
            so_far.append(new)
        said = tuple(so_far)

        def kept(found: SessionLog) -> bool:
            return tuple(change.state for change in found.run(run).states)[: len(said)] == said

        promise(f"the states of run {run}", kept)

    put, put_file, record = log.store.put, log.store.put_file, log.journal.record
    accept, set_state, pause, finish = log.accept, log.set_state, log.pause, log.finish

    def stored(sha256: str) -> str:
        promise(f"file {sha256}", lambda found: bool(found.store.get(sha256)))
        return sha256

    def recorded(key: Key, value: Value, calls: tuple[ModelCall, ...] = ()) -> str:
        digest = record(key, value, calls)
        kind = type(value)

        def kept(found: SessionLog) -> bool:
            return found.journal.recall(key) == digest == found.journal.read(digest, kind).digest()

        promise(f"{key.node} of run {key.run}", kept)
        return digest

    def accepted(request: Request, session: str, again: bool = False, begun: RunState = RunState.QUEUED) -> str:
        run = accept(request, session, again, begun)
        promise(f"run {run}", lambda found: found.run(run).request == request)
        if run not in states:
            state(run, begun)
        return run

    def moved(run: str, new: RunState, error: str | None = None, exit_code: int | None = None) -> None:
        set_state(run, new, error, exit_code)
        state(run, new)

    def paused(run: str, result: Result, needs: str) -> None:
        pause(run, result, needs)
        state(run, RunState.PAUSED)

    def finished(run: str, digest: str) -> None:
        finish(run, digest)
        state(run, RunState.DONE)

    watched = {"accept": accepted, "set_state": moved, "pause": paused, "finish": finished}
    vars(log).update(watched)
    vars(log.journal).update(record=recorded)
    vars(log.store).update(put=lambda data: stored(put(data)), put_file=lambda path: stored(put_file(path)))


def promises_of(tape: Tape) -> dict[str, Promise]:
    """What was acknowledged; of the states of a run the last."""
    return {one[1]: one[2] for one in tape.operations if one[0] == "acknowledged"}


def record(folder: Path, exercise: Callable[[SessionLog], object], disk: type[TapedDisk] = TapedDisk) -> Tape:
    """What ``exercise`` does to a new log in ``folder``, which it opens twice."""
    tape = Tape()
    with TapingSqlite(tape):
        for _ in range(2):
            with SessionLog.open(folder, disk=disk(tape)) as log:
                witness(log, tape)
                exercise(log)
    return tape


@dataclass
class _File:
    """``durable`` is what the last sync left; ``pending`` what was asked for since."""

    durable: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def content(self, keep: Callable[[], bool]) -> bytes:
        content = bytearray(self.durable)
        for offset, data in self.pending:
            if not keep():
                continue
            if data is None:
                del content[offset:]
                continue
            content.extend(bytes(max(0, offset - len(content))))
            content[offset : offset + len(data)] = data
        return bytes(content)

    def sync(self) -> None:
        self.durable, self.pending = self.content(lambda: True), []


class Platter:
    """What the disk holds while a tape is played; None stands for a folder."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[Path, int | None] = {}
        self._durable: dict[Path, int | None] = {}

    def play(self, operation: tuple[Any, ...]) -> None:
        match operation:
            case "create", path, file:
                self._files[file] = _File()
                self._names[path] = file
            case "folder", path:
                self._names[path] = None
            case "write", file, offset, data:
                self._files[file].pending.append((offset, data))
            case "truncate", file, size:
                self._files[file].pending.append((size, None))
            case "sync", file:
                self._files[file].sync()
            case "rename", source, target:
                self._names[target] = self._names.pop(source)
            case "unlink", path:
                del self._names[path]
            case "sync entry", path:
                self._sync_entry(path)
            case "sync folder", folder:
                for path in {*self._names, *self._durable}:
                    if path.parent == folder:
                        self._sync_entry(path)

    def after_power_loss(self, keep: Callable[[], bool]) -> dict[Path, bytes | None]:
        """The tree that is left; ``keep`` says of each thing not synced whether it made it by luck."""
        entries = dict(self._durable)
        for path in sorted({*self._names, *self._durable}):
            if self._names.get(path, -1) != self._durable.get(path, -1) and keep():
                entries.pop(path, None)
                if path in self._names:
                    entries[path] = self._names[path]
        folders = {path for path, file in entries.items() if file is None}
        made = {path for path, file in self._names.items() if file is None}
        return {
            path: None if file is None else self._files[file].content(keep)
            for path, file in sorted(entries.items())
            if all(parent in folders for parent in path.parents if parent in made)
        }

    def _sync_entry(self, path: Path) -> None:
        self._durable.pop(path, None)
        if path in self._names:
            self._durable[path] = self._names[path]


def losses(tape: Tape, folder: Path, scratch: Path, seed: int | None = None) -> Iterator[str]:
    """What is lost at each cut. With a ``seed``, a random part of what was not synced is kept,
    at a random part of the cuts: there every cut leaves a new state."""
    platter, promises = Platter(), dict[str, Promise]()
    seen = set[int]()
    luck = random.Random(seed)
    keep = (lambda: False) if seed is None else (lambda: luck.random() < 0.5)
    for number, operation in enumerate(tape.operations):
        if operation[0] == "acknowledged":
            promises[operation[1]] = operation[2]
        else:
            platter.play(operation)
        if seed is not None and luck.random() < 0.6:
            continue
        tree = platter.after_power_loss(keep)
        state = hash((tuple(tree.items()), tuple(promises.items())))
        if state in seen:
            continue
        seen.add(state)
        place = scratch / str(number)
        lay_out(tree, folder, place)
        yield from (f"cut {number} after {operation[0]}: {loss}" for loss in missing(place / folder.name, promises))
        shutil.rmtree(place)


def lay_out(tree: dict[Path, bytes | None], folder: Path, place: Path) -> None:
    place.mkdir(parents=True)
    for path, content in tree.items():
        target = place / path.relative_to(folder.parent)
        if content is None:
            target.mkdir(exist_ok=True)
        else:
            target.write_bytes(content)


def missing(folder: Path, promises: dict[str, Promise]) -> Iterator[str]:
    """What a log in ``folder`` does not keep."""
    try:
        log = SessionLog.open(folder)
    except ProductError as error:
        yield f"does not open: {error}"
        return
    with log:
        verification = log.verify()
        if not verification.ok:
            yield f"does not verify: {verification.problem}"
        for what, kept in promises.items():
            try:
                fine = kept(log)
            except (ProductError, LookupError):
                fine = False
            if not fine:
                yield f"{what} is lost"
