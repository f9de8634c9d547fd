"""An attached folder: all that is in it, nothing that is elsewhere, and never a part of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.intake import GivenAttachment, take_in_attachment
from assistant.servers import servers_of
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore
from assistant.settings import load_settings
from pipelines.errors import BadInput
from pipelines.evidence.volumes import files
from pipelines.records import Attachment
from tests.support.archived import write_series

#: Of the files below a folder.
NAMES = ["a/1.dcm", "a/2.dcm", "b/3.dcm"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three slices of a CT series in two folders."""
    made = tmp_path / "scan"
    for name, path in zip(NAMES, write_series(tmp_path / "made", 3), strict=True):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        path.rename(made / name)
    return made


class Store(FileStore):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Disk())
        self.folder = folder
        self.prepare()

    def kept(self) -> int:
        return sum(path.is_file() for path in self.folder.rglob("*"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files")


def taken(folder: Path, store: FileStore) -> Attachment:
    return take_in_attachment(GivenAttachment(folder), store)


def refused(folder: Path, store: Store) -> str:
    """The one line against it; nothing of it is kept."""
    with pytest.raises(BadInput) as caught:
        taken(folder, store)
    assert store.kept() == 0
    return str(caught.value)


class TestLinks:
    def test_out_of_it(self, folder: Path, store: Store, tmp_path: Path) -> None:
        (other,) = write_series(tmp_path / "other", 1, series="2.25.7001.9")
        (folder / "b" / "4.dcm").symlink_to(other)
        assert refused(folder, store).startswith("b/4.dcm: is a link that leads out of the attached folder; ")

    def test_to_a_folder_out_of_it(self, folder: Path, store: Store, tmp_path: Path) -> None:
        """Which is neither followed nor left out without a word."""
        write_series(tmp_path / "scan2", 1)
        (folder / "c").symlink_to(tmp_path / "scan2")
        assert refused(folder, store).startswith("c: is a link that leads out of the attached folder; ")

    def test_to_nowhere(self, folder: Path, store: Store) -> None:
        (folder / "4.dcm").symlink_to("gone.dcm")
        assert refused(folder, store).startswith("4.dcm: is a link that leads nowhere; ")

    def test_in_a_circle(self, folder: Path, store: Store) -> None:
        (folder / "x").symlink_to("y")
        (folder / "y").symlink_to("x")
        assert "is a link that leads nowhere" in refused(folder, store)

    @pytest.mark.parametrize("target", ["a/1.dcm", "a", ".", "../scan/b"])
    def test_to_what_is_in_it_anyhow(self, folder: Path, store: Store, target: str) -> None:
        before = taken(folder, store)
        (folder / "linked").symlink_to(target)
        assert taken(folder, store) == before
        assert [member.name for member in before.members] == NAMES

    def test_the_folder_may_be_one_itself(self, folder: Path, store: Store, tmp_path: Path) -> None:
        (tmp_path / "today").symlink_to(folder)
        (folder / "linked").symlink_to("a")
        found = taken(tmp_path / "today", store)
        assert (found.name, [member.name for member in found.members]) == ("today", NAMES)


def test_a_part_that_cannot_be_read(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be in it is not left out without a word."""
    scan = os.scandir

    def refusing(path: Any) -> Any:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert refused(folder, store).startswith("b: cannot be read (permission denied); ")


def test_more_files_than_a_study_has(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 2)
    assert refused(folder, store) == "scan: holds more than 2 files; attach the folder of one study"


class TestKeeping:
    def take(self, folder: Path, store: FileStore, progress: Callable[[str, float], None]) -> Attachment:
        servers = servers_of(load_settings(data_dir=folder.parent / "data"), progress)
        return take_in_attachment(GivenAttachment(folder), store, servers)

    def test_how_far_it_is(self, folder: Path, store: Store) -> None:
        told: list[float] = []
        self.take(folder, store, lambda _, share: told.append(share))
        assert told == [0.0, 1 / 3, 2 / 3, 1.0]

    def test_a_file_that_changes_meanwhile(self, folder: Path, store: Store) -> None:
        """What is said to be in it is in the store."""

        def change(_: str, share: float) -> None:
            if share > 0:
                (folder / "b" / "3.dcm").write_bytes(b"another")

        with pytest.raises(BadInput, match=r"b/3\.dcm: changed while it was read"):
            self.take(folder, store, change)
