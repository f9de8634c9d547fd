"""Where images lie while they are fetched: nothing of it stays, whatever becomes of the process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from assistant.imaging import staging as staging_module
from assistant.imaging.staging import staging

_HOLD = """
import sys
from pathlib import Path
from assistant.imaging.staging import staging
with staging(Path(sys.argv[1])) as folder:
    (folder / "arriving").write_bytes(b"half")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_it_goes_with_its_block(tmp_path: Path) -> None:
    with staging(tmp_path / "fetching") as folder:
        (folder / "0").mkdir()
        (folder / "0" / "arriving").write_bytes(b"half")
    assert not list((tmp_path / "fetching").iterdir())
    with pytest.raises(RuntimeError), staging(tmp_path / "fetching"):
        raise RuntimeError
    assert not list((tmp_path / "fetching").iterdir())


@pytest.mark.parametrize(("step", "of"), [("mkdtemp", tempfile), ("_lock", staging_module)])
def test_one_that_another_process_takes_for_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, of: ModuleType
) -> None:
    """Between its making and its locking, or before that counts, anybody may remove it."""
    take, taken = getattr(of, step), []

    def beaten(*given: Any, **where: Any) -> Any:
        done = take(*given, **where)
        if not taken:
            (new,) = tmp_path.iterdir()
            taken.append(str(new))
            new.rmdir()
        return done

    monkeypatch.setattr(of, step, beaten)
    with staging(tmp_path) as folder:
        assert folder.is_dir()
        assert str(folder) not in taken


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with staging(tmp_path) as mine:
            assert {path.name for path in tmp_path.iterdir()} == {theirs.name, mine.name}
        assert (theirs / "arriving").read_bytes() == b"half"
        other.kill()
        other.wait()
        with staging(tmp_path) as mine:
            assert list(tmp_path.iterdir()) == [mine]
