"""The shipped files, the training command, and what routing must not import."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from pipelines.errors import BadInput
from pipelines.records import Kind
from pipelines.routing import Router, train

UTTERANCES = Path(train.__file__).with_name("utterances")
SIZE_LIMIT = 3_000_000


def test_deciding_imports_no_learning_library() -> None:
    code = (
        "import sys\n"
        "from pipelines.routing import Router\n"
        "Router.load().decide('is there a clot', ['ct-series'])\n"
        "print([m for m in ('sklearn', 'torch', 'transformers', 'scipy', 'tokenizers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_shipped_files_are_small() -> None:
    package = Path(train.__file__).parent
    assert sum(file.stat().st_size for file in package.glob("*.npz")) < SIZE_LIMIT


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A folder with a few utterances of every task by two authors."""
    folder = tmp_path / "utterances"
    folder.mkdir()
    for author in ("harper", "okafor"):
        by_task = defaultdict(list)
        for line in (UTTERANCES / f"{author}.jsonl").read_text(encoding="utf-8").splitlines():
            by_task[json.loads(line)["task"]].append(line)
        lines = [line for task in sorted(by_task) for line in by_task[task][:12]]
        (folder / f"{author}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.mark.long
def test_training_twice_gives_the_same_bytes(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    for out in (first, second):
        assert train.main(["--data", str(few), "--out", str(out)]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert "held out by author" in capsys.readouterr().out
    router = Router.load(first)
    assert router.decide("Is there a pneumothorax?", [Kind.CHEST_XRAY]) == Router.load(second).decide(
        "Is there a pneumothorax?", [Kind.CHEST_XRAY]
    )


def test_a_task_without_utterances_is_named(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in few.glob("*.jsonl"):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if '"slide-review"' not in line]
        file.write_text("\n".join(lines), encoding="utf-8")
    assert train.main(["--data", str(few), "--out", str(tmp_path / "out.npz")]) == 3
    assert "slide-review" in capsys.readouterr().out
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("line", ["{", '{"text": "a"}', '{"text":"a","attachments":["scan"],"task":"unclear"}', "[]"])
def test_a_line_that_is_no_utterance_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(BadInput, match=r"x\.jsonl line 1"):
        train.read_utterances(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no utterances"):
        train.read_utterances(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"not weights"])
def test_weights_that_cannot_be_read_are_refused(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "weights.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadInput, match=r"weights\.npz"):
        Router.load(file)
