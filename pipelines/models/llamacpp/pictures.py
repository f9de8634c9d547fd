"""Pictures as a model under llama.cpp gets them: resized here, as transformers does, so that llama.cpp need not."""

from __future__ import annotations

import io
from typing import Final

from pipelines.models.turn import open_picture
from pipelines.weights.gguf import GgufHeader

RESIZED_BY: Final = "pillow bilinear"
#: So many patches along each side make one token, where the file does not say.
_MERGED: Final = 4


class Eye:
    """What a model's mmproj makes of a picture.

    Args:
        header: of the mmproj.
    """

    def __init__(self, header: GgufHeader) -> None:
        self.side = header.number("clip.vision.image_size") or 0
        patches = self.side // (header.number("clip.vision.patch_size") or 1)
        self.tokens = (patches // (header.number("clip.vision.projector.scale_factor") or _MERGED)) ** 2
        """Of one picture, without the markers around it."""

    def picture(self, frame: str, data: bytes) -> bytes:
        """A frame as PNG, in the size that the model looks at.

        Raises:
            BadInput: the bytes are no picture, or one of absurd size.
        """
        from PIL import Image

        image = open_picture(frame, data)
        if image.size != (self.side, self.side):
            image = image.resize((self.side, self.side), Image.Resampling.BILINEAR)
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1)
        return out.getvalue()
