"""What was found out about one server while it was asked, remembered for as long as the process lasts."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import Any, Final

from pipelines.models.openai.form import FORMATS, Form

#: Endings of names that say nothing about which model it is.
_ENDINGS: Final = re.compile(r"(?:@[\w.-]+|:latest|\.gguf|\.safetensors)$")
#: OpenAI answers with the day of a model that was asked for without.
_DAY: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$")
_SHOWN: Final = re.compile(r"[\w./:@+ -]{1,100}")
_MOST_TOKENS: Final = 1 << 24


@dataclass(frozen=True)
class Found:
    """A server as far as it is known."""

    form: Form
    """In which it was last asked with success, or will be asked first."""
    proven: frozenset[tuple[Form, bool]] = frozenset()
    """Forms that it has taken, without and with a schema."""
    seeds: bool = True
    """Whether it draws by a seed."""
    context_tokens: int | None = None
    """As it told."""
    model: str | None = None
    """The name with which it first answered."""


class Finding:
    """`Found`, shared by calls at once. What one finds out never takes back what another has found."""

    def __init__(self, form: Form) -> None:
        self._found = Found(form)
        self._lock = threading.Lock()

    @property
    def found(self) -> Found:
        return self._found

    @property
    def known(self) -> bool:
        """Whether the server has told of itself, or answered: it will tell no more."""
        return self._found.context_tokens is not None or bool(self._found.proven)

    def took(self, form: Form, has_schema: bool) -> None:
        """The server has answered a request of this form."""
        with self._lock:
            known = self._found.form
            usage, limits = known.usage and form.usage, min(known.limits, form.limits, key=len)
            worked = Form(max(known.format, form.format) if has_schema else known.format, usage, limits)
            proven = self._found.proven | {(form, has_schema)}
            self._found = replace(self._found, form=worked, proven=proven)

    def ignored(self, form: Form) -> None:
        """The server takes this form and does not do what it asks for."""
        with self._lock:
            weaker = max(self._found.form.format, min(form.format + 1, len(FORMATS) - 1))
            self._found = replace(self._found, form=replace(self._found.form, format=weaker))

    def has_no_seeds(self) -> None:
        with self._lock:
            self._found = replace(self._found, seeds=False)

    def has_context(self, tokens: int) -> None:
        with self._lock:
            self._found = replace(self._found, context_tokens=tokens)

    def answered_as(self, model: str) -> str:
        """Remember who answers; who it was the first time."""
        with self._lock:
            if self._found.model is None:
                self._found = replace(self._found, model=model)
            return self._found.model or model


def same_model(asked: str, answered: str) -> bool:
    """Whether two names are of one model: but for case, the folders or the owner before it where one has none, a
    revision (``@main``), the tag ``:latest``, the kind of file, and the day of a snapshot that was not asked for."""
    short, long = sorted((_segments(asked), _segments(answered)), key=len)
    if long[-len(short) :] == short:
        return True
    dated = _segments(answered)
    dated[-1] = _DAY.sub("", dated[-1])
    return dated == _segments(asked)


def shown(name: str) -> str:
    """A name that a server gave, unless it may hold anything else."""
    plain = name if _SHOWN.fullmatch(name) else ""
    return plain or "another name"


def context_of(told: Any, model: str) -> int | None:
    """Prompt and output together, in tokens, from what ``/v1/models`` (vLLM, llama-server) or ``/props`` (llama-server)
    tell."""
    if not isinstance(told, dict):
        return None
    entries = [entry for entry in _list(told.get("data")) if isinstance(entry, dict)]
    named = [entry for entry in entries if model and same_model(model, str(entry.get("id")))]
    [entry] = named[:1] or (entries if len(entries) == 1 else [{}])
    settings = told.get("default_generation_settings")
    for place, key in ((entry, "max_model_len"), (entry.get("meta"), "n_ctx"), (settings, "n_ctx")):
        stated = place.get(key) if isinstance(place, dict) else None
        if type(stated) is int and 0 < stated < _MOST_TOKENS:
            return stated
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _segments(name: str) -> list[str]:
    plain = name.casefold().replace("\\", "/").strip().strip("/")
    while (shorter := _ENDINGS.sub("", plain)) != plain:
        plain = shorter
    return plain.split("/")
