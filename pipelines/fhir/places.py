"""A place on a page as a URI: the bytes by their hash, and in the fragment the page (RFC 8118) and the box within it
(W3C Media Fragments: left, upper, width and height in percent)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from pipelines.evidence.documents.page import Box
from pipelines.fhir.values import hash_uri

_PLACE: Final = re.compile(r"#page=(\d+)(?:&xywh=percent:([\d.]+),([\d.]+),([\d.]+),([\d.]+))?$")


def place_uri(attachment: str, page: int, box: Box | None) -> str:
    """Exact: `place_of` gives the same numbers back."""
    where = f"page={page}"
    if box is not None:
        left, upper, right, lower = (Decimal(repr(share)).scaleb(2) for share in box)
        sides = ",".join(f"{side:f}" for side in (left, upper, right - left, lower - upper))
        where += f"&xywh=percent:{sides}"
    return hash_uri(attachment, where)


def place_of(uri: str) -> tuple[int, Box | None] | None:
    """Page and box; None where the URI names no page."""
    found = _PLACE.search(uri)
    if found is None:
        return None
    page = int(found.group(1))
    if found.group(2) is None:
        return page, None
    left, upper, width, height = (Decimal(side) for side in found.groups()[1:])
    sides = (left, upper, left + width, upper + height)
    shares = [float(side.scaleb(-2)) for side in sides]
    return page, (shares[0], shares[1], shares[2], shares[3])
