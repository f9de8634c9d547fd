"""The way out for engines, which know a data folder and no open log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.outbound.logged import Outbound
from assistant.sessions import SessionLog
from pipelines.ports import Answer, Arriving, Form, JsonRequest


class FolderOutbound:
    """`Outbound` for engines, which may be made before any log is open: opens that of a data folder for each call.

    Args:
        data_dir: where the log lies.
        busy_seconds: how long to wait for another program that holds it.
    """

    def __init__(self, data_dir: Path, busy_seconds: float) -> None:
        self._data_dir = data_dir
        self._busy_seconds = busy_seconds

    def post_form(
        self, url: str, form: Form, *, why: str, timeout: float, bearer: str | None = None, most_bytes: int = 1 << 23
    ) -> Answer:
        """See `pipelines.ports.Outbound.post_form`."""
        with SessionLog.open(self._data_dir, busy_seconds=self._busy_seconds) as log:
            return Outbound(log).post_form(url, form, why=why, timeout=timeout, bearer=bearer, most_bytes=most_bytes)

    @contextmanager
    def ask_json(self, request: JsonRequest) -> Iterator[Arriving]:
        """See `pipelines.ports.Outbound.ask_json`."""
        with (
            SessionLog.open(self._data_dir, busy_seconds=self._busy_seconds) as log,
            Outbound(log).ask_json(request) as arriving,
        ):
            yield arriving
