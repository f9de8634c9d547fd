"""What a Gemma 3 decoder keeps of the tokens it has read: keys and values per layer, shared between calls at no cost.

transformers' own layers join old and new keys anew for every token. For the few layers that see everything that is a
copy of the whole context per token, so those write into room that is kept ahead. The layers with a sliding window keep
no more than their window and stay as they are. Neither ever changes what an earlier state holds: a state is shared by
copying its layers, not their tensors.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, Final

#: Positions of room that are made at a time.
_ROOM: Final = 1024


@cache
def growing_layer() -> type[Any]:
    """The class of a layer that sees everything. Made when torch is there anyway."""
    import torch
    from transformers import cache_utils

    layer: Any = cache_utils.DynamicLayer

    class GrowingLayer(layer):  # type: ignore[misc]
        """Keys and values, [1, heads, positions, width], as the first positions of larger tensors.

        Room behind the last position belongs to one state only. A copy that grows too makes its own.
        """

        def __init__(self) -> None:
            super().__init__()
            self._room: tuple[Any, Any] | None = None
            self._owner: object = None

        def lazy_initialization(self, key_states: Any, value_states: Any) -> None:
            super().lazy_initialization(key_states, value_states)
            self.keys = key_states[:, :, :0]
            self.values = value_states[:, :, :0]

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            held = self.get_seq_length()
            needed = held + key_states.shape[-2]
            if self._room is None or self._owner is not self or self._room[0].shape[-2] < needed:
                self._make_room(key_states, needed)
            assert self._room is not None
            for room, new in zip(self._room, (key_states, value_states), strict=True):
                room[:, :, held:needed] = new
            self.keys, self.values = (room[:, :, :needed] for room in self._room)
            return self.keys, self.values

        def _make_room(self, like: Any, needed: int) -> None:
            batch, heads, _, width = like.shape
            size = -(-needed // _ROOM) * _ROOM
            held = self.get_seq_length()
            made = []
            for kept in (self.keys, self.values):
                room = torch.empty((batch, heads, size, width), dtype=like.dtype, device=like.device)
                room[:, :, :held] = kept
                made.append(room)
            self._room = (made[0], made[1])
            self._owner = self

    return GrowingLayer


def empty(config: Any) -> Any:
    """A cache that holds nothing yet, for the text part of a model's configuration."""
    from transformers import DynamicCache

    made: Any = DynamicCache(config=config)
    made.layers = [layer if layer.is_sliding else growing_layer()() for layer in made.layers]
    return made


def branch(state: Any) -> Any:
    """Another cache that begins with what ``state`` holds. Either may grow; neither sees the other's growth."""
    other = copy.copy(state)
    other.layers = [copy.copy(layer) for layer in state.layers]
    return other


def compact(state: Any) -> Any:
    """The same without room to grow, and without what lies behind a sliding window: what is worth keeping."""
    kept = branch(state)
    for layer in kept.layers:
        layer.keys, layer.values = layer.keys.clone(), layer.values.clone()
        if not layer.is_sliding:
            layer._room = None
    return kept


def size_of(state: Any) -> int:
    """Bytes that a compact state holds."""
    return sum(tensor.nbytes for layer in state.layers for tensor in (layer.keys, layer.values))
