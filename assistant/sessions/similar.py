"""Which earlier pictures look like one: every embedding of the same weights is compared, so that none is missed."""

from __future__ import annotations

import binascii
import heapq
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Connection, Row, text

from assistant.sessions.problems import broken
from pipelines.records import Embedding, Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE: Final = 2048
#: Of a picture that a run embedded twice (with other versions of libraries) the last counts.
_ALL: Final = text(
    "SELECT e.id, e.vector FROM embeddings e WHERE e.id IN ("
    "SELECT max(m.id) FROM embeddings m JOIN steps s ON s.id = m.id"
    " WHERE m.weights_sha256 = :weights AND s.run IS NOT :without GROUP BY s.run, m.attachment)"
)
_OF_RUN: Final = text(
    "SELECT e.id, e.attachment, e.frame, e.weights_sha256, e.vector FROM embeddings e JOIN steps s ON s.id = e.id"
    " WHERE s.run = :run ORDER BY e.id"
)
_WHERE_FROM: Final = text(
    "SELECT s.run, e.attachment, e.frame, r.created FROM embeddings e JOIN steps s ON s.id = e.id"
    " JOIN runs r ON r.id = s.run WHERE e.id = :id"
)
_NAME: Final = text(
    "SELECT a.name FROM attachments a LEFT JOIN run_attachments l ON l.attachment = a.id AND l.run = :run"
    " WHERE a.sha256 = :attachment ORDER BY l.run IS NULL, a.id DESC LIMIT 1"
)


class Similar(Value):
    """An earlier picture."""

    run: str
    attachment: str
    """Name of the attachment; empty where it was erased."""
    frame: str
    """SHA-256 of the picture as a model was shown it, in the store."""
    when: str
    """When its run was accepted."""
    similarity: float
    """Cosine: 1 for the same picture, near 0 for pictures that have nothing to do with each other."""


class Pictured(NamedTuple):
    """A picture of a run, and where it lies."""

    name: str
    embedding: Embedding


def pictures_of(connection: Connection, run: str) -> tuple[Pictured, ...]:
    """What is known of the pictures of a run (its id), in the order of their embedding, the last of each."""
    found: dict[tuple[str, str], Pictured] = {}
    for row in connection.execute(_OF_RUN, {"run": run}):
        embedding = Embedding(
            attachment=row.attachment, frame=row.frame, weights_sha256=row.weights_sha256, vector=row.vector
        )
        found[row.attachment, row.weights_sha256] = Pictured(_name(connection, run, row.attachment), embedding)
    return tuple(found.values())


def similar(
    connection: Connection, vector: NDArray[np.float32], weights_sha256: str, limit: int, without: str | None = None
) -> tuple[Similar, ...]:
    """The pictures that lie nearest, the nearest first, of equally near ones the newest.

    Args:
        vector: of length 1, by the weights of that hash.
        without: the id of a run whose own pictures do not count.

    Raises:
        VerificationFailed: an embedding in the log is none.
    """
    nearest: list[tuple[float, str]] = []
    rows = connection.execute(_ALL, {"weights": weights_sha256, "without": without})
    for batch in rows.partitions(_AT_ONCE):
        likenesses = _vectors(batch, vector.shape[0]) @ vector
        nearest = heapq.nlargest(limit, (*nearest, *zip(likenesses.tolist(), (row.id for row in batch), strict=True)))
    return tuple(_told(connection, row_id, similarity) for similarity, row_id in nearest)


def _vectors(rows: Sequence[Row[tuple[str, str]]], width: int) -> NDArray[np.float32]:
    import numpy as np

    data = b"".join(_bytes(rows, 4 * width))
    return np.frombuffer(data, dtype="<f4").reshape(len(rows), width).astype(np.float32, copy=False)


def _bytes(rows: Sequence[Row[tuple[str, str]]], size: int) -> Iterator[bytes]:
    for row in rows:
        try:
            data = binascii.a2b_base64(row.vector, strict_mode=True)
        except ValueError:
            data = b""
        if len(data) != size:
            raise broken(f"embeddings row {row.id}", "its vector cannot be compared")
        yield data


def _told(connection: Connection, row_id: str, similarity: float) -> Similar:
    row = connection.execute(_WHERE_FROM, {"id": row_id}).one()
    return Similar(
        run=row.run,
        attachment=_name(connection, row.run, row.attachment),
        frame=row.frame,
        when=row.created,
        similarity=similarity,
    )


def _name(connection: Connection, run: str, attachment: str) -> str:
    name: str | None = connection.execute(_NAME, {"run": run, "attachment": attachment}).scalar()
    return name or ""
