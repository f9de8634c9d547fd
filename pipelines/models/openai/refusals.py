"""What servers say that do not answer: looked at for what it means, and never shown."""

from __future__ import annotations

import re
from typing import Final

from pipelines.ports import Arriving, Unreachable

_NO_PICTURES: Final = re.compile(
    r"image input is not supported|not support (?:image|vision|multimodal)|not a (?:multimodal|vision) model"
    r"|does not support.{0,20}image|no multimodal|mmproj",
    re.IGNORECASE,
)
_LENGTH: Final = re.compile(
    r"context.{0,12}(?:length|size|window)|exceed_context|max_model_len|too many tokens|prompt is too long|too long for"
    r"|maximum.{0,20}tokens|longer than the maximum",
    re.IGNORECASE,
)
_STATED: Final = re.compile(r"(?:maximum context length is|\"n_ctx\":|context size \()\s*(\d{2,8})", re.IGNORECASE)


def is_about_length(words: str) -> bool:
    """Whether a server says that a request is too long for it."""
    return bool(_LENGTH.search(words))


def stated_context(words: str) -> int | None:
    """The length that it then states, in tokens."""
    found = _STATED.search(words)
    return int(found[1]) if found else None


def takes_no_pictures(words: str) -> bool:
    """Whether a server says that its model has no eyes."""
    return bool(_NO_PICTURES.search(words))


def said_by(arriving: Arriving) -> str:
    """What a server says that does not answer. Where it does not say it whole, the status stands for itself."""
    try:
        return b"".join(arriving.blocks).decode(errors="replace")
    except Unreachable:
        return ""
