"""The image archives that a user may name, as his settings have them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from assistant.asking import Patience, no_progress
from assistant.imaging.address import ImagesAddress
from assistant.imaging.archive import Archive
from assistant.imaging.fetching import MOST_BYTES, FetchedStudy, fetch_images, names
from assistant.imaging.staging import staging
from assistant.records.address import ServerAddress
from assistant.records.credentials import GivenToken
from assistant.sessions.files import FileStore, hash_file
from assistant.settings import Settings
from assistant.studies import study_of
from pipelines.errors import UsageProblem
from pipelines.models.generator import never
from pipelines.ports import Outbound
from pipelines.records import Attachment, Kind

_URL: Final = "ASSISTANT_DICOMWEB_URL"
_TOKEN: Final = "ASSISTANT_DICOMWEB_TOKEN"
#: In the data folder: beside the store, so that what has come is moved there and not copied.
_FETCHING: Final = "fetching"


class ImageArchives:
    """Fetches images for one command: however often it names them, they are fetched once.

    Args:
        outbound: makes the way out, when something is fetched.
        progress: told what is being done and the share done, from 0 to 1.
        cancelled: asked every moment; where it says yes the fetching ends.
        pause: waits so many seconds.
        now: the time, with its zone.
    """

    def __init__(
        self,
        settings: Settings,
        outbound: Callable[[], Outbound],
        progress: Callable[[str, float], None] = no_progress,
        cancelled: Callable[[], bool] = never,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._outbound = outbound
        self._progress = progress
        self._cancelled = cancelled
        self._patience = Patience(settings.dicomweb_timeout, settings.dicomweb_retries, pause)
        self._now = now
        self._taken: dict[tuple[ImagesAddress, Kind | None], tuple[Attachment, ...]] = {}

    def take(self, address: ImagesAddress, kind: Kind | None, store: FileStore) -> tuple[Attachment, ...]:
        """Fetch what is at ``address`` and keep it: a volume or slide as one attachment, other pictures one by one,
        studies in the order of their dates. What is sent to the archive is in the log.

        Args:
            kind: the user's word for it, if given.

        Raises:
            BadInput: it cannot be had whole; nothing is kept.
            Cancelled: it is not wanted any more; likewise.
            UsageProblem: the settings do not fit.
            StorageProblem: the log cannot be written, so that nothing was sent, or the disk does not take it.
        """
        known = self._taken.get((address, kind))
        if known is not None:
            return known
        with staging(self._settings.data_dir / _FETCHING) as folder:
            outbound, token = self._outbound(), self._token(address.archive)
            archive = Archive(address, outbound, token, self._patience, self._cancelled, MOST_BYTES)
            studies = fetch_images(archive, kind, folder, self._progress, self._now)
            # Nothing is kept before all is known to be usable.
            found = [one for study in studies for one in _attachments(study, address.archive.host, kind)]
            for _, files in found:
                for path in files:
                    store.adopt(path)
        taken = tuple(attachment for attachment, _ in found)
        self._taken[address, kind] = taken
        return taken

    def _token(self, archive: ServerAddress) -> GivenToken:
        """What the settings have for this archive: nothing of it ever goes to another."""
        given = self._settings
        if given.dicomweb_url is None:
            if given.dicomweb_token is not None:
                raise UsageProblem(_TOKEN, "does not say for which archive it is", f"set {_URL} to its base")
            return GivenToken(None, archive.host)
        base = ServerAddress.parse(given.dicomweb_url, _URL, has="images", token=_TOKEN)
        return GivenToken(given.dicomweb_token if base == archive else None, archive.host)


def _attachments(study: FetchedStudy, host: str, kind: Kind | None) -> list[tuple[Attachment, tuple[Path, ...]]]:
    """What becomes of a study, each with its files; nothing is stored yet."""
    from pipelines.evidence.identify import identify_file

    noted = {"warnings": (study.note,)}
    if study.at_once:
        whole = study_of(study.name, study.files, kind).model_copy(update=noted)
        return [(whole, tuple(path for _, path in study.files))]
    single = [(identify_file(path, name, hash_file(path), kind), path) for name, path in names(study, host)]
    return [(one.model_copy(update=noted), (path,)) for one, path in single]
