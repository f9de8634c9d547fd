"""An ask as chat messages, and about how many tokens it is.

What is shared by several asks comes first and is written alike, so that the server's own prefix cache knows it again:
system text, then the parts in their order; what is particular to a call stands at the end.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.models.generator import Ask, Frames, Part, Picture
from pipelines.models.openai.control import defused
from pipelines.models.turn import Message, joined, open_picture, system_of

#: Bytes of text to a token: English is nearer to five characters, code and other languages are below.
_BYTES_PER_TOKEN: Final = 4
#: Of the form that a chat has around its turns.
_FORM_TOKENS: Final = 16
_MEDIA: Final = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_SCHEMA_WORDS: Final = "Answer with one JSON object and nothing else. It must be of this JSON schema, in its order:\n"


class Size(NamedTuple):
    """About how long a prompt is: only the server's tokenizer knows."""

    tokens: int
    image_tokens: int
    words: int
    """No tokenizer makes fewer tokens of its texts."""


def messages(ask: Ask, in_words: bool, picture: Callable[[str], str]) -> list[Message]:
    """System text where there is any, then one user turn with its parts in their order.

    Args:
        in_words: whether the ask's schema is put behind its last text.
        picture: the address of a frame's bytes.
    """
    content = _content(ask.parts, picture)
    if in_words and ask.json_schema is not None:
        _append(content, _SCHEMA_WORDS + json.dumps(ask.json_schema, ensure_ascii=False))
    system = system_of(ask)
    only_text = len(content) == 1 and content[0]["type"] == "text"
    turn = {"role": "user", "content": content[0]["text"] if only_text else content}
    return [{"role": "system", "content": defused(system)}, turn] if system else [turn]


def data_urls(frames: Frames) -> Callable[[str], str]:
    """Frames as they travel within a message: their bytes as they are.

    The function raises BadInput where they are no picture.
    """

    def address(frame: str) -> str:
        data = frames(frame)
        open_picture(frame, data)
        media = next((media for start, media in _MEDIA if data.startswith(start)), None)
        if media is None:
            raise BadInput(f"frame {frame[:12]}", "is neither PNG nor JPEG", "give the attachment again as PNG or JPEG")
        return f"data:{media};base64,{base64.b64encode(data).decode('ascii')}"

    return address


def size_of(ask: Ask, picture_tokens: int) -> Size:
    """About how long the prompt of an ask is, told without its pictures.

    Args:
        picture_tokens: so many stand for one of them.
    """
    texts = [system_of(ask), *(part.text for part in ask.parts if not isinstance(part, Picture))]
    schema = json.dumps(ask.json_schema, ensure_ascii=False) if ask.json_schema is not None else ""
    length = sum(len(text.encode()) for text in (*texts, schema))
    images = picture_tokens * len(ask.frames)
    return Size(
        tokens=-(-length // _BYTES_PER_TOKEN) + images + _FORM_TOKENS,
        image_tokens=images,
        words=sum(len(text.split()) for text in texts),
    )


def _content(parts: tuple[Part, ...], picture: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {"type": "image_url", "image_url": {"url": picture(part.frame)}}
        if isinstance(part, Picture)
        else {"type": "text", "text": defused(part.text)}
        for part in joined(parts)
    ]


def _append(content: list[dict[str, Any]], words: str) -> None:
    """Behind the last text; at the end where there is none."""
    last = next((part for part in reversed(content) if part["type"] == "text"), None)
    if last is None:
        content.append({"type": "text", "text": defused(words)})
    else:
        last["text"] = f"{last['text']}\n\n{defused(words)}"
