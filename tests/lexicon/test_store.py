"""The user's own entries: changed whole or not at all, by several at once, and never named in the log."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from assistant.lexicon import OwnLexicon, load_lexicon
from assistant.lexicon import store as module
from assistant.lexicon.entries import own_entry
from assistant.sessions import SessionLog
from assistant.sessions.disk import Disk
from pipelines.errors import BadInput, StorageProblem
from pipelines.text.lexicon import Entry
from pipelines.text.lexicon_builtin import builtin


def _add(folder: Path, *entries: Entry, disk: Disk | None = None) -> tuple[int, int]:
    with SessionLog.open(folder) as log:
        return OwnLexicon(folder, disk).add(log, entries)


def test_own_entries_come_first_and_win_over_builtin_ones(tmp_path: Path) -> None:
    _add(tmp_path, own_entry("Metformin", ["met for men"], "drug", "Glucophage"))
    entries = load_lexicon(tmp_path).entries
    assert entries[0].replacement == "Glucophage"
    assert [entry.own for entry in entries if entry.phrase.lower() == "metformin"] == [True]
    assert len(entries) == len(builtin())


def test_without_a_file_there_are_the_builtin_ones(tmp_path: Path) -> None:
    assert load_lexicon(tmp_path / "nowhere").entries == builtin()


def test_the_same_phrase_again_is_merged(tmp_path: Path) -> None:
    assert _add(tmp_path, own_entry("Zygon", ["sigh gone"], "device", "Zygon stent")) == (1, 0)
    assert _add(tmp_path, own_entry("ZYGON", ["zee gone"]), own_entry("zygon"), own_entry("other")) == (1, 2)
    assert OwnLexicon(tmp_path).entries() == (
        own_entry("other"),
        own_entry("zygon", ["sigh gone", "zee gone"], "device", "Zygon stent"),
    )


def test_remove_takes_it_in_any_case_and_says_when_there_is_none(tmp_path: Path) -> None:
    _add(tmp_path, own_entry("Zygon stent"))
    own = OwnLexicon(tmp_path)
    with SessionLog.open(tmp_path) as log:
        own.remove(log, "zygon  STENT")
        assert own.entries() == ()
        with pytest.raises(BadInput, match="no entry of yours"):
            own.remove(log, "zygon stent")


def test_each_change_leaves_an_event_that_names_nothing(tmp_path: Path) -> None:
    _add(tmp_path, own_entry("Kowalczyk", ["cow all chick"], replacement="Dr K"))
    _add(tmp_path, own_entry("Kowalczyk"))
    with SessionLog.open(tmp_path) as log:
        [event] = log.payloads("lexicon-changed")
        assert log.verify().ok
    assert set(event) <= {"entries", "before"}
    assert all(isinstance(value, int) for value in event.values())


class _Refusing(Disk):
    """A disk that is full at one of the steps."""

    def __init__(self, step: str) -> None:
        self.step = step

    def _refuse(self, step: str) -> None:
        if step == self.step:
            raise OSError(errno.ENOSPC, "No space left on device")

    def write(self, descriptor: int, data: bytes) -> None:
        super().write(descriptor, data[: len(data) // 2])
        self._refuse("write")
        super().write(descriptor, data[len(data) // 2 :])

    def fsync(self, descriptor: int) -> None:
        self._refuse("fsync")
        super().fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        self._refuse("rename")
        super().rename(source, target)


@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
def test_where_the_disk_refuses_the_old_entries_stay(tmp_path: Path, step: str) -> None:
    _add(tmp_path, own_entry("Zygon"))
    with pytest.raises(StorageProblem, match="the disk is full"):
        _add(tmp_path, own_entry("other"), disk=_Refusing(step))
    assert OwnLexicon(tmp_path).entries() == (own_entry("Zygon"),)
    assert _add(tmp_path, own_entry("other")) == (1, 0)


def test_the_file_is_synced_before_it_takes_its_place(tmp_path: Path) -> None:
    steps = []

    class Watched(Disk):
        def fsync(self, descriptor: int) -> None:
            steps.append("fsync")
            super().fsync(descriptor)

        def rename(self, source: Path, target: Path) -> None:
            steps.append("rename")
            super().rename(source, target)

        def sync_folder(self, path: Path) -> None:
            steps.append("sync folder")
            super().sync_folder(path)

    _add(tmp_path, own_entry("Zygon"), disk=Watched())
    assert steps == ["fsync", "rename", "sync folder"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'[{"phrase": "{period}"}]', b'[{"word": "a"}]', b"\xff"])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lexicon.json").write_bytes(content)
    with pytest.raises(StorageProblem, match="is damaged"):
        load_lexicon(tmp_path)
    assert (tmp_path / "lexicon.json").read_bytes() == content


def test_too_many_entries_are_refused_and_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    _add(tmp_path, own_entry("a1"), own_entry("a2"))
    with pytest.raises(BadInput, match="more than 3 entries"):
        _add(tmp_path, own_entry("a3"), own_entry("a4"))
    assert len(OwnLexicon(tmp_path).entries()) == 2


def test_several_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    adding = (
        "import sys; from pathlib import Path; from assistant.lexicon import OwnLexicon\n"
        "from assistant.lexicon.entries import own_entry; from assistant.sessions import SessionLog\n"
        "folder, name = Path(sys.argv[1]), sys.argv[2]\n"
        "with SessionLog.open(folder, busy_seconds=60) as log:\n"
        "    for i in range(10): OwnLexicon(folder, busy_seconds=60).add(log, [own_entry(f'{name} {i}')])\n"
    )
    SessionLog.open(tmp_path).close()
    several = [
        subprocess.Popen([sys.executable, "-c", adding, str(tmp_path), name]) for name in ("one", "two", "three")
    ]
    assert [one.wait() for one in several] == [0, 0, 0]
    assert len(OwnLexicon(tmp_path).entries()) == 30


def test_who_holds_it_for_ever_is_not_waited_for(tmp_path: Path) -> None:
    _add(tmp_path, own_entry("Zygon"))
    with FileLock(tmp_path / "lexicon.lock"), SessionLog.open(tmp_path) as log:
        own = OwnLexicon(tmp_path, busy_seconds=0.05)
        with pytest.raises(StorageProblem, match="being changed by another program"):
            own.remove(log, "zygon")
    assert OwnLexicon(tmp_path).entries() == (own_entry("Zygon"),)


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    _add(tmp_path, own_entry("Zygon"))
    file = tmp_path / "lexicon.json"
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(file.read_text())[0]["phrase"] == "Zygon"
