"""Switches off what libraries would send away: run inputs to LangSmith, usage to their makers (design, rule 7)."""

from __future__ import annotations

import os

from assistant.settings import Settings
from pipelines.quiet import silence_telemetry


def silence_libraries(settings: Settings) -> None:
    """Call before langgraph, transformers or faster-whisper is imported."""
    os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
    silence_telemetry()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # Models are loaded from folders; only ``assistant models pull`` speaks to the hub, and never through here.
    os.environ["HF_HUB_OFFLINE"] = "1"
    if not settings.allow_tracing:
        for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
            os.environ[name] = "false"
