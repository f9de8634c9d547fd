"""The terms under which a model is given: read from its repository, shown once, their acceptance kept in the log."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assistant.sessions import SessionLog
from assistant.users import user_name
from pipelines.errors import PersonNeeded
from pipelines.weights.catalogue import KnownModel

ACCEPTED: Final = "licence-accepted"
#: The files of a repository in which its terms stand.
TERMS_FILES: Final = ("LICENSE", "LICENCE", "TERMS")
MODEL_CARD: Final = "README.md"
_FRONT_MATTER: Final = re.compile(r"\s*---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.DOTALL)


@dataclass(frozen=True)
class Terms:
    """What has to be accepted before a model's weights are fetched."""

    model: str
    repository: str
    revision: str
    licence: str
    link: str
    prompt: str | None
    """What the model card asks everybody to agree to."""
    files: tuple[tuple[str, str], ...]
    """Name and text of the repository's licence files."""

    def shown(self) -> str:
        """All of it as text for a terminal: without control characters."""
        parts = [f"{self.model} ({self.repository}): {self.licence}", self.link]
        if self.prompt:
            parts.append(self.prompt.strip())
        parts.extend(f"{name}:\n{text.strip()}" for name, text in self.files)
        return "\n\n".join(_plain(part) for part in parts) + "\n"

    @property
    def sha256(self) -> str:
        """Of what is shown: other words have to be accepted anew."""
        return hashlib.sha256(self.shown().encode()).hexdigest()


Accept = Callable[[Terms], bool]
"""Shows the terms to the user and says whether they are accepted."""


def read_terms(folder: Path, model: KnownModel) -> Terms:
    """From the model card and the licence files in ``folder``; what the card leaves open is as the catalogue says."""
    card = _front_matter(folder / MODEL_CARD)
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name.upper().startswith(TERMS_FILES)]
    return Terms(
        model=model.name,
        repository=model.repository,
        revision=model.revision,
        licence=str(card.get("license_name") or model.licence),
        link=str(card.get("license_link") or model.licence_url),
        prompt=str(card["extra_gated_prompt"]) if card.get("extra_gated_prompt") else None,
        files=tuple((path.name, path.read_text("utf-8", errors="replace")) for path in files),
    )


def require_acceptance(terms: Terms, log: SessionLog, accept: Accept) -> None:
    """Have the terms accepted, unless this user accepted the same words before. On disk when this returns.

    Raises:
        PersonNeeded: they are not accepted.
        StorageProblem: the acceptance cannot be recorded.
    """
    user = user_name()
    record = {
        "model": terms.model,
        "repository": terms.repository,
        "revision": terms.revision,
        "licence": terms.licence,
        "text_sha256": terms.sha256,
        "user": user,
    }
    same = ("model", "repository", "text_sha256", "user")
    if any(all(earlier.get(key) == record[key] for key in same) for earlier in log.payloads(ACCEPTED)):
        return
    if not accept(terms):
        raise PersonNeeded(
            terms.model,
            f"its terms are not accepted ({terms.link})",
            f"read them and run: assistant models pull {terms.model} --accept-licence",
        )
    log.event(ACCEPTED, None, {**record})


def _front_matter(card: Path) -> dict[str, Any]:
    """What stands at the head of a model card; empty where it has none or it cannot be read."""
    import yaml

    if not card.is_file():
        return {}
    matter = _FRONT_MATTER.match(card.read_text("utf-8-sig", errors="replace"))
    try:
        values = yaml.safe_load(matter[1]) if matter else None
    except (yaml.YAMLError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character in "\n\t")
