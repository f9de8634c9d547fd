"""Bilinear resizing as TensorFlow does it: half-pixel centres and no antialiasing.

MedSigLIP was trained on pictures that were resized so, and its makers' notebook resizes so before the processor sees
the picture. Other libraries' "bilinear" averages over an area when it scales down, which gives other pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What was done, in words for the log.
DESCRIPTION: Final = "bilinear, half-pixel centres, no antialiasing, cut down to 8 bits (as tf.image.resize)"


def resize(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A picture of ``side`` x ``side`` pixels; its proportions are not kept.

    Args:
        image: height x width x channels.

    Returns:
        side x side x channels. Fractions are cut off, not rounded, as the notebook does.
    """
    import numpy as np

    height, width = image.shape[:2]
    if (height, width) == (side, side):
        return image
    above, below, down = _places(height, side)
    left, right, across = _places(width, side)
    down, across = down[:, None, None], across[None, :, None]
    # In float32 and in TensorFlow's order: where a value comes out near a whole number the last bit decides.
    top, bottom = (
        _between(image[rows][:, left].astype(np.float32), image[rows][:, right].astype(np.float32), across)
        for rows in (above, below)
    )
    resized: NDArray[np.uint8] = _between(top, bottom, down).astype(np.uint8)
    return resized


def _between(one: Any, other: Any, share: Any) -> Any:
    return one + (other - one) * share


def _places(size: int, side: int) -> tuple[Any, Any, Any]:
    """For each new pixel its two neighbours on one axis, and how far it lies towards the second."""
    import numpy as np

    scale = np.float32(size) / np.float32(side)
    at = (np.arange(side, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    low = np.floor(at)
    first = np.maximum(low.astype(np.int64), 0)
    second = np.minimum(np.ceil(at).astype(np.int64), size - 1)
    return first, second, at - low
