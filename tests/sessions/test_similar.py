"""Similar pictures: the nearest by cosine, of the same weights only, and gone once they are erased."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from assistant.sessions import SessionLog, Similar
from pipelines.errors import VerificationFailed
from pipelines.models.classifier import pack
from pipelines.ports import Key
from pipelines.records import Attachment, Embedding, Kind, Request

WEIGHTS, OTHERS = "a" * 64, "b" * 64


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def attach(log: SessionLog, name: str) -> Attachment:
    return Attachment(
        sha256=log.store.put(name.encode()),
        name=name,
        media_type="image/png",
        size=1,
        kind=Kind.IMAGE,
        kind_from="header",
    )


def a_run(log: SessionLog, *places: tuple[str, np.ndarray], weights: str = WEIGHTS) -> str:
    """A run with pictures of these names that lie there; returns its id."""
    attachments = tuple(attach(log, name) for name, _ in places)
    run = log.accept(Request(recording=None, text="look", attachments=attachments), log.session("desk"), again=True)
    for attachment, (name, vector) in zip(attachments, places, strict=True):
        place = Embedding(
            attachment=attachment.sha256,
            frame=log.store.put(b"frame of " + name.encode()),
            weights_sha256=weights,
            vector=pack(vector),
        )
        log.journal.record(Key(run, "inspect:embed", attachment.sha256 + weights), place)
    return run


def named(found: tuple[Similar, ...]) -> list[str]:
    return [one.attachment for one in found]


def test_the_nearest_come_first_with_where_they_are_from(log: SessionLog) -> None:
    run = a_run(log, ("far.png", unit(0, 1)), ("near.png", unit(1, 0.1)))
    other = a_run(log, ("middle.png", unit(1, 1)))
    found = log.similar(unit(1, 0), WEIGHTS, 2)
    assert named(found) == ["near.png", "middle.png"]
    assert [one.run for one in found] == [run, other]
    assert found[0].similarity == pytest.approx(1 / 1.01**0.5)
    assert found[1].similarity == pytest.approx(0.5**0.5)
    assert found[0].when == log.run(run).created
    assert log.store.get(found[0].frame) == b"frame of near.png"
    assert named(log.similar(unit(-1, 0), WEIGHTS, 9)) == ["far.png", "middle.png", "near.png"]


def test_the_same_picture_is_as_near_as_can_be(log: SessionLog) -> None:
    vector = unit(*np.random.default_rng(0).normal(size=1152))
    a_run(log, ("same.png", vector))
    [found] = log.similar(vector, WEIGHTS, 5)
    assert found.similarity == pytest.approx(1.0, abs=1e-6)


def test_other_weights_cannot_be_compared(log: SessionLog) -> None:
    a_run(log, ("one.png", unit(1, 0)))
    a_run(log, ("other.png", unit(1, 0, 0)), weights=OTHERS)
    assert named(log.similar(unit(1, 0), WEIGHTS, 5)) == ["one.png"]
    assert named(log.similar(unit(1, 0, 0), OTHERS, 5)) == ["other.png"]
    assert log.similar(unit(1, 0), "c" * 64, 5) == ()


def test_a_run_is_not_like_itself(log: SessionLog) -> None:
    run = a_run(log, ("one.png", unit(1, 0)), ("two.png", unit(1, 0.5)))
    again = a_run(log, ("one.png", unit(1, 0)))
    assert [one.run for one in log.similar(unit(1, 0), WEIGHTS, 5, without=run)] == [again]
    assert [(name, place.weights_sha256) for name, place in log.pictures_of(run)] == [
        ("one.png", WEIGHTS),
        ("two.png", WEIGHTS),
    ]
    assert log.pictures_of(again)[0].embedding.vector == pack(unit(1, 0))


def test_of_a_picture_that_was_looked_at_twice_the_last_counts(log: SessionLog) -> None:
    run = a_run(log, ("one.png", unit(1, 0)))
    [(_, place)] = log.pictures_of(run)
    later = place.model_copy(update={"vector": pack(unit(0, 1))})
    log.journal.record(Key(run, "inspect:embed", "later"), later)
    assert log.pictures_of(run) == (("one.png", later),)
    [found] = log.similar(unit(1, 0), WEIGHTS, 5)
    assert found.similarity == pytest.approx(0.0)


def test_an_attachment_that_a_run_lost_keeps_its_name(log: SessionLog) -> None:
    run = a_run(log, ("one.png", unit(1, 0)))
    log.change_attachments(run, without={"one.png"})
    assert named(log.similar(unit(1, 0), WEIGHTS, 5)) == ["one.png"]


def test_more_than_are_read_at_once(log: SessionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.sessions.similar._AT_ONCE", 3)
    angles = np.random.default_rng(1).permutation(10)
    for angle in angles:
        a_run(log, (f"{angle}.png", unit(np.cos(angle / 10), np.sin(angle / 10))))
    assert named(log.similar(unit(1, 0), WEIGHTS, 4)) == ["0.png", "1.png", "2.png", "3.png"]


def test_a_log_without_pictures_has_nothing_similar(log: SessionLog) -> None:
    assert log.similar(unit(1, 0), WEIGHTS, 5) == ()


@pytest.mark.parametrize("vector", ["no vector", "AAA=", pack(unit(1, 0, 0))])
def test_what_cannot_be_compared_is_named(tmp_path: Path, vector: str) -> None:
    """And is found by verification: see test_tampering."""
    with SessionLog.open(tmp_path) as log:
        a_run(log, ("one.png", unit(1, 0)))
        with closing(sqlite3.connect(tmp_path / "log.db")) as connection, connection:
            connection.execute("UPDATE embeddings SET vector = ?", (vector,))
        with pytest.raises(VerificationFailed, match="its vector cannot be compared"):
            log.similar(unit(1, 0), WEIGHTS, 5)
        assert (log.verify().problem or "").endswith("its content does not match its seal")


def test_what_was_erased_is_not_found_and_the_chain_still_holds(tmp_path: Path) -> None:
    with SessionLog.open(tmp_path) as log:
        a_run(log, ("one.png", unit(1, 0)))
        kept = a_run(log, ("two.png", unit(1, 0)))
        assert log.verify().ok
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        [row] = connection.execute("SELECT min(id) FROM embeddings").fetchone()
        connection.execute("DELETE FROM embeddings WHERE id = ?", (row,))
        connection.commit()
    with SessionLog.open(tmp_path) as log:
        assert log.verify().problem == f"embeddings row {row}: is missing"
        log.event("erased", None, {"rows": [["embeddings", row]]})
        assert log.verify().ok
        assert [one.run for one in log.similar(unit(1, 0), WEIGHTS, 5)] == [kept]


def test_events_say_nothing_of_where_a_picture_lies(tmp_path: Path) -> None:
    with SessionLog.open(tmp_path) as log:
        run = a_run(log, ("one.png", unit(3, 4)))
        [(_, place)] = log.pictures_of(run)
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        events = " ".join(payload for (payload,) in connection.execute("SELECT payload FROM events"))
    for secret in (place.vector, place.frame, place.attachment, "one.png"):
        assert secret not in events
