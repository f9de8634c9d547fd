"""One typed settings object: defaults, then ``ASSISTANT_…`` in the environment, then the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.errors import UsageProblem
from pipelines.speech.weights import default_cache_dir


def _user_data_dir() -> Path:
    from platformdirs import user_data_path

    return user_data_path("clinical-assistant", appauthor=False)


class Settings(BaseSettings):
    """Every setting of the product."""

    model_config = SettingsConfigDict(env_prefix="ASSISTANT_", frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=_user_data_dir)
    """Where the session log, its files and the graph's checkpoints lie."""
    cache_dir: Path = Field(default_factory=default_cache_dir)
    """Where joined model weights lie: can be deleted at any time."""
    recognizer: str = "whisper"
    """Name of the speech engine."""
    threads: int = Field(default=2, ge=1)
    """CPU threads of an engine."""
    allow_network: bool = False
    """Whether weights may be fetched from a model hub. Nothing else ever leaves this machine."""
    allow_tracing: bool = False
    """Whether the tracing of libraries (LangSmith) may send run inputs away when their own variables ask for it."""
    database_url: str | None = None
    """Refused unless it is SQLite's file in ``data_dir``: other databases are not supported yet."""
    debug: bool = False
    """Let internal errors through with their traceback, which may hold patient text."""
    lock_timeout: float = Field(default=5.0, gt=0)
    """Seconds to wait for another process to let go of the log."""


def load_settings(**given: Any) -> Settings:
    """Settings with what the command line gave on top.

    Raises:
        UsageProblem: a value that cannot be.
    """
    from pydantic import ValidationError

    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as invalid:
        error = invalid.errors()[0]
        name = "_".join(map(str, error["loc"]))
        raise UsageProblem(f"ASSISTANT_{name.upper()}", error["msg"].lower(), "see docs/settings.md") from None
    if settings.database_url is not None:
        scheme = settings.database_url.split(":", 1)[0]
        raise UsageProblem(
            "ASSISTANT_DATABASE_URL", f"{scheme} is not supported", "unset it: the log is an SQLite file in --data-dir"
        )
    return settings
