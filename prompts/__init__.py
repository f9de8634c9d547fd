"""Versioned prompt files and their loader. A prompt is named in the log by name, version and SHA-256."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from importlib import resources

from pipelines.errors import ProductError


@dataclass(frozen=True)
class Prompt:
    name: str
    version: int
    body: str
    sha256: str
    """Of the whole file."""

    @property
    def identity(self) -> str:
        """As the log names it."""
        return f"{self.name}@{self.version} {self.sha256}"


def load_prompt(name: str) -> Prompt:
    """The prompt in ``NAME.md``: TOML between two lines of ``+++``, then the body.

    Raises:
        ProductError: the file is missing or its front matter cannot be read.
    """
    try:
        content = resources.files(__name__).joinpath(f"{name}.md").read_bytes()
        _, front, body = content.decode().split("+++\n", 2)
        matter = tomllib.loads(front)
        return Prompt(matter["name"], matter["version"], body.strip() + "\n", hashlib.sha256(content).hexdigest())
    except (FileNotFoundError, ValueError, KeyError) as broken:
        raise ProductError(f"prompts/{name}.md", "cannot be read", "reinstall this version") from broken
