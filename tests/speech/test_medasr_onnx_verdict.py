"""int8 runs only on the strength of a measurement on enough recordings of the user, of exactly these files."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import UsageProblem
from pipelines.speech.int8_verdict import (
    LEAST_DRUG_MENTIONS,
    LEAST_SECONDS,
    VERDICT,
    ErrorRates,
    IntEightVerdict,
    record_verdict,
    require_verdict,
)
from pipelines.speech.mel import FrontEnd
from pipelines.speech.prepared import Manifest, Parity, files_of
from pipelines.weights.passport import StoredFile

NAMES = [name for form in ("fp32", "int8") for name in files_of(form)]  # type: ignore[arg-type]
MANIFEST = Manifest(
    weights_sha256="a" * 64,
    files={name: StoredFile(size=1, modified_ns=1, sha256=f"{index}" * 64) for index, name in enumerate(NAMES)},
    libraries={},
    opset=20,
    pieces=(None, "a"),
    blank=0,
    front_end=FrontEnd(),
    parity={form: Parity(rows=1, largest_difference=0.0, equal_best=1.0) for form in ("fp32", "int8")},
)
FINE: dict[str, Any] = {
    "data_sha256": "d" * 64,
    "seconds": 1_800.0,
    "drug_mentions": 100,
    "fp32": ErrorRates(wer=0.066, drug_wer=0.10),
    "int8": ErrorRates(wer=0.071, drug_wer=0.105),
    "at": datetime(2026, 11, 26, tzinfo=UTC),
}


def record(place: Path, **changes: Any) -> IntEightVerdict:
    return record_verdict(place, MANIFEST, **{**FINE, **changes})


def test_enough_recordings_and_half_a_point_let_it_run(tmp_path: Path) -> None:
    recorded = record(tmp_path)
    assert require_verdict(tmp_path, MANIFEST) == recorded
    assert recorded.weights_sha256 == MANIFEST.weights_sha256
    assert recorded.fp32_sha256 == MANIFEST.sha256("fp32") != recorded.int8_sha256 == MANIFEST.sha256("int8")
    assert [path.name for path in tmp_path.iterdir()] == [VERDICT]


def test_a_better_int8_is_no_loss(tmp_path: Path) -> None:
    record(tmp_path, int8=ErrorRates(wer=0.01, drug_wer=0.01))
    require_verdict(tmp_path, MANIFEST)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seconds": 1_799.9}, "30.0 of 30 minutes of sound"),
        ({"seconds": 600.0}, "10.0 of 30 minutes of sound"),
        ({"drug_mentions": 99}, "99 of 100 mentions of drugs"),
        ({"seconds": 60.0, "drug_mentions": 0}, "1.0 of 30 minutes of sound and 0 of 100 mentions of drugs"),
        ({"int8": ErrorRates(wer=0.0715, drug_wer=0.1)}, "loses 0.55 points of WER against fp32"),
        ({"int8": ErrorRates(wer=0.066, drug_wer=0.12)}, "loses 2.00 points of drug WER against fp32"),
        ({"int8": ErrorRates(wer=0.2, drug_wer=0.2)}, "13.40 points of WER and 10.00 points of drug WER"),
        ({"int8": ErrorRates(wer=math.nan, drug_wer=0.1)}, "nan points of WER"),
    ],
)
def test_what_is_short_is_named_and_nothing_recorded(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        record(tmp_path, **changes)
    line = str(caught.value)
    assert line.startswith("medasr-int8: ")
    assert told in line
    assert "\n" not in line
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageProblem, match="has not been measured"):
        require_verdict(tmp_path, MANIFEST)


def test_a_later_loss_takes_the_permission_back_and_a_later_short_trial_does_not(tmp_path: Path) -> None:
    record(tmp_path)
    with pytest.raises(UsageProblem, match="too little"):
        record(tmp_path, seconds=60.0, int8=ErrorRates(wer=0.9, drug_wer=0.9))
    require_verdict(tmp_path, MANIFEST)
    with pytest.raises(UsageProblem, match="loses"):
        record(tmp_path, int8=ErrorRates(wer=0.9, drug_wer=0.9))
    with pytest.raises(UsageProblem, match="has not been measured"):
        require_verdict(tmp_path, MANIFEST)


@pytest.mark.parametrize("changed", ["weights", *NAMES])
def test_a_verdict_is_of_these_files_and_no_others(tmp_path: Path, changed: str) -> None:
    record(tmp_path)
    if changed == "weights":
        other = MANIFEST.model_copy(update={"weights_sha256": "b" * 64})
    else:
        files = {**MANIFEST.files, changed: StoredFile(size=1, modified_ns=1, sha256="f" * 64)}
        other = MANIFEST.model_copy(update={"files": files})
    with pytest.raises(UsageProblem, match=r"measured in another form .*evaluate speech"):
        require_verdict(tmp_path, other)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seconds": 20.0}, "too little"),
        ({"drug_mentions": 3}, "too little"),
        ({"int8": {"wer": 0.5, "drug_wer": 0.1}}, "loses"),
        ({"seconds": "many"}, "cannot be read"),
        ({"seconds": math.nan}, "too little"),
    ],
)
def test_a_verdict_written_by_hand_is_held_to_the_same(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    import json

    record(tmp_path)
    content = json.loads((tmp_path / VERDICT).read_text())
    (tmp_path / VERDICT).write_text(json.dumps({**content, **changes}))
    with pytest.raises(UsageProblem, match=told):
        require_verdict(tmp_path, MANIFEST)


@settings(deadline=None)
@given(
    seconds=st.floats(0, 10_000),
    drug_mentions=st.integers(0, 500),
    rates=st.tuples(*(st.floats(0, 1) for _ in range(4))),
)
def test_nothing_else_lets_it_run(
    tmp_path_factory: pytest.TempPathFactory,
    seconds: float,
    drug_mentions: int,
    rates: tuple[float, float, float, float],
) -> None:
    place = tmp_path_factory.mktemp("prepared")
    before, after = ErrorRates(wer=rates[0], drug_wer=rates[1]), ErrorRates(wer=rates[2], drug_wer=rates[3])
    worse = max(after.wer - before.wer, after.drug_wer - before.drug_wer)
    allowed = seconds >= LEAST_SECONDS and drug_mentions >= LEAST_DRUG_MENTIONS and worse <= 0.005 + 1e-9
    try:
        record(place, seconds=seconds, drug_mentions=drug_mentions, fp32=before, int8=after)
    except UsageProblem:
        assert not allowed
    else:
        assert allowed
        require_verdict(place, MANIFEST)
