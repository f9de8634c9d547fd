"""What damaged files make of the libraries that decode them."""

from __future__ import annotations

import struct
import zlib
from typing import Final

#: Raised by Pillow, pydicom and the decoders under them on damaged or unusual files, besides pydicom's own exceptions.
DECODING_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
