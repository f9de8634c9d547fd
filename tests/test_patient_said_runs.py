"""A run whose words are about another patient than its evidence waits for a person; nothing of it is in an event."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.past import past_run
from assistant.runner import Runner
from assistant.sessions.database import NAME
from assistant.settings import Settings
from pipelines.errors import DONE, MODEL_NEEDED, PERSON_NEEDED
from pipelines.records import Status, TaskName
from tests.support.engines import ScriptedRecognizer
from tests.support.records import patient, potassium, write_bundle
from tests.support.sounds import write_tone

QUESTION = "What was her last potassium?"


@pytest.fixture
def ears() -> ScriptedRecognizer:
    return ScriptedRecognizer()


@pytest.fixture
def runner(tmp_path: Path, ears: ScriptedRecognizer) -> Iterator[Runner]:
    with open_runner(Settings(data_dir=tmp_path / "data"), recognizer=ears) as opened:
        yield opened


@pytest.fixture
def record(tmp_path: Path) -> GivenAttachment:
    hers = patient() | {"identifier": [{"system": "urn:ward", "value": "47-11"}]}
    return GivenAttachment(write_bundle(tmp_path / "record.json", hers, potassium()))


def event_payloads(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [payload for (payload,) in connection.execute("SELECT payload FROM events")]


@pytest.mark.parametrize(
    "said",
    [
        "This is Ada Testcase, born 2 January 1950.",
        "Patient ID p1.",
        "MRN 4711.",
        "For patient Ada Testkase, MRN 4711.",
        "Her mother's date of birth is 3 May 1920.",
    ],
)
def test_words_about_the_patient_of_the_record(runner: Runner, record: GivenAttachment, said: str) -> None:
    """They are no reason to wait, whether or not the question can be looked up with them before it."""
    asked = Given(text=f"{said} {QUESTION}", attachments=(record,), task=TaskName.RECORD_QUESTION)
    assert runner.submit(asked).exit_code in (DONE, MODEL_NEEDED)


@pytest.mark.parametrize("run_patient", [None, "p1", "47-11"])
def test_spoken_words_about_another(
    runner: Runner, ears: ScriptedRecognizer, record: GivenAttachment, tmp_path: Path, run_patient: str | None
) -> None:
    ears.texts = ("This is Bob Otherperson, born 5 March 1961. He has a cough.",)
    audio = write_tone(tmp_path / "note.wav", 1.0)
    asked = runner.submit(Given(audio=audio, attachments=(record,), task=TaskName.DICTATION_NOTE, patient=run_patient))
    assert asked.exit_code == PERSON_NEEDED
    result = asked.view.result
    assert result is not None
    assert result.status is Status.NEEDS_INPUT
    assert (result.message or "").startswith("What was said is about Bob Otherperson, born 1961-03-05, the evidence")
    events = event_payloads(tmp_path / "data" / NAME)
    assert len(events) > 3
    assert "Otherperson" not in "".join(events)
    done = runner.resume(asked.view.id, same_patient=True)
    assert done.exit_code == DONE
    # Repeated, the yes of then counts.
    assert past_run(runner.log, done.view.id).answer()["patient_confirmed"] == result.digest()
    assert runner.repeat(done.view.id, "again", heard=True).exit_code == DONE
    assert runner.log.verify().ok


def test_a_number_that_is_not_the_patients(runner: Runner, record: GivenAttachment) -> None:
    asked = runner.submit(Given(text=f"MRN 4712. {QUESTION}", attachments=(record,), task=TaskName.RECORD_QUESTION))
    assert asked.exit_code == PERSON_NEEDED
    message = asked.view.result.message if asked.view.result else ""
    assert message == (
        "What was said is about patient 4712, the evidence about Ada Testcase (p1). Is it the same patient?"
    )


def test_a_dictated_note_without_attachments_is_not_asked_about(
    runner: Runner, ears: ScriptedRecognizer, tmp_path: Path
) -> None:
    ears.texts = ("This is Bob Otherperson, born 5 March 1961. He has a cough.",)
    noted = runner.submit(
        Given(audio=write_tone(tmp_path / "note.wav", 1.0), task=TaskName.DICTATION_NOTE, patient="p1")
    )
    assert noted.exit_code == DONE
