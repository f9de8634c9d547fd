"""What is written held against the StructureDefinitions of R4, their invariants included, by Medplum's validator."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given, settings

from pipelines.fhir.composition import composition_bundle
from pipelines.fhir.told import Told
from pipelines.fhir.values import to_json
from pipelines.tasks.lab.rows import LabReport
from tests.fhir.test_compositions import told
from tests.fhir.test_lab_bundles import written
from tests.support.lab_rows import REPORT, reports
from tests.support.real_fhir_server import FOLDER, require

pytestmark = pytest.mark.long


def said_against(bundles: list[bytes]) -> list[list[str]]:
    """What the validator says against each of them."""
    lines = "\n".join(json.dumps(json.loads(one)) for one in bundles)
    done = subprocess.run(["node", "validate.mjs"], cwd=FOLDER, input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_bundles_keep_to_the_standard() -> None:
    require()
    bundles = [written(REPORT), written(REPORT, REPORT)]

    @settings(deadline=None, max_examples=25, database=None)
    @given(reports, told)
    def collect(report: LabReport, of: Told) -> None:
        bundles.extend((written(report), to_json(composition_bundle(of))))

    collect()
    found = said_against(bundles)
    assert len(found) == len(bundles)
    assert [one for one in found if one] == []


def test_the_validator_sees_what_is_wrong() -> None:
    require()
    broken = json.loads(written(REPORT))
    [potassium] = [
        one["resource"] for one in broken["entry"] if one["resource"].get("code", {}).get("text") == "Potassium"
    ]
    potassium["dataAbsentReason"] = {"text": "beside a value"}
    [found] = said_against([json.dumps(broken).encode()])
    assert any("obs-6" in problem for problem in found)
