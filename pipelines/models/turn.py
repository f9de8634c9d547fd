"""What a model is asked, as the one user turn of Gemma's chat form, and its length in tokens."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.models.control import ControlTokens
from pipelines.models.generator import Ask, Part, Picture

if TYPE_CHECKING:
    from PIL.Image import Image

Message = dict[str, Any]
#: How Google asks for a trace: in front of the system text.
THINK: Final = "SYSTEM INSTRUCTION: think silently if needed."


class Length(NamedTuple):
    """Of a prompt, in tokens."""

    prompt: int
    images: int
    """Of these, those of image blocks with the markers around them."""


def messages(
    ask: Ask, control: ControlTokens, thinking: bool, picture: Callable[[str], Image] | None = None
) -> list[Message]:
    """The ask as chat messages: system text where there is any, then one user turn with its parts in their order.

    Args:
        control: of the tokenizer. Where the ask's texts spell one, a space is put after its first character.
        thinking: puts `THINK` before the system text.
        picture: opens a frame; without it the turn only says where they stand, which is enough to count tokens.
    """
    system = " ".join(filter(None, (THINK if thinking else None, ask.system)))
    turn = [{"role": "user", "content": _content(ask.parts, control, picture)}]
    if not system:
        return turn
    return [{"role": "system", "content": [{"type": "text", "text": control.defused(system)}]}, *turn]


def _content(
    parts: tuple[Part, ...], control: ControlTokens, picture: Callable[[str], Image] | None
) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    for is_picture, run in groupby(parts, lambda part: isinstance(part, Picture)):
        if is_picture:
            frames = [part.frame for part in run if isinstance(part, Picture)]
            content += [{"type": "image", "image": picture(f)} if picture else {"type": "image"} for f in frames]
        else:
            # The chat form trims texts and sets them side by side: two halves must not make a control token.
            text = "".join(part.text.strip() for part in run if not isinstance(part, Picture))
            content.append({"type": "text", "text": control.defused(text)})
    return content


def length(processor: Any, turn: list[Message]) -> Length:
    """What the processor will make of messages that only say where pictures stand."""
    text = processor.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
    expanded = text.replace(processor.boi_token, processor.full_image_sequence)
    bos = processor.tokenizer.bos_token
    ids = processor.tokenizer.encode(expanded, add_special_tokens=not (bos and text.startswith(bos)))
    pictures = sum(part["type"] == "image" for message in turn for part in message["content"])
    return Length(prompt=len(ids), images=pictures * (processor.image_seq_length + 2))


def open_picture(frame: str, data: bytes) -> Image:
    """A frame as the processor takes it.

    Raises:
        BadInput: the bytes are no picture, or one of absurd size.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as unreadable:
        raise BadInput(
            f"frame {frame[:12]}", "cannot be decoded as a picture", "give the attachment again as PNG or JPEG"
        ) from unreadable
