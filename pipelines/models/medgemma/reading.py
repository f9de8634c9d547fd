"""Lets a Gemma 3 model read a prompt: its pictures a few at a time, its tokens in stretches that cut no picture.

In one go, as transformers reads it, 85 pictures would take 6 GB for the image network alone, and the layers with a
sliding window would look at every pair of tokens to use one in ten. A stretch that continues a state sees exactly what
it would see in one go, so the outcome is the same up to rounding. How a prompt is cut depends on the prompt alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pipelines.weights.strides import Strides


class Read(NamedTuple):
    """What is left after a prompt was read."""

    state: Any
    """The cache, with all of the prompt in it."""
    scores: Any
    """Of the token that would follow, [vocabulary]."""


class Reader:
    """Reads tokens into a cache.

    Args:
        model: the loaded model.
        sees: whether it takes pictures.
        strides: how much at a time.
        pixels: pictures as the image network takes them, [pictures, 3, side, side], by the names of their frames.
        pause: called between two stretches; what it raises ends the reading.
    """

    def __init__(
        self,
        model: Any,
        sees: bool,
        strides: Strides,
        pixels: Callable[[Sequence[str]], Any],
        pause: Callable[[], None],
    ) -> None:
        self._model = model
        self._sees = sees
        self._strides = strides
        self._pixels = pixels
        self._pause = pause

    def read(self, ids: Sequence[int], types: Sequence[int], start: int, state: Any, frames: Sequence[str]) -> Read:
        """Read ``ids[start:]``; what comes before is in ``state`` already.

        Args:
            ids: of the whole prompt so far.
            types: 1 for the tokens that stand for pictures, else 0; as long as ``ids``. A picture lies wholly before
                ``start`` or wholly behind it.
            state: a cache that holds ``start`` tokens; it grows.
            frames: of the pictures behind ``start``, in their order.
        """
        import torch

        features = self._look(frames) if frames else None
        seen = 0
        scores = None
        token_types = torch.tensor([list(types)], device=self._model.device)
        for first, last in stretches(types, start, self._strides.tokens):
            self._pause()
            count = sum(types[first:last])
            here = None if features is None or not count else features[seen : seen + count]
            seen += count
            scores = self._step(ids[first:last], token_types[:, :last] if self._sees else None, state, here)
        return Read(state, scores)

    def next(self, tokens: Sequence[int], state: Any) -> Any:
        """Read tokens that the model wrote itself, or that were written for it. Returns the scores of the next."""
        return self._step(tokens, None, state, None)

    def _step(self, tokens: Sequence[int], types: Any | None, state: Any, features: Any | None) -> Any:
        import torch

        more: dict[str, Any] = {}
        if types is not None:
            more["token_type_ids"] = types
        if features is not None:
            from transformers.modeling_outputs import BaseModelOutputWithPooling

            more["mm_encoder_outputs"] = {"image": BaseModelOutputWithPooling(pooler_output=features[None])}
        output = self._model(
            input_ids=torch.tensor([list(tokens)], device=self._model.device),
            past_key_values=state,
            use_cache=True,
            logits_to_keep=1,
            **more,
        )
        return output.logits[0, -1]

    def _look(self, frames: Sequence[str]) -> Any:
        """What the image network makes of pictures: [their tokens, width]."""
        import torch

        looked = []
        for first in range(0, len(frames), self._strides.pictures):
            self._pause()
            pixels = self._pixels(frames[first : first + self._strides.pictures])
            looked.append(self._model.get_image_features(pixels, return_dict=True).pooler_output)
        return torch.cat(looked).flatten(0, 1)


def stretches(types: Sequence[int], start: int, most: int) -> list[tuple[int, int]]:
    """Cut ``types[start:]`` into stretches of at most ``most`` tokens, none within a picture; a picture alone may be
    longer. All are as long as they can be."""
    cut = []
    first, total = start, len(types)
    while first < total:
        last = min(first + most, total)
        while first < last < total and types[last] == 1 and types[last - 1] == 1:
            last -= 1
        if last == first:
            last = first + most
            while last < total and types[last] == 1 and types[last - 1] == 1:
                last += 1
            last = min(last, total)
        cut.append((first, last))
        first = last
    return cut
