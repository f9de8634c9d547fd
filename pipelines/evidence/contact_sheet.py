"""All pictures that a model was shown on one sheet, with what it was told of each."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.evidence.frames import Frame
from pipelines.ports import Store


def contact_sheet(frames: Sequence[Frame], store: Store, title: str) -> str:
    """Put a PNG that shows ``frames`` in their order, each with its label, into the store; returns its SHA-256.

    Args:
        title: stands above them; no patient text.
    """
    raise NotImplementedError
