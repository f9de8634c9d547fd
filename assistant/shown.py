"""The pictures of a result for its readers: the sheet of what a model was shown, and what was drawn for people."""

from __future__ import annotations

from typing import Final, NamedTuple

from pipelines.records import Result

#: Above the pictures, wherever they are shown.
HEADING: Final = "What the model was shown"


class ShownPicture(NamedTuple):
    """A PNG in the store."""

    sha256: str
    caption: str


def pictures_of(result: Result) -> tuple[ShownPicture, ...]:
    """What was drawn on pictures first, then the sheet of all that the model was shown."""
    drawn = [
        ShownPicture(one["sha256"], f"{one['title']}. Drawn for readers; no model was shown it.")
        for one in result.data.get("overlays") or ()
    ]
    sheet = result.data.get("contact_sheet")
    if not sheet:
        return tuple(drawn)
    count = len(result.data.get("frames") or ())
    which = "The picture" if count == 1 else f"All {count} pictures"
    return (*drawn, ShownPicture(sheet, f"{which} that the model was shown."))
