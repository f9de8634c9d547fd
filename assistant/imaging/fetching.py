"""Images of an archive, study by study: all that is listed of what is wanted, or nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from assistant.imaging.address import Search
from assistant.imaging.archive import Archive
from assistant.imaging.arriving import Arrived, NotAsked, TooMuch
from assistant.imaging.choosing import (
    AT_ONCE,
    Unclear,
    Wanted,
    are_all_of,
    are_told_apart,
    latest_first,
    modalities,
    wanted_series,
)
from assistant.imaging.dicom_json import INSTANCE_UID, SERIES_UID, STUDY_UID, Found
from assistant.sessions.problems import disk_errors
from pipelines.errors import BadInput
from pipelines.records import Kind

#: Of all that one address brings.
MOST_INSTANCES: Final = 5_000
MOST_BYTES: Final = 4 << 30
#: Single pictures are an attachment each.
MOST_PICTURES: Final = 100
_MOST_SERIES: Final = 1_000
_MOST_STUDIES: Final = 2_000
#: Studies whose series are looked at for those that are wanted.
_MOST_LOOKED_AT: Final = 50
#: Two pictures are compared; volumes and slides are large, and looked at one by one.
_USUAL_LIMIT: Final = 2
_SERIES: Final = "SeriesInstanceUID"
_INSTANCE: Final = "SOPInstanceUID"


@dataclass(frozen=True)
class FetchedStudy:
    """Images of one study, fetched and not yet kept."""

    name: str
    at_once: bool
    """Whether they are one attachment."""
    files: tuple[tuple[str, Path], ...]
    """By SOPInstanceUID, in its order."""
    note: str
    """From where, when and what; one line."""


@dataclass(frozen=True)
class _Chosen:
    study: str
    day: str | None
    wanted: Wanted
    note: str = ""
    """What else is to be said of it."""


def fetch_images(
    archive: Archive,
    kind: Kind | None,
    folder: Path,
    progress: Callable[[str, float], None],
    now: Callable[[], datetime],
) -> tuple[FetchedStudy, ...]:
    """Fetch what the archive's address names into ``folder``: one study, or the latest of a patient, the latest last.

    Args:
        kind: that the user names: which series are wanted. Without one see `wanted_series`.
        progress: told what is being done and the share done, from 0 to 1.
        now: the time, with its zone.

    Raises:
        BadInput: they cannot be had whole, and the reason.
        Cancelled, UsageProblem, StorageProblem: see `Archive.listed`.
    """
    return _Fetching(archive, kind, folder, progress, now).run()


class _Fetching:
    def __init__(
        self,
        archive: Archive,
        kind: Kind | None,
        folder: Path,
        progress: Callable[[str, float], None],
        now: Callable[[], datetime],
    ) -> None:
        self._archive = archive
        self._address = archive.address
        self._kind = kind
        self._folder = folder
        self._progress = progress
        self._began = now()
        self._room = MOST_BYTES
        self._places = itertools.count()

    def run(self) -> tuple[FetchedStudy, ...]:
        self._progress("fetch", 0.0)
        search = self._address.search
        chosen = [self._named()] if search is None else self._latest(search)
        listed = [(one, series, self._listed(one, series)) for one in chosen for series in one.wanted.series]
        total = self._count(listed)
        done = 0
        arrived: dict[str, dict[str, Path]] = {one.study: {} for one in chosen}
        as_stored: dict[str, bool] = dict.fromkeys(arrived, True)
        for one, series, uids in listed:

            def told(here: int, before: int = done) -> None:
                self._progress("fetch", min(1.0, (before + here) / total))

            found, stored = self._fetch(one.study, series.text(SERIES_UID), uids, told)
            arrived[one.study].update(found)
            as_stored[one.study] &= stored
            done += len(found)
        self._progress("fetch", 1.0)
        return tuple(self._fetched(one, arrived[one.study], as_stored[one.study]) for one in chosen)

    def _named(self) -> _Chosen:
        """The study that the address names, with what is wanted of it."""
        study, named = self._address.study, self._address.series
        assert study is not None
        series = self._series(study, f"{_SERIES}={named}" if named else "")
        if named is None:
            wanted = self._wanted(series, None)
            if not wanted.series:
                raise self._none_such(series)
        else:
            one = next((each for each in series if each.text(SERIES_UID) == named), None)
            if one is None:
                raise self._gone()
            wanted = self._wanted([one], None)
            if self._kind is not None:
                # Whoever names a series and its kind knows both.
                wanted = Wanted((one,), self._kind in AT_ONCE)
            elif not wanted.series:
                raise self._none_such([one])
        if self._address.instance is not None:
            wanted = Wanted(wanted.series, at_once=False)
        return _Chosen(study, next((each.day for each in series if each.day), None), wanted)

    def _latest(self, search: Search) -> list[_Chosen]:
        """The latest studies of a patient that have what is wanted, the latest last."""
        query = search.asked
        studies = self._archive.listed("studies", STUDY_UID, _MOST_STUDIES, query)
        if not studies:
            raise BadInput(self._address.name, "has no such study", "check the patient's ID and what else is asked for")
        if len(studies) > _MOST_STUDIES:
            raise self._archive.bad(f"lists more than {_MOST_STUDIES:,} studies", "name a StudyDate")
        if not are_all_of(studies, search.patient):
            raise self._archive.bad(
                "gives studies of other patients: it does not heed whom it is asked for", "name the study itself"
            )
        limit = search.limit or (1 if self._kind in AT_ONCE else _USUAL_LIMIT)
        dated, undated = latest_first(studies)
        candidates = dated[:_MOST_LOOKED_AT] if len(studies) > 1 else studies
        found: list[tuple[Found, Wanted]] = []
        for one in candidates:
            if len(found) >= limit and all(are_told_apart(one, each) for each, _ in found):
                continue
            wanted = self._wanted(self._series(one.text(STUDY_UID)), search.modality)
            if wanted.series:
                found.append((one, wanted))
        if not found:
            raise BadInput(
                self._address.name,
                f"has no study with a date and images of that kind among the latest {len(candidates)}",
                "name the study itself",
            )
        if len(found) > limit:
            raise BadInput(
                self._address.name,
                f"has studies of {found[-1][0].day} of which it is not known which is the latest",
                "name the study itself, or a greater limit",
            )
        note = f"; {len(undated)} without a date not looked at" if undated and len(studies) > 1 else ""
        if len(found) < limit and len(dated) > len(candidates) > 1:
            note += f"; {len(dated) - len(candidates):,} older ones not looked at"
        return [self._chosen(one, wanted, [each for each, _ in found], note) for one, wanted in reversed(found)]

    def _chosen(self, study: Found, wanted: Wanted, all_chosen: list[Found], note: str) -> _Chosen:
        if any(study is not each and not are_told_apart(study, each) for each in all_chosen):
            note += "; whether it is before or after the other one of that day is not known"
        return _Chosen(study.text(STUDY_UID), study.day, wanted, note)

    def _series(self, study: str, query: str = "") -> list[Found]:
        found = self._archive.listed(f"studies/{study}/series", SERIES_UID, _MOST_SERIES, query)
        if not found:
            raise self._gone()
        if len(found) > _MOST_SERIES:
            raise self._archive.bad(f"lists more than {_MOST_SERIES:,} series", "name one series of it")
        return sorted(found, key=lambda one: one.text(SERIES_UID))

    def _wanted(self, series: list[Found], modality: str | None) -> Wanted:
        try:
            return wanted_series(series, self._kind, modality)
        except Unclear as unclear:
            kinds = " and ".join(unclear.kinds)
            raise BadInput(
                self._address.name, f"holds {kinds}", f"say which is meant: {unclear.kinds[0]}=dicomweb+…"
            ) from None

    def _listed(self, chosen: _Chosen, series: Found) -> frozenset[str]:
        """What the archive says it has of a series; of all of it one, where one is named."""
        path = f"studies/{chosen.study}/series/{series.text(SERIES_UID)}/instances"
        named = self._address.instance
        query = f"{_INSTANCE}={named}" if named else ""
        # Where only a part of the list is to be had, the images themselves tell the rest.
        listed = self._archive.listed(path, INSTANCE_UID, MOST_INSTANCES, query, whole=False)
        found = frozenset(each.text(INSTANCE_UID) for each in listed)
        if named is not None:
            found &= {named}
        if not found:
            raise self._gone()
        return found

    def _count(self, listed: list[tuple[_Chosen, Found, frozenset[str]]]) -> int:
        total = sum(len(uids) for _, _, uids in listed)
        pictures = sum(len(uids) for one, _, uids in listed if not one.wanted.at_once)
        if total > MOST_INSTANCES or pictures > MOST_PICTURES:
            most = f"{MOST_PICTURES} pictures" if pictures > MOST_PICTURES else f"{MOST_INSTANCES:,} images"
            raise self._archive.bad(f"has more than {most} of it", "name one series or instance of it")
        return total

    def _fetch(
        self, study: str, series: str, uids: frozenset[str], told: Callable[[int], None]
    ) -> tuple[dict[str, Path], bool]:
        """All images of a series, and whether they are as they are stored."""
        place = self._folder / str(next(self._places))
        with disk_errors(self._folder):
            place.mkdir()
        patient = self._address.search.patient if self._address.search else None
        arrived = Arrived(place, study, series, patient, self._room, MOST_INSTANCES, self._address.name, told)
        instance = f"/instances/{self._address.instance}" if self._address.instance else ""
        try:
            stored = self._archive.images(f"studies/{study}/series/{series}{instance}", arrived.take)
        except TooMuch:
            limits = f"{MOST_BYTES >> 30} GB or {MOST_INSTANCES:,} images"
            raise self._archive.bad(f"gives more than {limits} of it", "name one series of it") from None
        except NotAsked as other:
            raise self._archive.bad(f"gives images of another {other.what}", other.remedy) from None
        if missing := len(uids - arrived.files.keys()):
            raise self._archive.bad(
                f"gives {len(uids) - missing:,} of the {len(uids):,} images that it lists", "attach it again"
            )
        self._room -= arrived.size
        return arrived.files, stored

    def _fetched(self, chosen: _Chosen, files: dict[str, Path], as_stored: bool) -> FetchedStudy:
        address = self._address
        series = chosen.wanted.series
        kinds = modalities(series)
        images = f"{len(files):,} {kinds} image{'s' if len(files) > 1 else ''} of {len(series)} series"
        when = f"study of {chosen.day}" if chosen.day else "study without a date"
        whole = "as stored" if as_stored else "recoded by the archive"
        place = address.url if address.search is None else address.archive.below(f"studies/{chosen.study}")
        note = f"read from {place} on {self._began:%Y-%m-%d at %H:%M %Z}: {when}, {images}, {whole}{chosen.note}"
        name = address.name if address.search is None else f"studies/{chosen.study}@{address.archive.host}"
        return FetchedStudy(name, chosen.wanted.at_once, tuple(sorted(files.items())), note)

    def _gone(self) -> BadInput:
        return BadInput(
            self._address.name, "is not in that archive", "check the address: was it deleted or moved there?"
        )

    def _none_such(self, series: list[Found]) -> BadInput:
        what = f"no {self._kind}" if self._kind else "no images"
        return BadInput(
            self._address.name, f"holds {what} but {modalities(series)}", "name another kind or study, or one series"
        )


def names(study: FetchedStudy, host: str) -> Iterator[tuple[str, Path]]:
    """What each image of it is called where it is an attachment of its own."""
    for uid, path in study.files:
        yield f"instances/{uid}@{host}", path
