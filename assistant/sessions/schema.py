"""The tables of the session log.

Content tables carry a ``seal_key``: 32 random bytes under which events name the row's content (see ``seal``). A content
row owns the rows of its child tables; they are sealed, and erased, together with it. Long text and hashes of content
stand only in content tables, so that erasing a row leaves nothing of it in the events.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import UserDefinedType

#: The revision this code writes; the newest file in ``migrations/versions``.
HEAD: Final = "0006"


class Exact(UserDefinedType[float]):
    """A float kept bit for bit: REAL would turn -0.0 into 0.0, and the value's digest with it."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "ANY"


class Base(DeclarativeBase):
    type_annotation_map = {str: Text, float: Exact, bytes: LargeBinary}  # noqa: RUF012

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return {"sqlite_strict": True}


Id = Annotated[str, mapped_column(primary_key=True)]
Position = Annotated[int, mapped_column(primary_key=True, autoincrement=False)]
StepId = Annotated[str, mapped_column(ForeignKey("steps.id", ondelete="CASCADE"), primary_key=True)]
TranscriptId = Annotated[str, mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True)]
ResultId = Annotated[str, mapped_column(ForeignKey("results.id", ondelete="CASCADE"), primary_key=True)]
Unique = Annotated[str, mapped_column(unique=True)]
Indexed = Annotated[str, mapped_column(index=True)]


class PatientRow(Base):
    __tablename__ = "patients"
    id: Mapped[Id]
    seal_key: Mapped[bytes]
    digest: Mapped[Unique]
    identifier: Mapped[Indexed]
    system: Mapped[str | None]
    name: Mapped[str | None]
    birth_date: Mapped[str | None]


class SessionRow(Base):
    __tablename__ = "sessions"
    id: Mapped[Id]
    seal_key: Mapped[bytes]
    label: Mapped[Unique]
    started: Mapped[str]


class RecordingRow(Base):
    __tablename__ = "recordings"
    id: Mapped[Id]
    seal_key: Mapped[bytes]
    digest: Mapped[Unique]
    sha256: Mapped[Indexed]
    file_sha256: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    rate: Mapped[int]
    channels: Mapped[int]
    seconds: Mapped[float]
    origin: Mapped[str]
    warnings: Mapped[str]


class AttachmentRow(Base):
    __tablename__ = "attachments"
    id: Mapped[Id]
    seal_key: Mapped[bytes]
    digest: Mapped[Unique]
    sha256: Mapped[Indexed]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    kind: Mapped[str]
    kind_from: Mapped[str]
    patient: Mapped[str | None] = mapped_column(ForeignKey("patients.id"))
    warnings: Mapped[str]


