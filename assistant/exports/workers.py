"""Who heard, looked, read and answered in a run."""

from __future__ import annotations

from typing import Final, NamedTuple

from assistant.sessions.views import RunView
from pipelines.records import Engine, TaskName

#: What the node of a model call did; a task's own node is not among them.
_DOING: Final = {"transcribe": "heard by", "inspect": "kinds of pictures told by", "route": "task chosen by"}

_READING: Final = "read by"


class Worker(NamedTuple):
    """An engine and what it did: ``heard by``, ``read by``, ``answered by``, …"""

    doing: str
    engine: Engine

    @property
    def name(self) -> str:
        """As one line; with what a reader must know about the engine, e.g. that it is not MedASR."""
        engine = self.engine
        parts = [engine.name, engine.model or "", engine.revision or engine.version]
        return ", ".join(filter(None, parts)) + (f" ({engine.note})" if engine.note else "")


def workers(view: RunView) -> tuple[Worker, ...]:
    """Every engine once for everything that it did, in the order of the run. Typed words were heard by nobody."""
    found: dict[tuple[str, str], Worker] = {}
    if view.transcript and view.transcript.engine.name != "typed":
        heard = Worker(_DOING["transcribe"], view.transcript.engine)
        found[heard.doing, heard.engine.digest()] = heard
    for report in view.result.data.get("reports", ()) if view.result else ():
        for read_by in report["read_by"]:
            reader = Worker(_READING, Engine.model_validate(read_by))
            found.setdefault((reader.doing, reader.engine.digest()), reader)
    reads = view.result is not None and view.result.task is TaskName.LAB_REPORT
    for call in view.model_calls:
        node = call.node.split(":", maxsplit=1)[0]
        doing = _DOING.get(node) or (_READING if reads else "answered by")
        if node != "transcribe" or not found:
            found.setdefault((doing, call.engine.digest()), Worker(doing, call.engine))
    return tuple(found.values())
