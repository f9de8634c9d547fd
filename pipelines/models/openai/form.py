"""How a server is asked: what of the protocol it takes is found out by asking, the fullest form first.

Servers differ. vLLM, llama-server and LM Studio hold an answer to a JSON schema; llama-cpp-python takes one beside
``json_object``; others take that alone, or pass over all of it in silence (``transformers serve``). OpenAI's newer
models want ``max_completion_tokens`` and refuse ``max_tokens``; Ollama and LM Studio know only the latter and pass over
the other; vLLM, llama-server and ``transformers serve`` take either. So both are sent until one is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from pipelines.models.generator import Ask

ResponseFormat = Literal["json_schema", "json_object with schema", "json_object", "in words"]
#: How JSON is asked for, the strictest first.
FORMATS: Final[tuple[ResponseFormat, ...]] = ("json_schema", "json_object with schema", "json_object", "in words")
Structured = Literal["enforced", "json", "asked"]
"""As in `Capabilities`."""
_BOTH: Final = ("max_tokens", "max_completion_tokens")
#: What a refusal that is about a member says.
_FORMAT_WORDS: Final = re.compile(r"response_format|json_schema|json_object|grammar|guided|structured", re.IGNORECASE)
_USAGE_WORDS: Final = re.compile(r"stream_options|include_usage", re.IGNORECASE)


@dataclass(frozen=True)
class Form:
    """Which members of the protocol a request has."""

    format: int = 0
    """Of `FORMATS`, where a schema is asked for."""
    usage: bool = True
    """Whether the server is asked to count tokens."""
    limits: tuple[tuple[str, ...], ...] = (_BOTH, _BOTH[:1], _BOTH[1:])
    """Names of the limit of the output that were not refused yet, those to be sent first."""

    @classmethod
    def taking(cls, structured: Structured) -> Form:
        """The fullest form for a server of which so much is known."""
        return next(form for form in map(cls, range(len(FORMATS))) if form.structured == structured)

    @property
    def structured(self) -> Structured:
        """What becomes of a schema."""
        match FORMATS[self.format]:
            case "json_schema":
                return "enforced"
            case "in words":
                return "asked"
        return "json"

    @property
    def in_words(self) -> bool:
        """Whether the prompt tells the schema: nothing else does, or not for certain."""
        return self.format > 0

    def weaker(self) -> Form:
        """With the next way to ask for JSON; the last one stays."""
        return replace(self, format=min(self.format + 1, len(FORMATS) - 1))

    def members(self, ask: Ask) -> dict[str, Any]:
        """What a request has besides model and messages."""
        members: dict[str, Any] = {"stream": True, **dict.fromkeys(self.limits[0], ask.max_new_tokens)}
        if ask.sampling is None:
            members["temperature"] = 0
        else:
            members |= ask.sampling.model_dump()
        if self.usage:
            members["stream_options"] = {"include_usage": True}
        if ask.json_schema is not None and self.format < len(FORMATS) - 1:
            members["response_format"] = _response_format(FORMATS[self.format], ask.json_schema)
        return members

    def easier(self, has_schema: bool, refusal: str, proven: bool) -> Form | None:
        """A form that a server may take which has refused this one; None where the form is not what it refuses.

        Args:
            has_schema: whether a schema was asked for.
            refusal: what the server said, to be looked for names of members.
            proven: whether it has taken this form before.
        """
        formats = has_schema and self.format < len(FORMATS) - 1
        if formats and _FORMAT_WORDS.search(refusal):
            return self.weaker()
        if self.usage and _USAGE_WORDS.search(refusal):
            return replace(self, usage=False)
        named = tuple(name for name in _BOTH if re.search(rf"\b{name}\b", refusal))
        if named and len(self.limits) > 1:
            return replace(self, limits=_without(self.limits, named))
        if proven:
            return None
        if formats:
            return self.weaker()
        if self.usage:
            return replace(self, usage=False)
        return replace(self, limits=self.limits[1:]) if len(self.limits) > 1 else None


def _without(limits: tuple[tuple[str, ...], ...], named: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Who refuses one name may tell to use the other: that is named last, and the first one is refused."""
    refused = limits[0][0] if len(limits[0]) == 1 else named[0]
    return tuple(limit for limit in limits[1:] if refused not in limit) or limits[1:]


def _response_format(wanted: ResponseFormat, schema: dict[str, Any]) -> dict[str, Any]:
    match wanted:
        case "json_schema":
            return {"type": wanted, "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        case "json_object with schema":
            return {"type": "json_object", "schema": schema}
    return {"type": "json_object"}
