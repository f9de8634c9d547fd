"""Control tokens where the tokenizer is not at hand: those of Gemma by name, those of other families by their form."""

from __future__ import annotations

import re
from typing import Final

from pipelines.models import control

#: Gemma's, then what most others look like: ``<|im_start|>``, ``<|channel>``, ``<channel|>``.
_CONTROL: Final = re.compile(
    r"<(?:start_of_turn|end_of_turn|start_of_image|end_of_image|image_soft_token|bos|eos|pad|unk|mask|unused\d+)>"
    r"|<\|[A-Za-z0-9_]{1,40}\|?>|<[A-Za-z0-9_]{1,40}\|>"
)
#: The beginning of one, where a text breaks off.
_BEGUN: Final = re.compile(r"<[|A-Za-z0-9_]{0,41}$")


def defused(text: str) -> str:
    """See `pipelines.models.control.defused`."""
    return control.defused(text, _CONTROL)


def removed(text: str) -> str:
    """See `pipelines.models.control.removed`."""
    return control.removed(text, _CONTROL)


def settled(text: str) -> str:
    """The text without the beginning of what may become a control token."""
    return _BEGUN.sub("", text)
