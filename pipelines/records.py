"""The words of the house as frozen values (see docs/design.md): what passes between rooms, and nothing else.

All times are seconds, all hashes lower-case hexadecimal SHA-256, all character offsets count Python characters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class Value(BaseModel):
    """A frozen record with one canonical form, so that equal values have equal hashes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    added_later: ClassVar[frozenset[str]] = frozenset()
    """Fields that older logs do not know: while they say nothing they are no part of the canonical form."""

    def canonical(self) -> bytes:
        """The value as JSON with sorted keys and no spaces: what hashes are taken over."""
        import orjson

        silent = {name for name in self.added_later if getattr(self, name) == type(self).model_fields[name].default}
        return orjson.dumps(self.model_dump(mode="json", exclude=silent), option=orjson.OPT_SORT_KEYS)

    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return hashlib.sha256(self.canonical()).hexdigest()


class TaskName(StrEnum):
    DICTATION_NOTE = "dictation-note"
    CLINICAL_QUESTION = "clinical-question"
    RECORD_QUESTION = "record-question"
    RECORD_SUMMARY = "record-summary"
    LAB_REPORT = "lab-report"
    IMAGE_QUESTION = "image-question"
    CHEST_XRAY_REPORT = "chest-xray-report"
    CHEST_XRAY_COMPARISON = "chest-xray-comparison"
    ANATOMY_LOCALIZATION = "anatomy-localization"
    CT_VOLUME = "ct-volume"
    MRI_VOLUME = "mri-volume"
    SLIDE_REVIEW = "slide-review"


class Kind(StrEnum):
    """Attachment kinds."""

    CHEST_XRAY = "chest-xray"
    RADIOGRAPH = "radiograph"
    DERMATOLOGY = "dermatology"
    FUNDUS = "fundus"
    HISTOPATHOLOGY_PATCH = "histopathology-patch"
    IMAGE = "image"
    CT_SERIES = "ct-series"
    MR_SERIES = "mr-series"
    WHOLE_SLIDE = "whole-slide"
    LAB_REPORT = "lab-report"
    FHIR_RECORD = "fhir-record"
    DOCUMENT = "document"


#: What one picture is, or a few; not a study.
PICTURE_KINDS: Final = frozenset(
    {Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH, Kind.IMAGE}
)


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Status(StrEnum):
    """Of a Result. A ``needs-…`` status means a paused run."""

    DRAFT = "draft"
    NEEDS_INPUT = "needs-input"
    NEEDS_MODEL = "needs-model"
    NEEDS_REVIEW = "needs-review"
    APPROVED = "approved"
    REJECTED = "rejected"
    SIGNED = "signed"
    NOT_SERVED = "not-served"
    FAILED = "failed"


class Engine(Value):
    """Which engine did the work: enough to find the same one again."""

    name: str
    version: str
    model: str | None = None
    revision: str | None = None
    weights_sha256: str | None = None
    note: str | None = None
    """What a reader must know about it, e.g. that it is not MedASR."""


class Patient(Value):
    id: str
    system: str | None = None
    name: str | None = None
    birth_date: str | None = None


class Stated(Value):
    """Whom somebody says that it is about; what was not said is None."""

    id: str | None = None
    name: str | None = None
    birth_date: str | None = None


class Recording(Value):
    """Audio as it was captured or read."""

    sha256: str
    """Of the samples (rate and channel count included), so that one sound in two containers is one recording."""
    file_sha256: str
    """Of the bytes as given: the store's key to them."""
    name: str
    media_type: str
    rate: int
    channels: int
    seconds: float
    origin: Literal["file", "microphone", "api"]
    warnings: tuple[str, ...] = ()


class Word(Value):
    """One recognised word. ``raw[raw_start:raw_end] == text`` in its transcript."""

    text: str
    start: float
    end: float
    confidence: float
    raw_start: int
    raw_end: int


class Segment(Value):
    """A stretch of speech as the engine cut it; ``words`` in order, gaps allowed."""

    start: float
    end: float
    words: tuple[Word, ...]


class Flag(Value):
    """Something in a transcript that a reader should look at."""

    kind: str
    text: str


class Span(Value):
    """``text[start:end]`` of the formatted transcript came from ``raw[raw_start:raw_end]``."""

    start: int
    end: int
    raw_start: int
    raw_end: int


class Change(Value):
    """Words that are written in another form than they were recognised in; both forms are kept.

    ``text[start:end] == after``, which came from ``raw[raw_start:raw_end]``. Where something was taken out, ``after``
    is empty and ``start == end``.
    """

    kind: str
    """``command``, ``scratched``, ``number``, ``dose``, ``date``, …, or ``replacement`` (by an entry of the user's)."""
    start: int
    end: int
    raw_start: int
    raw_end: int
    before: str
    after: str


