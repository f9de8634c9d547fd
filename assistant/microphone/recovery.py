"""Takes that lie in the write-ahead folders: found, read whatever their state, and taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.microphone.frames import OPENING_LENGTH, Frame, Kind, frames_in, joined, opened_take
from assistant.microphone.sounding import Sounding
from assistant.microphone.take import Begin, End, Ending
from assistant.microphone.write_ahead import SUFFIX
from assistant.sessions.disk import Disk

#: The end stands within the last bytes of a take.
_TAIL: Final = 4096


@dataclass(frozen=True)
class LeftTake:
    """A take that no living process writes."""

    take: str
    files: tuple[Path, ...]
    """Oldest first; where a disk was full it goes on in another folder."""


@dataclass(frozen=True)
class Summary:
    """What a take holds, as far as its frames tell without the sound."""

    begin: Begin | None
    """None where the file breaks off before it says so: then there is no sound either."""
    sounding: Sounding
    """After everything was heard."""


def left_takes(folders: Sequence[Path], disk: Disk) -> list[LeftTake]:
    """The takes of processes that are gone, the oldest first. A folder that is missing holds none."""
    files: dict[str, list[Path]] = {}
    living = set[str]()
    for folder in folders:
        for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
            take = path.name.split(".")[0]
            files.setdefault(take, []).append(path)
            if not disk.abandoned(path):
                living.add(take)
    return [
        LeftTake(take, tuple(sorted(paths, key=_place))) for take, paths in sorted(files.items()) if take not in living
    ]


@contextmanager
def frames_of(files: Sequence[Path]) -> Iterator[Iterator[Frame]]:
    """The true frames of a take in order, each once, whatever the state of its files."""
    with ExitStack() as stack:
        found = []
        for path in files:
            file = stack.enter_context(path.open("rb"))
            take = opened_take(file.read(OPENING_LENGTH))
            if take is not None and path.name.startswith(take):
                found.append(frames_in(file, take))
        yield _in_order(found)


def begin_of(files: Sequence[Path]) -> Begin | None:
    """What a take was recorded for; None where its files break off before they say so."""
    with frames_of(files) as frames:
        for frame in frames:
            return Begin.model_validate_json(bytes(frame.payload)) if frame.kind is Kind.BEGIN else None
    return None


def ending_of(files: Sequence[Path]) -> Ending | None:
    """Why a take ended, from its last bytes; None where it broke off."""
    for path in reversed(files):
        with path.open("rb") as file:
            take = opened_take(file.read(OPENING_LENGTH))
            if take is None:
                continue
            file.seek(max(OPENING_LENGTH, path.stat().st_size - _TAIL))
            for frame in frames_in(file, take):
                if frame.kind is Kind.END:
                    return End.model_validate_json(bytes(frame.payload)).reason
    return None


def summarise(files: Sequence[Path]) -> Summary:
    """Read a take once without keeping its sound."""
    with frames_of(files) as frames:
        begin, sounding = None, Sounding()
        for frame in joined(frames):
            if frame.kind is Kind.BEGIN:
                begin = Begin.model_validate_json(bytes(frame.payload))
            for _ in sounding.hear(frame):
                pass
        for _ in sounding.finish():
            pass
    return Summary(begin, sounding)


def remove(files: Sequence[Path], disk: Disk) -> None:
    """Take a take away for good, its last file first: what is left of it by a crash is a take still."""
    for path in reversed(files):
        disk.unlink(path)
        disk.sync_folder(path.parent)


def _place(path: Path) -> int:
    number = path.name.removesuffix(SUFFIX).partition(".")[2]
    return int(number) if number.isdecimal() else 0


def _in_order(files: Sequence[Iterator[Frame]]) -> Iterator[Frame]:
    """By number, each once: a file says again what an earlier one may have lost."""
    from heapq import merge

    last = -1
    in_order = files[0] if len(files) == 1 else merge(*files, key=lambda frame: frame.number)
    for frame in in_order:
        if frame.number > last:
            last = frame.number
            yield frame
