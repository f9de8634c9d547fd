"""DICOM's JSON (PS3.18, annex F) as archives answer with it: what is looked at of a study, a series or an image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

STUDY_DATE: Final = "00080020"
STUDY_TIME: Final = "00080030"
MODALITY: Final = "00080060"
PATIENT_ID: Final = "00100020"
STUDY_UID: Final = "0020000D"
SERIES_UID: Final = "0020000E"
INSTANCE_UID: Final = "00080018"
#: PS3.5, 9.1. Archives hold some with leading zeros.
UID: Final = r"[0-9]+(?:\.[0-9]+)*"
_MOST_UID: Final = 64
_TIME: Final = re.compile(r"([0-9]{2}):?([0-9]{2})?:?([0-9]{2})?(\.[0-9]{1,6})?")


def is_uid(text: str) -> bool:
    return len(text) <= _MOST_UID and re.fullmatch(UID, text) is not None


@dataclass(frozen=True)
class Found:
    """One object of an answer. Odd shapes read as absent."""

    elements: dict[str, Any]

    def text(self, tag: str) -> str:
        """The first value of an element; empty where it has none."""
        values = self.elements[tag].get("Value") if isinstance(self.elements.get(tag), dict) else None
        first = values[0] if isinstance(values, list) and values else None
        return str(first).strip() if isinstance(first, str | int) else ""

    def uid(self, tag: str) -> str:
        """The same where it is a UID, and may be a part of an address or of a file's name; else empty."""
        text = self.text(tag)
        return text if is_uid(text) else ""

    @property
    def day(self) -> str | None:
        """The study's date as ``YYYY-MM-DD``; None where there is none."""
        from pipelines.evidence.dicom import iso_date

        return iso_date(self.text(STUDY_DATE))

    @property
    def time(self) -> str | None:
        """The study's time of day, such that the later one is the greater text; None where there is none."""
        found = _TIME.fullmatch(self.text(STUDY_TIME))
        return "".join(part or "00" for part in found.groups()[:3]) + (found[4] or "") if found else None
