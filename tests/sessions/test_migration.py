"""Logs of earlier versions, opened by this one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from assistant.sessions import SessionLog
from assistant.sessions.schema import HEAD
from pipelines.ports import Key
from pipelines.records import (
    Embedding,
    Engine,
    ImageCitation,
    PageCitation,
    RecordCitation,
    Result,
    Statement,
    Status,
    Transcript,
)
from tests.sessions import a_run


def _as_the_first_schema_wrote_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE embeddings")
        for column in ("frame", "page", "box", "text", "version", "label"):
            connection.execute(f"ALTER TABLE citations DROP COLUMN {column}")
        for column in ("changes", "suggestions", "quality", "language"):
            connection.execute(f"ALTER TABLE transcripts DROP COLUMN {column}")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")


FIRST_DIGEST = "46ab47825d905ffd923787fa23922908b4e44c566a80bbf70449061dbfa71f3c"


def test_a_transcript_that_says_nothing_new_has_the_digest_that_older_logs_hold() -> None:
    assert (
        Transcript(recording=None, raw="a", text="a", engine=Engine(name="typed", version="1")).digest() == FIRST_DIGEST
    )


def test_a_log_of_the_first_schema_still_holds_and_takes_pictures_and_pages(tmp_path: Path) -> None:
    engine = Engine(name="whisper", version="1")
    transcript = Transcript(recording=None, raw="a b", text="A b", engine=engine, warnings=("quiet",))
    with SessionLog.open(tmp_path) as log:
        run = log.accept(a_run.request(log), log.session("before"))
        old = log.journal.record(Key(run, "record-question", "1"), a_run.result())
        heard = log.journal.record(Key(run, "transcribe", "1"), transcript)
    _as_the_first_schema_wrote_it(tmp_path / "log.db")
    with SessionLog.open(tmp_path) as log:
        found = log.verify()
        assert found.ok, found.problem
        assert log.journal.read(old, Result) == a_run.result()
        assert log.journal.read(heard, Transcript) == transcript
        frame = log.store.put(b"a picture")
        boxed = ImageCitation(attachment="a" * 64, frame=frame, label="SLICE 12", box=(3, 4, 90, 80))
        plain = ImageCitation(attachment="a" * 64, frame=frame)
        shown = Statement(text="Clear.", origin="generated", citations=(plain, boxed))
        place = PageCitation(attachment="a" * 64, page=2, box=(0.1, 0.25, 0.5, 0.3), text="CRP 48.50")
        whole = PageCitation(attachment="a" * 64, page=1, text="")
        entry = RecordCitation(attachment="a" * 64, resource="Condition/1", path="code.text", value="Gout", version="3")
        read = Statement(text="CRP 48.50.", origin="read", citations=(place, whole, entry))
        result = Result(task=None, status=Status.DRAFT, statements=(shown, read))
        new = log.journal.record(Key(run, "image-question", "1"), result)
        seen = Embedding(attachment="a" * 64, frame=frame, weights_sha256="b" * 64, vector="AACAPw==")
        kept = log.journal.record(Key(run, "inspect:embed", "1"), seen)
    with SessionLog.open(tmp_path) as log:
        assert log.journal.read(new, Result) == result
        assert log.journal.read(kept, Embedding) == seen
        assert log.verify().ok
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