class Suggestion(Value):
    """A word that may have been misheard, for the reader to decide. Nothing was changed.

    ``text[start:end] == heard``.
    """

    kind: Literal["near-miss", "look-alike"]
    """``near-miss``: unlikely as recognised and close to ``term``. ``look-alike``: a drug that is easily taken for the
    drug ``term``; reported however sure the recogniser was."""
    start: int
    end: int
    raw_start: int
    raw_end: int
    heard: str
    term: str
    category: str
    heard_confidence: float | None
    term_confidence: float
    """How close ``term`` is in sound and spelling, from 0 to 1."""


class Quality(Value):
    """What the sound is like, measured on the recording as it was captured. Levels in dB of full scale."""

    peak_db: float
    speech_db: float | None
    """RMS level while somebody speaks; None where nobody does."""
    noise_db: float | None
    """RMS level of the quietest tenth."""
    clipped: float
    """Share of samples at full scale in runs of at least three."""
    band_hz: float | None
    """Above this the recording holds next to nothing."""
    speech_seconds: float


class Transcript(Value):
    """What was said: as recognised (``raw``), as written (``text``), and how the one became the other.

    Typed requests have ``engine.name == "typed"``, no segments and no recording.
    """

    added_later: ClassVar[frozenset[str]] = frozenset({"changes", "suggestions", "quality", "language"})

    recording: str | None
    """``Recording.sha256``."""
    raw: str
    text: str
    engine: Engine
    segments: tuple[Segment, ...] = ()
    spans: tuple[Span, ...] = ()
    flags: tuple[Flag, ...] = ()
    warnings: tuple[str, ...] = ()
    gain_db: tuple[float, float] | None = None
    """Least and greatest level correction that was applied before recognition."""
    changes: tuple[Change, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    quality: Quality | None = None
    language: str | None = None
    """The language that was heard (ISO 639-1), where it was looked for."""

    def audio_time(self, start: int, end: int) -> tuple[float, float] | None:
        """When ``text[start:end]`` was spoken, or None where no word times are known."""
        raw = [span for span in self.spans if span.start < end and span.end > start]
        if not raw:
            return None
        first, last = min(s.raw_start for s in raw), max(s.raw_end for s in raw)
        words = [w for seg in self.segments for w in seg.words if w.raw_start < last and w.raw_end > first]
        return (words[0].start, words[-1].end) if words else None


class Member(Value):
    """One file of an attachment that was given as a folder or archive."""

    name: str
    sha256: str


class Attachment(Value):
    """A file, folder or archive given with the request. ``sha256`` of one file is its bytes'; of several, that of
    the canonical list of members."""

    sha256: str
    name: str
    media_type: str
    size: int
    kind: Kind
    kind_from: Literal["header", "user", "words", "model"]
    members: tuple[Member, ...] = ()
    patient: Patient | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the words may say what kind it is: nobody and no header did, at most a model."""
        return self.kind in (Kind.IMAGE, Kind.DOCUMENT) or self.kind_from == "model"


class Embedding(Value):
    """Where a picture lies among all pictures, as a model sees them: those that look alike to it lie near."""

    attachment: str
    """``Attachment.sha256``."""
    frame: str
    """SHA-256 of the exact picture that the model was shown; it lies in the store."""
    weights_sha256: str
    """Of the model. Those of other weights lie elsewhere, and cannot be compared."""
    vector: str
    """Base64 of its float32 components, little-endian; their length together is 1."""


class TranscriptCitation(Value):
    """A span of the formatted transcript, and when it was spoken."""

    kind: Literal["transcript"] = "transcript"
    start: int
    end: int
    audio_start: float | None = None
    audio_end: float | None = None


class RecordCitation(Value):
    """An element of a record: ``Observation/123`` and the path within it."""

    kind: Literal["record"] = "record"
    attachment: str
    resource: str
    path: str
    value: str
    """The element as it stands there, for the reader."""
    version: str | None = None
    """Of the resource (``meta.versionId``), where it states one."""

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a version as older logs have it: hashes are taken over this form."""
        dumped: dict[str, Any] = dump(self)
        if self.version is None:
            dumped.pop("version", None)
        return dumped


class ImageCitation(Value):
    """A picture that a model was shown, or a place in it."""

    kind: Literal["image"] = "image"
    attachment: str
    frame: str
    """SHA-256 of the picture that was sent, or of the sheet that shows all that were; it lies in the store."""
    label: str | None = None
    """What the reader calls it: ``SLICE 12``, ``patch 3``, ``all 85 slices that were shown``."""
    box: tuple[int, int, int, int] | None = None
    """Left, upper, right and lower edge in pixels of the attached picture; None for all of it."""

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without label and box as older logs have it: hashes are taken over this form."""
        dumped: dict[str, Any] = dump(self)
        for name in ("label", "box"):
            if getattr(self, name) is None:
                dumped.pop(name, None)
        return dumped


class PageCitation(Value):
    """A place on a page of a document, and what stands there."""

    kind: Literal["page"] = "page"
    attachment: str
    page: int = Field(ge=1)
    """Counted from 1; a picture is one page."""
    box: tuple[float, float, float, float] | None = None
    """Left, upper, right and lower edge as shares of the page's width and height, from its upper left corner, as it is
    shown upright; None for the whole page."""
    text: str
    """As it was read there, for the reader."""


Citation = Annotated[TranscriptCitation | RecordCitation | ImageCitation | PageCitation, Field(discriminator="kind")]


class Statement(Value):
    """One sentence of a result."""

    text: str
    origin: Literal["dictated", "inserted", "looked-up", "read", "generated", "corrected"]
    section: str | None = None
    citations: tuple[Citation, ...] = ()


class Check(Value):
    """The verdict on one statement, by an independent reading of what it cites."""

    statement: int
    """Index into ``Result.statements``."""
    verdict: Literal["supported", "contradicted", "unsupported", "not-checkable"]
    aspect: str
    statement_text: str | None = None
    source_text: str | None = None


class Result(Value):
    """What a task node made: statements plus typed data, and where it stands."""

    task: TaskName | None
    status: Status
    statements: tuple[Statement, ...] = ()
    data: dict[str, Any] = {}
    message: str | None = None
    """One line for the reader: the question asked back, or what is needed and the command that gets it."""


class Review(Value):
    """The checks made on one result."""

    result: str
    """``Result.digest()``."""
    checks: tuple[Check, ...]


class Decision(Value):
    """Which task was chosen, by whom, and how sure. ``task`` None means ``unclear``: the user is asked."""

    task: TaskName | None
    by: Literal["words", "generator", "user"]
    confidence: float
    scores: dict[str, float] = {}
    inferred_kinds: tuple[Kind, ...] = ()
    """Kinds that the words gave to attachments whose kind was open (routing rule 0), in their order."""
    question: str | None = None
    """What to ask the user when unclear."""

    def named(self, attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
        """The attachments, each with the kind that the words gave it where neither user nor header could say."""
        inferred = iter(self.inferred_kinds)
        named = []
        for one in attachments:
            by_words = next(inferred, None) if one.is_open else None
            said_more = by_words not in (None, one.kind)
            named.append(one.model_copy(update={"kind": by_words, "kind_from": "words"}) if said_more else one)
        return tuple(named)


class ModelCall(Value):
    """Everything it takes to repeat one call of a model (design, rule 4)."""

    node: str
    engine: Engine
    inputs: tuple[str, ...]
    output: str
    """Digest of the recorded output."""
    finish_reason: str
    seconds: float
    parameters: dict[str, Any] = {}
    libraries: dict[str, str] = {}
    prompt: str | None = None
    """``name@version sha256`` of the prompt file."""
    prompt_tokens: int | None = None
    output_tokens: int | None = None


class Request(Value):
    """What a run is asked to do, as references. Equal requests (but for ``session``) are the same work."""

    recording: Recording | None
    text: str | None
    """The typed request, where nothing was recorded."""
    attachments: tuple[Attachment, ...] = ()
    task: TaskName | None = None
    template: str | None = None
    patient: str | None = None

    def key(self) -> str:
        """Identifies the work: samples or text, attachments with their given kinds (pictures in their order), task,
        template, patient."""
        given = [f"{a.kind if a.kind_from == 'user' else ''}={a.sha256}" for a in self.attachments]
        work = {
            "recording": self.recording.sha256 if self.recording else None,
            "text": self.text,
            "attachments": sorted(given),
            "task": self.task,
            "template": self.template,
            "patient": self.patient,
        }
        # "The first one is the old film": of pictures the words may mean their order, of nothing else.
        pictures = [one for one, a in zip(given, self.attachments, strict=True) if a.kind in PICTURE_KINDS]
        if pictures != sorted(pictures):
            work["order"] = pictures
        import orjson

        return hashlib.sha256(orjson.dumps(work, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Availability(Value):
    """Whether an engine or reader can work here, and in one line how to get it if not."""

    ready: bool
    detail: str
    remedy: str | None = None
