"""A long FHIR record from its file to the first answer, against fhir.resources that only loads it; questions a second;
and the memory that one patient of a large bulk export takes.

Times are of the processor, so that other work on the machine is not counted. The first answer of a process also reads
the table of names and makes the patterns that questions are read with; imports are counted in neither. The record is
made here: 6 MB as Synthea prints it, half of it bills. The export is 1 GB of NDJSON in a temporary folder
(`RECORD_LOAD_MB=100` for a smaller one), read in a process of its own whose peak is what the operating system counts,
Python and all its libraries.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.line import print_line
from pipelines.evidence.records.record import read_record
from pipelines.tasks.record.question import answer

VISITS = 110
ROUNDS = 5
GOAL_TIMES = 50
GOAL_MB = 250
TODAY = date(2026, 11, 26)
QUESTIONS = (
    "what was her last hemoglobin A1c and when",
    "what is the highest potassium",
    "how did her creatinine change",
    "when was the last blood pressure taken and what was it",
    "what medications has she been on",
    "how many glucose results are there",
    "does she have any allergies",
    "when was her first visit",
    "was her sodium ever low",
    "how old is she",
)


def load_with_models(path: Path) -> object:
    from fhir.resources.R4B.bundle import Bundle

    return Bundle.model_validate_json(path.read_bytes())


def first_answer(path: Path) -> object:
    result = answer(QUESTIONS[0], read_record(path.read_bytes(), path.name, "0" * 64), TODAY)
    assert result.statements
    assert "A1c" in result.statements[0].text
    return result


def seconds(work: Callable[[Path], object], path: Path, rounds: int) -> float:
    """The best of some rounds, what was made let go of between them."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        made = work(path)
        best = min(best, time.process_time() - start)
        del made
    return best


def read_export(folder: Path, patient: str) -> None:
    """In the child: read one patient of the export, and say what it took."""
    from assistant.intake import GivenAttachment, take_in_attachment
    from assistant.sessions.disk import Disk
    from assistant.sessions.files import FileStore
    from pipelines.evidence.records.record import read_attached
    from tests.support.peak_memory import peak_bytes

    store = FileStore(folder.parent / "store", Disk())
    store.prepare()
    attachment = take_in_attachment(GivenAttachment(folder), store)
    start = time.process_time()
    record = read_attached(attachment, store, patient)
    found = len(record.resources)
    took = time.process_time() - start
    print(json.dumps({"peak_mb": peak_bytes() / 2**20, "seconds": took, "resources": found}))


def main() -> None:
    from tests.support.long_record import as_bundle, long_record, write_export

    megabytes = int(os.environ.get("RECORD_LOAD_MB", "1024"))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "record.json"
        path.write_bytes(as_bundle(long_record(VISITS)))
        cold = seconds(first_answer, path, 1)
        ours = seconds(first_answer, path, 4 * ROUNDS)
        record = read_record(path.read_bytes(), path.name, "0" * 64)
        start = time.process_time()
        for question in QUESTIONS * ROUNDS:
            answer(question, record, TODAY)
        each = (time.process_time() - start) / len(QUESTIONS) / ROUNDS
        models = seconds(load_with_models, path, ROUNDS)
        export = Path(scratch) / "export"
        people = write_export(export, megabytes << 20)
        child = [sys.executable, "-m", "benchmarks.record_load", str(export), people[len(people) // 2]]
        found = json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout)
        bundle_mb = path.stat().st_size / 1e6
    print_line(
        "record_load",
        {
            "bundle_mb": bundle_mb,
            "first_answer_ms": ours * 1000,
            "first_answer_of_the_process_ms": cold * 1000,
            "fhir_resources_load_ms": models * 1000,
            "questions_per_second": 1 / each,
            "export_mb": megabytes,
            "export_seconds": found["seconds"],
            "export_peak_mb": found["peak_mb"],
            "export_resources": found["resources"],
        },
        models / ours,
        f"file to first answer at least {GOAL_TIMES} times as fast as fhir.resources loads it; "
        f"one patient of the export in at most {GOAL_MB} MB",
        met=models / ours >= GOAL_TIMES and found["peak_mb"] <= GOAL_MB,
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        read_export(Path(sys.argv[1]), sys.argv[2])
    else:
        main()
