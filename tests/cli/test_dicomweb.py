"""Images in an archive from the command line: attached by their address, kept as files are."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.sessions import SessionLog
from pipelines.errors import BAD_INPUT, MODEL_NEEDED, USAGE
from tests.cli.conftest import Call
from tests.support import orthanc
from tests.support.archived import ROOT, write_series
from tests.support.orthanc import Orthanc

STUDY = f"{ROOT}.1"
PASSWORD = "pwd-OfThisTest"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    orthanc.require()
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as running:
        files = tmp_path_factory.mktemp("files")
        running.store(write_series(files, 5))
        for n, date in ((22, "20250110"), (21, "20260105")):
            film = {"study": f"{ROOT}.{n}", "series": f"{ROOT}.{n}.1", "date": date}
            running.store(write_series(files, 1, modality="CR", patient="p3", BodyPartExamined="CHEST", **film))
        yield running


def test_a_ct_series_waits_for_its_model(archive: Orthanc, call: Call, data_dir: Path) -> None:
    asked = call(
        "ask", "is there a nodule in this CT", "--attach", f"ct-series={archive.address(f'studies/{STUDY}')}", "--json"
    )
    assert asked.code == MODEL_NEEDED, asked.err
    (attachment,) = json.loads(asked.out)["attachments"]
    assert (attachment["kind"], attachment["name"]) == ("ct-series", f"studies/{STUDY}@{archive.host}")
    with SessionLog.open(data_dir) as log:
        (kept,) = log.run(json.loads(asked.out)["run"]).request.attachments
        assert [member.name for member in kept.members] == [f"{STUDY}.1.{n}" for n in range(1, 6)]
        assert log.verify().ok


def test_two_radiographs_by_date(archive: Orthanc, call: Call) -> None:
    asked = call(
        "ask", "compare the chest x-rays", "--task", "chest-xray-comparison", "--json",
        "--attach", archive.address("studies?PatientID=p3"),
    )  # fmt: skip
    assert asked.code == MODEL_NEEDED, asked.err
    names = [one["name"] for one in json.loads(asked.out)["attachments"]]
    assert names == [f"instances/{ROOT}.{n}.1.1@{archive.host}" for n in (22, 21)]


def test_a_password_is_nowhere_written(
    tmp_path: Path, call: Call, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orthanc.require()
    with orthanc.running(tmp_path / "orthanc", users={"wardsister": PASSWORD}) as guarded:
        guarded.store(write_series(tmp_path / "files", 2))
        given = ("ask", "is there a nodule in this CT", "--attach", guarded.address(f"studies/{STUDY}"))
        refused = call(*given)
        assert refused.code == BAD_INPUT
        assert "the archive wants a name and password (401)" in refused.problems[0]
        for name, value in (("URL", guarded.base), ("USER", "wardsister"), ("PASSWORD", PASSWORD)):
            monkeypatch.setenv(f"ASSISTANT_DICOMWEB_{name}", value)
        asked = call(*given, "--json")
    assert asked.code == MODEL_NEEDED, asked.err
    secrets = ("wardsister", PASSWORD, b64encode(f"wardsister:{PASSWORD}".encode()).decode())
    written = [path.read_bytes() for path in data_dir.rglob("*") if path.is_file()]
    for each in (*written, asked.out.encode(), asked.err.encode(), refused.err.encode()):
        assert not [secret for secret in secrets if secret.encode() in each]


def test_what_is_not_there_is_one_line(archive: Orthanc, call: Call) -> None:
    done = call("ask", "is there a nodule", "--attach", archive.address(f"studies/{ROOT}.404"))
    assert done.code == BAD_INPUT
    assert done.problems == [
        f"assistant: studies/{ROOT}.404@{archive.host}: is not in that archive; "
        "check the address: was it deleted or moved there?"
    ]


def test_what_is_no_such_address_is_one_line(call: Call) -> None:
    done = call("ask", "is there a nodule", "--attach", "ct-series=dicomweb+http://pacs.example/studies/1.2")
    assert done.code == USAGE
    (line,) = done.problems
    assert "would send a patient's images unencrypted; use https" in line