class MemberRow(Base):
    __tablename__ = "attachment_members"
    attachment: Mapped[str] = mapped_column(ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[Position]
    name: Mapped[str]
    sha256: Mapped[str]


class RunRow(Base):
    """``event`` orders runs by when they were accepted, whatever the clock did."""

    __tablename__ = "runs"
    id: Mapped[Id]
    seal_key: Mapped[bytes]
    session: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    event: Mapped[int] = mapped_column(index=True)
    work: Mapped[Indexed]
    attempt: Mapped[int]
    recording: Mapped[str | None] = mapped_column(ForeignKey("recordings.id"))
    text: Mapped[str | None]
    task: Mapped[str | None]
    template: Mapped[str | None]
    patient: Mapped[str | None] = mapped_column(ForeignKey("patients.id"))
    state: Mapped[Indexed]
    needs: Mapped[str | None]
    error: Mapped[str | None]
    exit_code: Mapped[int | None]
    result: Mapped[str | None]
    created: Mapped[str]
    updated: Mapped[str]


class RunAttachmentRow(Base):
    __tablename__ = "run_attachments"
    run: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[Position]
    attachment: Mapped[str] = mapped_column(ForeignKey("attachments.id"))


class StepRow(Base):
    """One journal entry; the value itself is the row with the same id in the table of its kind."""

    __tablename__ = "steps"
    id: Mapped[Id]
    seal_key: Mapped[bytes]
    run: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    node: Mapped[str]
    input_hash: Mapped[str]
    kind: Mapped[str]
    digest: Mapped[Indexed]
    event: Mapped[int]
    __table_args__ = (UniqueConstraint("run", "node", "input_hash"), {"sqlite_strict": True})


class EngineColumns:
    """``records.Engine``, flattened."""

    engine_name: Mapped[str]
    engine_version: Mapped[str]
    engine_model: Mapped[str | None]
    engine_revision: Mapped[str | None]
    engine_weights_sha256: Mapped[str | None]
    engine_note: Mapped[str | None]


class TranscriptRow(EngineColumns, Base):
    __tablename__ = "transcripts"
    id: Mapped[StepId]
    seal_key: Mapped[bytes]
    recording: Mapped[str | None]
    raw: Mapped[str]
    text: Mapped[str]
    warnings: Mapped[str]
    gain_least: Mapped[float | None]
    gain_most: Mapped[float | None]
    # Added by a later schema: behind the engine's columns.
    changes: Mapped[str | None] = mapped_column(sort_order=1000)
    """JSON, as are the next two; NULL where there are none."""
    suggestions: Mapped[str | None] = mapped_column(sort_order=1000)
    quality: Mapped[str | None] = mapped_column(sort_order=1000)
    language: Mapped[str | None] = mapped_column(sort_order=1000)


class SegmentRow(Base):
    __tablename__ = "segments"
    transcript: Mapped[TranscriptId]
    position: Mapped[Position]
    start: Mapped[float]
    end: Mapped[float]


class WordRow(Base):
    __tablename__ = "words"
    transcript: Mapped[str] = mapped_column(primary_key=True)
    segment: Mapped[Position]
    position: Mapped[Position]
    text: Mapped[str]
    start: Mapped[float]
    end: Mapped[float]
    confidence: Mapped[float]
    raw_start: Mapped[int]
    raw_end: Mapped[int]
    __table_args__ = (
        ForeignKeyConstraint(
            ["transcript", "segment"], ["segments.transcript", "segments.position"], ondelete="CASCADE"
        ),
        {"sqlite_strict": True},
    )


class SpanRow(Base):
    __tablename__ = "spans"
    transcript: Mapped[TranscriptId]
    position: Mapped[Position]
    start: Mapped[int]
    end: Mapped[int]
    raw_start: Mapped[int]
    raw_end: Mapped[int]


class FlagRow(Base):
    __tablename__ = "flags"
    transcript: Mapped[TranscriptId]
    position: Mapped[Position]
    kind: Mapped[str]
    text: Mapped[str]


class DecisionRow(Base):
    __tablename__ = "decisions"
    id: Mapped[StepId]
    seal_key: Mapped[bytes]
    task: Mapped[str | None]
    by: Mapped[str]
    confidence: Mapped[float]
    scores: Mapped[str]
    inferred_kinds: Mapped[str]
    question: Mapped[str | None]


class ResultRow(Base):
    __tablename__ = "results"
    id: Mapped[StepId]
    seal_key: Mapped[bytes]
    task: Mapped[str | None]
    status: Mapped[str]
    data: Mapped[str]
    message: Mapped[str | None]


class StatementRow(Base):
    __tablename__ = "statements"
    result: Mapped[ResultId]
    position: Mapped[Position]
    text: Mapped[str]
    origin: Mapped[str]
    section: Mapped[str | None]


class CitationRow(Base):
    """A span of the transcript (start to audio_end), an element of a record (attachment to value) or a picture
    (attachment, frame, label, box)."""

    __tablename__ = "citations"
    result: Mapped[str] = mapped_column(primary_key=True)
    statement: Mapped[Position]
    position: Mapped[Position]
    kind: Mapped[str]
    start: Mapped[int | None]
    end: Mapped[int | None]
    audio_start: Mapped[float | None]
    audio_end: Mapped[float | None]
    attachment: Mapped[str | None]
    resource: Mapped[str | None]
    path: Mapped[str | None]
    value: Mapped[str | None]
    frame: Mapped[str | None]
    page: Mapped[int | None]
    box: Mapped[str | None]
    text: Mapped[str | None]
    version: Mapped[str | None]
    label: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(["result", "statement"], ["statements.result", "statements.position"], ondelete="CASCADE"),
        {"sqlite_strict": True},
    )


class ReviewRow(Base):
    """``result`` is the digest of the result that was reviewed."""

    __tablename__ = "reviews"
    id: Mapped[StepId]
    seal_key: Mapped[bytes]
    result: Mapped[Indexed]


class CheckRow(Base):
    __tablename__ = "checks"
    review: Mapped[str] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[Position]
    statement: Mapped[int]
    verdict: Mapped[str]
    aspect: Mapped[str]
    statement_text: Mapped[str | None]
    source_text: Mapped[str | None]


class ArtifactRow(Base):
    """A value that has no table of its own, as canonical JSON."""

    __tablename__ = "artifacts"
    id: Mapped[StepId]
    seal_key: Mapped[bytes]
    content: Mapped[str]


class EmbeddingRow(Base):
    __tablename__ = "embeddings"
    id: Mapped[StepId]
    seal_key: Mapped[bytes]
    attachment: Mapped[str]
    frame: Mapped[str]
    weights_sha256: Mapped[str]
    vector: Mapped[str]


class ModelCallRow(EngineColumns, Base):
    __tablename__ = "model_calls"
    id: Mapped[Id]
    seal_key: Mapped[bytes]
    step: Mapped[str] = mapped_column(ForeignKey("steps.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    node: Mapped[str]
    inputs: Mapped[str]
    output: Mapped[str]
    finish_reason: Mapped[str]
    seconds: Mapped[float]
    parameters: Mapped[str]
    libraries: Mapped[str]
    prompt: Mapped[str | None]
    prompt_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]


class EventRow(Base):
    __tablename__ = "events"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    time: Mapped[str]
    kind: Mapped[str]
    run: Mapped[str | None] = mapped_column(index=True)
    payload: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class HeadRow(Base):
    """Where the chain ends, so that a cut-off tail is noticed."""

    __tablename__ = "chain_head"
    id: Mapped[int] = mapped_column(CheckConstraint("id = 1"), primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str]


#: Content table -> the child tables sealed with its rows. A child's first column names its parent.
CHILDREN: Final[dict[str, tuple[str, ...]]] = {
    "patients": (),
    "sessions": (),
    "recordings": (),
    "attachments": ("attachment_members",),
    "runs": ("run_attachments",),
    "steps": (),
    "transcripts": ("segments", "words", "spans", "flags"),
    "decisions": (),
    "results": ("statements", "citations"),
    "reviews": ("checks",),
    "artifacts": (),
    "embeddings": (),
    "model_calls": (),
}


def table(name: str) -> Table:
    return Base.metadata.tables[name]
