"""The colours for which the values of a DICOM image stand (PS3.3 C.7.6.3.1.5 and C.7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipelines.evidence.depth import Bytes8, Values, mapped, scaled

if TYPE_CHECKING:
    from pydicom import Dataset

_COLOURS: Final = ("Red", "Green", "Blue")
_MOST_ENTRIES: Final = 1 << 16


def coloured(values: Values, header: Dataset) -> Bytes8:
    """[rows, columns, 3].

    Raises:
        Anything that `reading` turns into BadInput, where the palette is damaged.
    """
    descriptor = [int(number) for number in header.RedPaletteColorLookupTableDescriptor]
    length, first = descriptor[0] or _MOST_ENTRIES, descriptor[1]
    if not 0 < length <= _MOST_ENTRIES:
        raise ValueError("a palette of no length that there is")
    entries = _listed(header, length) if "RedPaletteColorLookupTableData" in header else _segmented(header, length)
    if header.PixelRepresentation == 1 and first >= _MOST_ENTRIES // 2:
        # Negative, in a file that calls it unsigned.
        first -= _MOST_ENTRIES
    # One scale for all frames of a file, however dark one is. Some programs write 8 bits where they claim 16.
    colours = scaled(entries, 0, 255 if entries.max() < 256 else 65535)
    return mapped(values, lambda every: colours[(every.astype(np.int64) - first).clip(0, length - 1)])


def _listed(header: Dataset, length: int) -> Values:
    order = "<" if header.file_meta.TransferSyntaxUID.is_little_endian else ">"
    tables = []
    for colour in _COLOURS:
        packed = bytes(header[f"{colour}PaletteColorLookupTableData"].value)
        # Its length tells how it is packed, whatever the descriptor says.
        table = np.frombuffer(packed, f"{order}u2" if len(packed) >= 2 * length else "u1")
        if len(table) < length:
            raise ValueError("a palette shorter than it says")
        tables.append(table[:length])
    return np.stack(tables, axis=-1)


def _segmented(header: Dataset, length: int) -> Values:
    from pydicom.pixels.processing import apply_color_lut

    _refuse_swelling(header)
    first = int(header.RedPaletteColorLookupTableDescriptor[1])
    return apply_color_lut(np.arange(first, first + length, dtype=np.int32), header)[..., : len(_COLOURS)]


def _refuse_swelling(header: Dataset) -> None:
    """A palette in segments says how long each is; pydicom writes them out without asking for how many entries.

    Raises:
        ValueError: they are more than a palette has.
    """
    for colour in _COLOURS:
        packed = header.get(f"Segmented{colour}PaletteColorLookupTableData")
        if packed is None:
            continue
        entries = np.frombuffer(bytes(packed)[: len(packed) // 2 * 2], "<u2").tolist()
        total = at = 0
        while at + 2 <= len(entries):
            kind, length = entries[at], entries[at + 1]
            total += length
            # Discrete, linear; an indirect one repeats others, and any of them may be the longest.
            at += {0: 2 + length, 1: 3}.get(kind, 4)
            if kind == 2:
                total += length * _MOST_ENTRIES
        if total > _MOST_ENTRIES:
            raise ValueError("a palette of more entries than there are")
