"""Values taken apart into rows and put together again, with the same digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from pipelines.records import (
    Attachment,
    Check,
    Citation,
    Decision,
    Embedding,
    Engine,
    Flag,
    ModelCall,
    Patient,
    Recording,
    Result,
    Review,
    Segment,
    Span,
    Statement,
    Transcript,
    Value,
    Word,
)

Columns = dict[str, Any]


class Rows(NamedTuple):
    """A content row (without its seal key, until it is stored) and the rows of its child tables, in order."""

    row: Columns
    children: dict[str, list[Columns]] = {}  # noqa: RUF012


#: Where a value of each class goes when the journal records it; all others are artifacts.
TABLES: dict[type[Value], str] = {
    Transcript: "transcripts",
    Decision: "decisions",
    Result: "results",
    Review: "reviews",
    Embedding: "embeddings",
}


def table_of(kind: type[Value]) -> str:
    return TABLES.get(kind, "artifacts")


def take_apart(value: Value, row_id: str) -> Rows:
    """The rows of a journal value under the id ``row_id``."""
    match value:
        case Transcript():
            return _transcript_rows(value, row_id)
        case Decision():
            lists = {"scores": _text(value.scores), "inferred_kinds": _text(value.inferred_kinds)}
            return Rows({"id": row_id, **_scalars(value), **lists})
        case Result():
            return _result_rows(value, row_id)
        case Review():
            checks = [{"review": row_id, "position": n, **dict(check)} for n, check in enumerate(value.checks)]
            return Rows({"id": row_id, "result": value.result}, {"checks": checks})
        case Embedding():
            return Rows({"id": row_id, **_scalars(value)})
        case _:
            return Rows({"id": row_id, "content": value.model_dump_json()})


def put_together(kind: type[Value], rows: Rows) -> Value:
    """The journal value of class ``kind`` from its rows."""
    row = rows.row
    if kind is Transcript:
        return _transcript(rows)
    if kind is Decision:
        lists = {"scores": orjson.loads(row["scores"]), "inferred_kinds": orjson.loads(row["inferred_kinds"])}
        return Decision.model_validate({**_fields(row, Decision), **lists})
    if kind is Result:
        return _result(rows)
    if kind is Review:
        checks = tuple(Check.model_validate(_fields(check, Check)) for check in rows.children["checks"])
        return Review(result=row["result"], checks=checks)
    if kind is Embedding:
        return Embedding.model_validate(_fields(row, Embedding))
    return kind.model_validate_json(row["content"])


def patient_row(value: Patient, row_id: str) -> Columns:
    rest = _scalars(value)
    return {"id": row_id, "digest": value.digest(), "identifier": rest.pop("id"), **rest}


def patient(row: Mapping[str, Any]) -> Patient:
    return Patient(id=row["identifier"], system=row["system"], name=row["name"], birth_date=row["birth_date"])


def recording_row(value: Recording, row_id: str) -> Columns:
    return {"id": row_id, "digest": value.digest(), **_scalars(value), "warnings": _text(value.warnings)}


def recording(row: Mapping[str, Any]) -> Recording:
    return Recording.model_validate({**_fields(row, Recording), "warnings": orjson.loads(row["warnings"])})


def attachment_rows(value: Attachment, row_id: str, patient_id: str | None) -> Rows:
    row = {"id": row_id, "digest": value.digest(), **_scalars(value), "warnings": _text(value.warnings)}
    members = [{"attachment": row_id, "position": n, **dict(member)} for n, member in enumerate(value.members)]
    return Rows({**row, "patient": patient_id}, {"attachment_members": members})


def attachment(rows: Rows, named: Patient | None) -> Attachment:
    members = [{"name": one["name"], "sha256": one["sha256"]} for one in rows.children["attachment_members"]]
    lists = {"warnings": orjson.loads(rows.row["warnings"]), "members": members}
    return Attachment.model_validate({**_fields(rows.row, Attachment), **lists, "patient": named})


def model_call_row(value: ModelCall, row_id: str, step: str, position: int) -> Columns:
    lists = {name: _text(getattr(value, name)) for name in ("inputs", "parameters", "libraries")}
    where = {"id": row_id, "step": step, "position": position}
    return {**where, **_scalars(value), **lists, **_engine_columns(value.engine)}


def model_call(row: Mapping[str, Any]) -> ModelCall:
    lists = {name: orjson.loads(row[name]) for name in ("inputs", "parameters", "libraries")}
    return ModelCall.model_validate({**_fields(row, ModelCall), **lists, "engine": _engine(row)})


def _text(value: object) -> str:
    """JSON in the order given: a reader wants the sections of a note as they were."""
    return orjson.dumps(value).decode()


def _json_or_null(values: tuple[Value, ...]) -> str | None:
    return _text([one.model_dump(mode="json") for one in values]) if values else None


def _scalars(value: Value) -> Columns:
    """The fields of one column each, as the database keeps them."""
    dumped = value.model_dump(mode="json")
    return {name: one for name, one in dumped.items() if not isinstance(one, dict | list)}


def _fields(row: Mapping[str, Any], kind: type[Value]) -> Columns:
    return {name: row[name] for name in kind.model_fields if name in row}


def _parts(rows: Iterable[Mapping[str, Any]], kind: type[Value]) -> list[Any]:
    return [kind.model_validate(_fields(row, kind)) for row in rows]


def _engine_columns(engine: Engine) -> Columns:
    return {f"engine_{name}": one for name, one in dict(engine).items()}


def _engine(row: Mapping[str, Any]) -> Engine:
    return Engine.model_validate({name: row[f"engine_{name}"] for name in Engine.model_fields})


def _transcript_rows(value: Transcript, row_id: str) -> Rows:
    least, most = value.gain_db or (None, None)
    row = {
        "id": row_id,
        "recording": value.recording,
        "raw": value.raw,
        "text": value.text,
        "warnings": _text(value.warnings),
        "gain_least": least,
        "gain_most": most,
        "changes": _json_or_null(value.changes),
        "suggestions": _json_or_null(value.suggestions),
        "quality": value.quality.model_dump_json() if value.quality else None,
        "language": value.language,
        **_engine_columns(value.engine),
    }
    children: dict[str, list[Columns]] = {
        "segments": [
            {"transcript": row_id, "position": n, "start": one.start, "end": one.end}
            for n, one in enumerate(value.segments)
        ],
        "words": [
            {"transcript": row_id, "segment": s, "position": n, **dict(word)}
            for s, segment in enumerate(value.segments)
            for n, word in enumerate(segment.words)
        ],
        "spans": [{"transcript": row_id, "position": n, **dict(span)} for n, span in enumerate(value.spans)],
        "flags": [{"transcript": row_id, "position": n, **dict(flag)} for n, flag in enumerate(value.flags)],
    }
    return Rows(row, children)


def _transcript(rows: Rows) -> Transcript:
    row, children = rows
    words: dict[int, list[Columns]] = {}
    for word in children["words"]:
        words.setdefault(word["segment"], []).append(word)
    gain = None if row["gain_least"] is None else (row["gain_least"], row["gain_most"])
    return Transcript(
        recording=row["recording"],
        raw=row["raw"],
        text=row["text"],
        engine=_engine(row),
        segments=tuple(
            Segment(start=one["start"], end=one["end"], words=tuple(_parts(words.get(one["position"], ()), Word)))
            for one in children["segments"]
        ),
        spans=tuple(_parts(children["spans"], Span)),
        flags=tuple(_parts(children["flags"], Flag)),
        warnings=orjson.loads(row["warnings"]),
        gain_db=gain,
        changes=orjson.loads(row["changes"] or "[]"),
        suggestions=orjson.loads(row["suggestions"] or "[]"),
        quality=orjson.loads(row["quality"]) if row["quality"] else None,
        language=row["language"],
    )


_CITATION_COLUMNS = (
    "start", "end", "audio_start", "audio_end", "attachment", "resource", "path", "value", "frame", "page", "box",
    "text", "version", "label",
)  # fmt: skip


def _result_rows(value: Result, row_id: str) -> Rows:
    statements: list[Columns] = []
    citations: list[Columns] = []
    for n, statement in enumerate(value.statements):
        statements.append({"result": row_id, "position": n, **_scalars(statement)})
        for m, citation in enumerate(statement.citations):
            where = {"result": row_id, "statement": n, "position": m}
            # Every kind fills all columns: one prepared statement inserts them together.
            citations.append({**where, **dict.fromkeys(_CITATION_COLUMNS), **_citation_columns(citation)})
    data = _text(value.model_dump(mode="json", include={"data"})["data"])
    row = {"id": row_id, "task": value.task, "status": value.status, "data": data, "message": value.message}
    return Rows(row, {"statements": statements, "citations": citations})


def _citation_columns(citation: Citation) -> Columns:
    columns = dict(citation)
    if columns.get("box") is not None:
        columns["box"] = _text(columns["box"])
    return columns


def _result(rows: Rows) -> Result:
    citations: dict[int, list[Columns]] = {}
    for row in rows.children["citations"]:
        fields = {name: row[name] for name in ("kind", *_CITATION_COLUMNS) if row[name] is not None}
        if "box" in fields:
            fields["box"] = orjson.loads(fields["box"])
        citations.setdefault(row["statement"], []).append(fields)
    statements = [
        {**_fields(row, Statement), "citations": citations.get(row["position"], ())}
        for row in rows.children["statements"]
    ]
    data = orjson.loads(rows.row["data"])
    return Result.model_validate({**_fields(rows.row, Result), "data": data, "statements": statements})
