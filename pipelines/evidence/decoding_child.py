"""The process in which pictures are decoded by libraries that end it, or never end, on damaged ones: see
``decoding_apart``. Started with ``-m``; reads requests from its input until that ends."""

from __future__ import annotations

import json
import struct
import sys
from typing import IO, Any

LENGTHS = struct.Struct("<II")
"""Of what precedes each message: bytes of its JSON, bytes of its data."""


def main() -> None:
    """An empty answer once it is ready, then one for each request, in order: shape and kind of the values with them, or
    that it failed."""
    # What takes time to load.
    import pydicom.pixels.decoders.base  # noqa: F401

    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    _send(answers, {}, b"")
    while start := requests.read(LENGTHS.size):
        described, held = LENGTHS.unpack(start)
        asked = json.loads(requests.read(described))
        try:
            answer, values = _decoded(asked, requests.read(held))
        except Exception as broken:
            # Its words stay here: they may quote the file.
            answer, values = {"failed": type(broken).__name__}, b""
        _send(answers, answer, values)


def _decoded(asked: dict[str, Any], stream: bytes) -> tuple[dict[str, Any], bytes]:
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder

    options = {**asked["options"], "number_of_frames": 1}
    values, found = get_decoder(asked["syntax"]).as_array(
        encapsulate([stream]), index=0, decoding_plugin=asked["plugin"], **options
    )
    return {"shape": values.shape, "kind": values.dtype.str, "found": found}, values.tobytes()


def _send(answers: IO[bytes], answer: dict[str, Any], values: bytes) -> None:
    described = json.dumps(answer).encode()
    answers.write(LENGTHS.pack(len(described), len(values)))
    answers.write(described)
    answers.write(values)
    answers.flush()


if __name__ == "__main__":
    main()
