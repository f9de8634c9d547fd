"""The way through a record as a graph: kinds -> names -> time -> retrieval -> answer."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any, Final, Protocol, TypedDict


class Way(TypedDict, total=False):
    """What passes between the steps: names, addresses and digests alone."""

    kinds: list[str]
    """Types of resources."""
    holdings: list[str]
    """Places in the manifest, as ``Observation:4``."""
    time: str
    entries: list[str]
    """Addresses, what matters most first."""
    telling: str
    """Digest of the recorded `pipelines.tasks.cited.Telling`."""


class Steps(Protocol):
    """What is done at each step; each gives what it found."""

    def choose_kinds(self, way: Way) -> Way: ...
    def choose_names(self, way: Way) -> Way: ...
    def choose_time(self, way: Way) -> Way: ...
    def retrieve(self, way: Way) -> Way: ...
    def answer(self, way: Way) -> Way: ...


_STEPS: Final = ("choose_kinds", "choose_names", "choose_time", "retrieve", "answer")
#: Without it a step leads nowhere.
_NEEDED: Final = {"choose_kinds": "kinds", "choose_names": "holdings", "retrieve": "entries"}


def walk(steps: Steps) -> Way:
    """Go as far as the steps lead: where nothing was chosen, or nothing found, the way ends."""
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(Way)
    for name in _STEPS:
        step: Callable[..., Way] = getattr(steps, name)
        graph.add_node(name, step)
    graph.add_edge(START, _STEPS[0])
    for name, after in zip(_STEPS, (*_STEPS[1:], END), strict=True):
        graph.add_conditional_edges(name, _on_to(after, END, _NEEDED.get(name)), [after, END])
    # The steps are in the journal, which is durable; a checkpoint of its own would only say the same again.
    compiled: Any = graph.compile(checkpointer=False)
    # In a context of its own: of the graph around it LangGraph would take over how checkpoints are written.
    way: Way = Context().run(compiled.invoke, {})
    return way


def _on_to(after: str, end: str, needed: str | None) -> Callable[[Way], str]:
    return lambda way: after if needed is None or way.get(needed) else end
