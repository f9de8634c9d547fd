from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadInput, StorageProblem
from pipelines.evaluation.baseline import HIGHER_IS_BETTER, LOWER_IS_BETTER, compare_or_write


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    return tmp_path / "baseline.json"


def worse(path: Path, figures: dict[str, Any]) -> list[str]:
    return [str(figure) for figure in compare_or_write(path, figures)]


def test_an_absent_baseline_is_written_once(baseline: Path) -> None:
    assert worse(baseline, {"accuracy": 0.9}) == []
    assert worse(baseline, {"accuracy": 0.95}) == []
    assert worse(baseline, {"accuracy": 0.8}) == ["accuracy: 0.8000, was 0.9000"]
    assert [path.name for path in baseline.parent.iterdir()] == [baseline.name]


@pytest.mark.parametrize("key", sorted(HIGHER_IS_BETTER | LOWER_IS_BETTER))
def test_every_figure_has_one_better_direction(baseline: Path, key: str) -> None:
    better, poorer = (0.9, 0.1) if key in HIGHER_IS_BETTER else (0.1, 0.9)
    compare_or_write(baseline, {key: 0.5})
    assert worse(baseline, {key: 0.5}) == []
    assert worse(baseline, {key: better}) == []
    assert len(worse(baseline, {key: poorer})) == 1
    assert not HIGHER_IS_BETTER & LOWER_IS_BETTER


def test_rounding_is_not_worse(baseline: Path) -> None:
    compare_or_write(baseline, {"wer": 0.3})
    assert worse(baseline, {"wer": 0.1 + 0.2}) == []


def test_times_may_differ_from_run_to_run(baseline: Path) -> None:
    compare_or_write(baseline, {"real_time_factor": 0.2})
    assert worse(baseline, {"real_time_factor": 0.29}) == []
    assert len(worse(baseline, {"real_time_factor": 0.31})) == 1


def test_breakdowns_are_compared_group_by_group(baseline: Path) -> None:
    compare_or_write(baseline, {"wer": 0.2, "by_condition": {"noisy": {"wer": 0.4}, "clean/near": {"wer": 0.1}}})
    now = {"wer": 0.2, "by_condition": {"noisy": {"wer": 0.3}, "clean/near": {"wer": 0.2}, "new": {"wer": 0.9}}}
    assert worse(baseline, now) == ["by_condition/clean/near/wer: 0.2000, was 0.1000"]


def test_a_figure_that_is_no_longer_measured_is_worse(baseline: Path) -> None:
    compare_or_write(baseline, {"accuracy": 1.0, "unclear_recall": None})
    assert worse(baseline, {"accuracy": None, "unclear_recall": 0.1}) == ["accuracy: not measured, was 1.0000"]


def test_no_text_is_kept(baseline: Path) -> None:
    compare_or_write(
        baseline, {"accuracy": 0.5, "n": 2, "engines": ["e"], "confusion": {"a": {"b": 1}}, "failures": [{"id": "s"}]}
    )
    assert json.loads(baseline.read_text()) == {"accuracy": 0.5}
    assert worse(baseline, {"accuracy": 0.5, "n": 1, "failures": []}) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"accuracy": "high"}', '{"note": 1}', '{"n": {"wer": 1}}'])
def test_another_file_is_no_baseline(baseline: Path, content: str) -> None:
    baseline.write_text(content)
    with pytest.raises(BadInput, match=r"baseline\.json"):
        compare_or_write(baseline, {"accuracy": 1.0})
    assert baseline.read_text() == content


def test_a_folder_is_no_baseline(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        compare_or_write(tmp_path, {"accuracy": 1.0})


def test_a_baseline_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageProblem, match=r"absent.b\.json: cannot be written"):
        compare_or_write(tmp_path / "absent" / "b.json", {"accuracy": 1.0})
