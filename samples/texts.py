"""Reads texts.toml, and writes what follows from it alone: the manifest and the references."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
#: In the order in which the product's documentation lists them.
_MANIFEST_KEYS: Final = ("attach", "task", "patient", "session", "template")
_REFERENCE_KEYS: Final = ("text", "written", "drugs", "terms", "condition")


@dataclass(frozen=True)
class Sample:
    """One recording to be: its name, and its entry in texts.toml."""

    name: str
    about: str
    text: str
    """As spoken."""
    condition: str
    entry: dict[str, Any]

    @property
    def audio(self) -> str:
        """Path of the recording, relative to this folder."""
        return f"recordings/{self.name}.flac"


def read_samples() -> tuple[Sample, ...]:
    """All samples, in the order of texts.toml."""
    table = tomllib.loads((FOLDER / "texts.toml").read_text(encoding="utf-8"))
    return tuple(_sample({"drugs": [], "terms": [], **entry}) for entry in table["recording"])


def manifest(samples: Iterable[Sample]) -> str:
    """The lines of manifest.jsonl, only the keys needed on each."""
    return _lines({"audio": s.audio, **{k: s.entry[k] for k in _MANIFEST_KEYS if k in s.entry}} for s in samples)


def references(samples: Iterable[Sample]) -> str:
    """The lines of references.jsonl, in the form of `assistant evaluate speech`."""
    return _lines({"audio": s.audio, **{k: s.entry[k] for k in _REFERENCE_KEYS}} for s in samples)


def _sample(entry: dict[str, Any]) -> Sample:
    entry = {**entry, "text": entry["text"].strip(), "written": entry["written"].strip()}
    return Sample(entry["name"], entry["about"], entry["text"], entry["condition"], entry)


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
