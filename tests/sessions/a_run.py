"""What one run does to the session log, with made-up content."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

from assistant.sessions import SessionLog
from pipelines.ports import Key
from pipelines.records import (
    Attachment,
    Change,
    Check,
    Decision,
    Embedding,
    Engine,
    Flag,
    Kind,
    Member,
    ModelCall,
    Patient,
    Quality,
    RecordCitation,
    Recording,
    Request,
    Result,
    Review,
    RunState,
    Segment,
    Span,
    Statement,
    Status,
    Suggestion,
    TaskName,
    Transcript,
    TranscriptCitation,
    Value,
    Word,
)

ENGINE = Engine(name="whisper", version="1.2", model="base", revision="r1", weights_sha256="0" * 64, note="not MedASR")


class Reading(Value):
    """A value for which the log has no table of its own."""

    readable: bool
    findings: dict[str, float]


def request(log: SessionLog, number: int = 0) -> Request:
    """A request whose files lie in the log's store."""
    audio = log.store.put(b"RIFF" + bytes([number]) * 3000)
    record = log.store.put(b'{"resourceType": "Bundle"}')
    pages = tuple(Member(name=f"page{n}.png", sha256=log.store.put(b"page %d" % n)) for n in range(2))
    return Request(
        recording=Recording(
            sha256=f"{number:064x}",
            file_sha256=audio,
            name="dictation.wav",
            media_type="audio/wav",
            rate=16000,
            channels=1,
            seconds=2.5,
            origin="file",
            warnings=("quiet",),
        ),
        text=None,
        attachments=(
            Attachment(
                sha256=record,
                name="record.json",
                media_type="application/fhir+json",
                size=26,
                kind=Kind.FHIR_RECORD,
                kind_from="user",
                patient=Patient(id="p-1", system="urn:clinic", name="Ada Example", birth_date="1950-01-02"),
            ),
            Attachment(
                sha256="ab" * 32,
                name="pages.zip",
                media_type="application/zip",
                size=12,
                kind=Kind.DOCUMENT,
                kind_from="header",
                members=pages,
                warnings=("two pages",),
            ),
        ),
        template="soap",
        patient="p-1",
    )


def transcript(number: int = 0) -> Transcript:
    words = tuple(
        Word(text=text, start=n / 2, end=n / 2 + 0.4, confidence=0.9, raw_start=n * 6, raw_end=n * 6 + 5)
        for n, text in enumerate(("chest", "clear", "today"))
    )
    return Transcript(
        recording=f"{number:064x}",
        raw="chest clear today",
        text="Chest clear today.",
        engine=ENGINE,
        segments=(Segment(start=0.0, end=1.0, words=words[:2]), Segment(start=1.0, end=1.4, words=words[2:])),
        spans=(Span(start=0, end=17, raw_start=0, raw_end=17),),
        flags=(Flag(kind="number", text="look at this"),),
        warnings=("clipped",),
        gain_db=(-0.0, 3.5),
        changes=(Change(kind="dose", start=0, end=5, raw_start=0, raw_end=5, before="chest", after="Chest"),),
        suggestions=(
            Suggestion(
                kind="near-miss",
                start=6,
                end=11,
                raw_start=6,
                raw_end=11,
                heard="clear",
                term="Klaricid",
                category="drug",
                heard_confidence=0.4,
                term_confidence=0.5,
            ),
        ),
        quality=Quality(peak_db=-3.0, speech_db=-20.5, noise_db=None, clipped=0.0, band_hz=7_000.0, speech_seconds=1.5),
        language="en",
    )


def model_call() -> ModelCall:
    return ModelCall(
        node="transcribe",
        engine=ENGINE,
        inputs=("1" * 64,),
        output=transcript().digest(),
        finish_reason="stop",
        seconds=0.25,
        parameters={"beam": 5, "temperature": 0.0},
        libraries={"faster-whisper": "1.2.1"},
        prompt="note@1 abc",
        prompt_tokens=7,
        output_tokens=9,
    )


def decision() -> Decision:
    return Decision(
        task=TaskName.DICTATION_NOTE,
        by="words",
        confidence=0.97,
        scores={"dictation-note": 0.97, "clinical-question": 0.03},
        inferred_kinds=(Kind.LAB_REPORT,),
        question="A note or a question?",
    )


def result(message: str | None = None, status: Status = Status.DRAFT) -> Result:
    record = RecordCitation(attachment="2" * 64, resource="Observation/1", path="valueQuantity", value="7.1")
    speech = TranscriptCitation(start=0, end=18, audio_start=0.0, audio_end=1.4)
    return Result(
        task=TaskName.DICTATION_NOTE,
        status=status,
        statements=(
            Statement(text="Chest clear today.", origin="dictated", section="objective", citations=(speech, record)),
            Statement(text="Seen again.", origin="inserted"),
        ),
        data={"subjective": [1, 2.5, None], "objective": {"b": True, "a": "x"}},
        message=message,
    )


def review(of: Result) -> Review:
    checks = (
        Check(statement=0, verdict="supported", aspect="words", statement_text="Chest", source_text="chest"),
        Check(statement=1, verdict="not-checkable", aspect="words"),
    )
    return Review(result=of.digest(), checks=checks)


def embedding(log: SessionLog, number: int = 0) -> Embedding:
    """The place of a picture in the log's store: (1, 0) or nearly so."""
    vector = struct.pack("<2f", 1.0, number / 1024)
    return Embedding(
        attachment="ab" * 32,
        frame=log.store.put(b"frame %d" % number),
        weights_sha256="c" * 64,
        vector=base64.b64encode(vector).decode(),
    )


def exercise(log: SessionLog, number: int = 0) -> str:
    """A run from its acceptance to its end, with a pause in between; returns its id."""
    run = log.accept(request(log, number), log.session("desk"))
    log.set_state(run, RunState.RUNNING)
    log.journal.record(Key(run, "transcribe", "1" * 64), transcript(number), (model_call(),))
    log.journal.record(Key(run, "inspect", "2" * 64), Reading(readable=True, findings={"page": 0.5}))
    log.journal.record(Key(run, "inspect:embed", "6" * 64), embedding(log, number))
    log.journal.record(Key(run, "route", "3" * 64), decision())
    log.pause(run, result("A note or a question?", Status.NEEDS_INPUT), "person")
    log.set_state(run, RunState.RUNNING)
    made = result()
    log.journal.record(Key(run, "dictation-note", "4" * 64), made)
    log.journal.record(Key(run, "check", "5" * 64), review(made))
    log.finish(run, made.digest())
    return run


def exercise_many(folder: Path, first: int, end: int) -> None:
    with SessionLog.open(folder, busy_seconds=60) as log:
        for number in range(first, end):
            exercise(log, number)
