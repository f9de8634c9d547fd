"""The pictures of a result for its readers: the sheet of what a model was shown, and what was drawn for people."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pipelines.records import Result, Status

#: What became of the pictures of a result, or will.
_WAS: Final = "was shown"
_WILL_BE: Final = "will be shown"


class ShownPicture(NamedTuple):
    """A PNG in the store."""

    sha256: str
    caption: str


def heading_of_pictures(result: Result) -> str:
    """What stands above the pictures, wherever they are shown."""
    return f"What the model {_what(result)}"


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
    which = {1: "The picture", 2: "Both pictures"}.get(count, f"All {count} pictures")
    return (*drawn, ShownPicture(sheet, f"{which} that the model {_what(result)}."))


def caption_of_plot(plot: dict[str, Any]) -> str:
    """Of a plot as a summary of records keeps it."""
    unit = f" in {plot['unit']}" if plot.get("unit") else ""
    return f"{plot['name']}{unit}, {plot['values']} values"


def _what(result: Result) -> str:
    return _WILL_BE if result.status is Status.NEEDS_MODEL else _WAS
