"""The image archives that a user may name, as his settings have them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from assistant.asking import Means, Patience
from assistant.imaging.address import ACCOUNT, ImagesAddress
from assistant.imaging.archive import Archive
from assistant.imaging.fetching import MOST_BYTES, FetchedStudy, fetch_images, names
from assistant.imaging.staging import staging
from assistant.records.credentials import Account
from assistant.sessions.files import FileStore, hash_file
from assistant.studies import study_of
from pipelines.records import Attachment, Kind

#: In the data folder: beside the store, so that what has come is moved there and not copied.
_FETCHING: Final = "fetching"


class ImageArchives:
    """Fetches images for one command: however often it names them, they are fetched once."""

    def __init__(self, means: Means) -> None:
        self._means = means
        given = means.settings
        self._patience = Patience(given.dicomweb_timeout, given.dicomweb_retries, means.pause)
        self._account = Account(
            ACCOUNT, "images", given.dicomweb_url, given.dicomweb_token, given.dicomweb_user, given.dicomweb_password
        )
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
        means = self._means
        credentials = self._account.credentials(address.archive)
        with staging(means.settings.data_dir / _FETCHING) as folder:
            archive = Archive(address, means.outbound(), credentials, self._patience, means.cancelled, MOST_BYTES)
            studies = fetch_images(archive, kind, folder, means.progress, means.now)
            # Nothing is kept before all is known to be usable.
            found = [one for study in studies for one in _attachments(study, address.archive.host, kind)]
            for _, files in found:
                for path in files:
                    store.adopt(path)
        taken = tuple(attachment for attachment, _ in found)
        self._taken[address, kind] = taken
        return taken


def _attachments(study: FetchedStudy, host: str, kind: Kind | None) -> list[tuple[Attachment, tuple[Path, ...]]]:
    """What becomes of a study, each with its files; nothing is stored yet."""
    from pipelines.evidence.identify import identify_file

    noted = {"warnings": (study.note,)}
    if study.at_once:
        whole = study_of(study.name, study.files, kind).model_copy(update=noted)
        return [(whole, tuple(path for _, path in study.files))]
    single = [(identify_file(path, name, hash_file(path), kind), path) for name, path in names(study, host)]
    return [(one.model_copy(update=noted), (path,)) for one, path in single]
