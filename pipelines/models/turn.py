"""What a model is asked, as the one user turn of Gemma's chat form, and its length in tokens."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.models.control import ControlTokens
from pipelines.models.generator import Ask, Part, Picture, Words

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.models.medgemma.checkpoint import Checkpoint

Message = dict[str, Any]
#: How Google asks for a trace: in front of the system text.
THINK: Final = "SYSTEM INSTRUCTION: think silently if needed."
_MARGIN: Final = 8


class Length(NamedTuple):
    """Of a prompt, in tokens."""

    prompt: int
    images: int
    """Of these, those of image blocks with the markers around them."""


@dataclass(frozen=True)
class Prompt:
    """An ask as the model reads it."""

    ids: tuple[int, ...]
    types: tuple[int, ...]
    """1 for the tokens that stand for a picture, else 0."""
    shared: int
    """So many tokens at the beginning are the same in every ask with the same shared parts; no picture is cut there."""
    length: Length


def messages(ask: Ask, control: ControlTokens) -> list[Message]:
    """The ask as chat messages: system text where there is any, then one user turn with its parts in their order.

    Where an ask's texts spell one of the tokenizer's control tokens, a space is put after its first character.
    """
    system = system_of(ask)
    turn = [{"role": "user", "content": _content(ask.parts, control)}]
    if not system:
        return turn
    return [{"role": "system", "content": [{"type": "text", "text": control.defused(system)}]}, *turn]


def system_of(ask: Ask) -> str:
    """The system text, with what asks for a trace in front of it where one is wanted."""
    return " ".join(filter(None, (THINK if ask.thinking else None, ask.system)))


def _content(parts: tuple[Part, ...], control: ControlTokens) -> list[dict[str, Any]]:
    return [
        {"type": "image"} if isinstance(part, Picture) else {"type": "text", "text": control.defused(part.text)}
        for part in joined(parts)
    ]


def joined(parts: tuple[Part, ...]) -> Iterator[Part]:
    """The parts with texts that stand side by side made one, as Gemma's chat form does: it trims them and puts nothing
    between. Two halves must not make a control token."""
    for is_picture, run in groupby(parts, lambda part: isinstance(part, Picture)):
        if is_picture:
            yield from run
        else:
            yield Words(text="".join(part.text.strip() for part in run if isinstance(part, Words)))


def prompt_of(checkpoint: Checkpoint, ask: Ask) -> Prompt:
    """The tokens of an ask, as the checkpoint's own processor makes them."""
    ids = _tokens(checkpoint, messages(ask, checkpoint.control))
    processor = checkpoint.processor
    soft = None if processor is None else checkpoint.tokenizer.image_token_id
    types = tuple(int(token == soft) for token in ids)
    images = 0 if processor is None else len(ask.frames) * (processor.image_seq_length + 2)
    return Prompt(tuple(ids), types, _shared(checkpoint, ask, ids, types), Length(len(ids), images))


def _tokens(checkpoint: Checkpoint, turn: list[Message]) -> list[int]:
    form = checkpoint.processor or checkpoint.tokenizer
    text = form.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
    tokenizer, processor = checkpoint.tokenizer, checkpoint.processor
    if processor is not None:
        # One token of each picture's many is written and repeated afterwards: a control token is cut off from what
        # stands around it, so the outcome is the same, and thousands of them need not be looked for in the text.
        soft = tokenizer.image_token
        block = processor.full_image_sequence.replace(soft * processor.image_seq_length, soft)
        text = text.replace(processor.boi_token, block)
    bos = tokenizer.bos_token
    ids = tokenizer.encode(text, add_special_tokens=not (bos and text.startswith(bos)))
    if processor is None:
        return list(ids)
    repeats = {tokenizer.image_token_id: processor.image_seq_length}
    return [token for one in ids for token in [one] * repeats.get(one, 1)]


def _shared(checkpoint: Checkpoint, ask: Ask, ids: list[int], types: tuple[int, ...]) -> int:
    """How many tokens at the beginning come of the ask's shared parts alone."""
    parts = ask.parts[: ask.shared]
    if not parts:
        return 0
    alone = _tokens(checkpoint, messages(ask.model_copy(update={"parts": parts}), checkpoint.control))
    end = len(alone) - 1 - alone[::-1].index(checkpoint.end_of_turn)
    if not isinstance(parts[-1], Picture):
        # What follows may change how the last word is cut into tokens.
        end -= _MARGIN
    while end > 0 and (alone[:end] != ids[:end] or (types[end] == 1 and types[end - 1] == 1)):
        end -= 1
    return max(0, end)


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
