"""Images as they arrive: written down as they are, known by their own UID, and no more of them than can be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from assistant.imaging.dicom_json import is_uid
from assistant.sessions.problems import disk_errors
from pipelines.errors import BadInput

_WANTED: Final = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID")


class TooMuch(Exception):
    """It is more than can be kept."""


class NotAsked(Exception):
    """An image of another study, series or patient than was asked for.

    Args:
        what: of which another.
        remedy: what the user can do.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy


class Arrived:
    """The images of one study that are here, each in a file of its own.

    Args:
        folder: where they lie.
        study, series: to which they belong.
        patient: whose they are, by the ID that was searched for, if one was; an image that names none may be his.
        room: bytes that may still come.
        most: images that may come.
        name: of what is fetched, for errors.
        told: how many are here, after each.
    """

    def __init__(
        self,
        folder: Path,
        study: str,
        series: str,
        patient: str | None,
        room: int,
        most: int,
        name: str,
        told: Callable[[int], None],
    ) -> None:
        self.files: dict[str, Path] = {}
        """By SOPInstanceUID."""
        self._folder = folder
        self._study = study
        self._series = series
        self._patient = patient
        self._room = room
        self._most = most
        self._name = name
        self._told = told
        self.size = 0
        """Their bytes together."""
        self._sizes: dict[str, int] = {}

    def take(self, blocks: Iterator[bytes]) -> None:
        """Write one image down. One that came before is replaced: it is sent again.

        Raises:
            TooMuch: there is no room for it.
            NotAsked: it is another than was asked for.
            BadInput: it is no DICOM image.
            StorageProblem: the disk does not take it.
        """
        if len(self.files) > self._most:
            raise TooMuch
        arriving = self._folder / "arriving"
        size = 0
        with disk_errors(self._folder), arriving.open("wb") as file:
            for block in blocks:
                size += len(block)
                if self.size + size > self._room:
                    raise TooMuch
                file.write(block)
        uid = self._identified(arriving)
        with disk_errors(self._folder):
            self.files[uid] = arriving.rename(self._folder / uid)
        self.size += size - self._sizes.get(uid, 0)
        self._sizes[uid] = size
        self._told(len(self.files))

    def _identified(self, path: Path) -> str:
        """Its SOPInstanceUID."""
        from pipelines.evidence.dicom import at_pixels, reading

        problem = "cannot be fetched: the archive gives what is no readable DICOM image"
        with (
            reading(self._name, problem, "see its own log, then attach it again"),
            at_pixels(path) as (header, _),
        ):
            image, study, series, patient = (str(header.get(each, "") or "").strip() for each in _WANTED)
        if (study, series) != (self._study, self._series):
            raise NotAsked("study or series", "check the address")
        if self._patient is not None and patient not in ("", self._patient):
            raise NotAsked("patient than it lists them under", "name the study itself, if it is the right one")
        if not is_uid(image):
            raise BadInput(self._name, problem, "have it put right there")
        return image
