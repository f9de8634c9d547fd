"""What PDFium tells of the characters of a page.

It tells of one character in one call, and a page has thousands. So each of its functions is called for all of them in
one go, without a step of Python between, and writes where an array has its place for that character.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Characters:
    """Every character of a page in PDFium's order, places in the file's own coordinates."""

    codes: NDArray[np.uint32]
    """In Unicode."""
    things: NDArray[np.int64]
    """The text objects that draw them; 0 for what PDFium put in."""
    rooms: Numbers
    """Rows of left, top, right and bottom edges: the room that its font gives a character, not its ink. Between two
    digits 1 there is much white."""
    origins: Numbers
    """Rows of x and y."""


class _Functions(NamedTuple):
    """Those of PDFium that are called for each character or text object. They take addresses, and do not let other
    threads in: that takes longer than most of them."""

    code: Callable[..., int]
    thing: Callable[..., int | None]
    room: Callable[..., int]
    origin: Callable[..., int]
    render_mode: Callable[[int], int]


def characters_of(textpage: PdfTextPage) -> Characters:
    from pypdfium2 import raw

    call = _functions()
    page, each = repeat(ctypes.cast(textpage.raw, ctypes.c_void_p).value), range(raw.FPDFText_CountChars(textpage))
    rooms, origins = np.zeros((len(each), 4), np.float32), np.zeros((len(each), 2), np.float64)
    _run(map(call.room, page, each, _places(rooms)))
    _run(map(call.origin, page, each, _places(origins), _places(origins[:, 1:])))
    return Characters(
        codes=np.fromiter(map(call.code, page, each), np.uint32, len(each)),
        things=np.array([thing or 0 for thing in map(call.thing, page, each)], np.int64),
        rooms=rooms.astype(np.float64),
        origins=origins,
    )


def render_mode(thing: int) -> int:
    """How a text object is drawn: one of PDFium's ``FPDF_TEXTRENDERMODE_…``."""
    return _functions().render_mode(thing)


def _places(rows: NDArray[Any]) -> Iterator[int]:
    """Where in memory each row begins; without an end."""
    return count(rows.ctypes.data, rows.strides[0])


def _run(calls: map[int]) -> None:
    deque(calls, maxlen=0)


@cache
def _functions() -> _Functions:
    from pypdfium2 import raw

    address, number = ctypes.c_void_p, ctypes.c_int

    def function(known: Any, gives: Any, *takes: Any) -> Any:
        return ctypes.PYFUNCTYPE(gives, *takes)(ctypes.cast(known, address).value or 0)

    return _Functions(
        code=function(raw.FPDFText_GetUnicode, ctypes.c_uint, address, number),
        thing=function(raw.FPDFText_GetTextObject, address, address, number),
        room=function(raw.FPDFText_GetLooseCharBox, number, address, number, address),
        origin=function(raw.FPDFText_GetCharOrigin, number, address, number, address, address),
        render_mode=function(raw.FPDFTextObj_GetTextRenderMode, number, address),
    )
