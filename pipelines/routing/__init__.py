"""Which task is meant: from the words and the kinds of the attachments (docs/routing.md)."""

from pipelines.routing.router import Router, TieBreaker

__all__ = ["Router", "TieBreaker"]
