"""Asks a DICOMweb archive (QIDO-RS and WADO-RS, PS3.18), again where that may help, and says what is wrong in one line.

Nothing that an archive says is shown: it may speak of the patient.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from assistant.asking import PASSING, Passing, Patience, Refused
from assistant.imaging.address import ImagesAddress
from assistant.imaging.dicom_json import Found
from assistant.imaging.multipart import NotMultipart, NotWhole, boundary_of, media_type, parts
from assistant.records.credentials import Credentials
from pipelines.errors import BadInput
from pipelines.pauses import wanted_pause
from pipelines.ports import Arriving, JsonRequest, Outbound, TooLate, Unreachable

Answered = TypeVar("Answered")

#: Of one list: an image takes about 2 kB in it.
MOST_LIST_BYTES: Final = 32 << 20
#: Objects that are asked for at once; archives have limits of their own.
PAGE: Final = 1000
#: Seconds for all images of a series; how long the archive may be silent meanwhile is a setting.
SERIES_SECONDS: Final = 3600.0
_LIST: Final = "application/dicom+json"
_DICOM: Final = "application/dicom"
#: As they are stored, or else in a form of the archive's own choice, which loses nothing (PS3.18, 8.7.3.5.2).
_AS_STORED: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_RECODED: Final = 'multipart/related; type="application/dicom"'
_WHY: Final = "the images of a patient that the user attached from a DICOMweb archive"
_ELSEWHERE: Final = "name the address of its DICOMweb interface"

Take = Callable[[Iterator[bytes]], None]
"""Takes in one image as it arrives, all of it or nothing."""


class Archive:
    """Asks the archive of one address.

    Args:
        cancelled: asked every moment; where it says yes nothing more is asked.
        most_bytes: of all images that are asked for in one go; more than that is left before its end.
    """

    def __init__(
        self,
        address: ImagesAddress,
        outbound: Outbound,
        credentials: Credentials,
        patience: Patience,
        cancelled: Callable[[], bool],
        most_bytes: int,
    ) -> None:
        self.address = address
        self._outbound = outbound
        self._credentials = credentials
        self._patience = patience
        self._cancelled = cancelled
        self._most_bytes = most_bytes

    def listed(self, path: str, key: str, most: int, query: str = "", *, whole: bool = True) -> list[Found]:
        """What the archive has at ``path`` (QIDO-RS), page after page, each once.

        Args:
            key: the element that tells one from another.
            most: once there are more than these, no further page is asked for.
            whole: whether a part of the list is no answer.

        Raises:
            BadInput: it gives no whole answer, or none in DICOM's JSON.
            Cancelled, UsageProblem, StorageProblem: see `Outbound.ask_json`.
        """
        found: dict[str, Found] = {}
        offset = 0
        while len(found) <= most:
            before = len(found)
            asked = f"limit={PAGE}&offset={offset}"
            page, is_last = self._page(f"{path}?{query}&{asked}" if query else f"{path}?{asked}")
            found.update({uid: one for one in page if (uid := one.uid(key))})
            offset += len(page)
            if is_last:
                break
            if len(found) == before:
                # It does not heed the offset: where it heeds no limit either, that was all of it.
                if whole and len(page) <= PAGE:
                    raise self.bad(
                        "gives the beginning of a list over and over, and never the rest", "name one series of it"
                    )
                break
        return list(found.values())

    def images(self, path: str, take: Take) -> bool:
        """Hand over each image at ``path`` (WADO-RS) as it arrives; from the first again where it breaks off.

        Returns whether they come as they are stored.

        Raises:
            BadInput: they do not come whole, or in another form than DICOM.
            Cancelled, UsageProblem, StorageProblem: see `Outbound.ask_json`.
        """
        try:
            self._patience.persist(lambda: self._images(path, _AS_STORED, take), self._cancelled)
        except Refused as refused:
            if refused.status not in (400, 406):
                raise self._problem(refused) from None
        else:
            return True
        self._refusing(lambda: self._images(path, _RECODED, take))
        return False

    def bad(self, problem: str, remedy: str) -> BadInput:
        """What is wrong with the archive as one line about the images."""
        return BadInput(self.address.name, f"cannot be fetched: the archive {problem}", remedy)

    def _refusing(self, once: Callable[[], Answered]) -> Answered:
        try:
            return self._patience.persist(once, self._cancelled)
        except Refused as refused:
            raise self._problem(refused) from None

    def _problem(self, refused: Refused) -> BadInput:
        """What the user can do about it."""
        name, why = self.address.name, f"({refused.reason})"
        if refused.status in (404, 410):
            return BadInput(name, f"is not in that archive {why}", "check the address: was it deleted or moved there?")
        meaning = refused.meaning(self._credentials, "docs/imaging.md")
        return self.bad(*meaning or (f"refuses {why}", _ELSEWHERE))

    def _page(self, path: str) -> tuple[list[Found], bool]:
        """What is on a page, and whether it is the last."""

        def read(arriving: Arriving) -> tuple[list[Found], bool]:
            if arriving.status == 204:
                return [], True
            self._require(arriving, _LIST, "application/json")
            data = bytearray()
            for block in arriving.blocks:
                data += block
                if len(data) > MOST_LIST_BYTES:
                    raise self.bad(f"gives a list of more than {MOST_LIST_BYTES >> 20} MB", "name one series of it")
            found = self._objects(bytes(data))
            # 299: there are more than it lists at once (PS3.18, 8.3.4.4).
            is_last = len(found) < PAGE and not arriving.headers.get("warning", "").startswith("299")
            return found, is_last

        # One that is larger is left before that: it would be no better a second time.
        return self._refusing(lambda: self._asking(path, _LIST, self._patience.timeout, 2 * MOST_LIST_BYTES, read))

    def _objects(self, data: bytes) -> list[Found]:
        try:
            listed: Any = json.loads(data)
        except (ValueError, RecursionError):
            cut = self.bad("gives JSON that is cut off or broken", "see its own log, then attach it again")
            raise Passing(cut) from None
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise self.bad("gives JSON that is not DICOM's", _ELSEWHERE)
        return [Found(each) for each in listed]

    def _images(self, path: str, accept: str, take: Take) -> None:
        def read(arriving: Arriving) -> None:
            if arriving.status == 204:
                return
            parameters = self._require(arriving, "multipart/related")
            try:
                for part in parts(arriving.blocks, boundary_of(parameters)):
                    if media_type(part.headers.get("content-type", _DICOM))[0] != _DICOM:
                        raise self.bad("gives images in another form than DICOM", _ELSEWHERE)
                    take(part.blocks)
            except NotMultipart:
                raise self.bad("gives images in a form that cannot be read", "see its own log") from None
            except NotWhole:
                broken = self.bad("breaks off in the middle of the images", "see its own log, then attach it again")
                raise Passing(broken) from None

        self._asking(path, accept, SERIES_SECONDS, 2 * self._most_bytes, read)

    def _asking(
        self, path: str, accept: str, timeout: float, most_bytes: int, read: Callable[[Arriving], Answered]
    ) -> Answered:
        request = JsonRequest(
            self.address.archive.below(path),
            None,
            why=_WHY,
            timeout=timeout,
            silence=self._patience.timeout if timeout > self._patience.timeout else None,
            bearer=self._credentials.token(),
            login=self._credentials.login(),
            most_bytes=most_bytes,
            off_machine=True,
            cancelled=self._cancelled,
            accept=accept,
        )
        try:
            with self._outbound.ask_json(request) as arriving:
                if arriving.status in PASSING:
                    raise Passing(Refused.by(arriving), wanted_pause(arriving))
                return read(arriving)
        except TooLate as late:
            raise self.bad(f"gives {late.reason}", "name one series of it, or export it as files") from None
        except Unreachable as gone:
            reason = f"cannot be reached ({gone.reason})"
            raise Passing(self.bad(reason, "check the address and the network, then attach it again")) from None

    def _require(self, arriving: Arriving, *kinds: str) -> dict[str, str]:
        """The parameters of the form in which it answers, which is one of ``kinds``."""
        if arriving.status == 206:
            raise self.bad("gives a part of it only, and says so (206)", "see its own log")
        if arriving.status != 200:
            raise Refused.by(arriving)
        kind, parameters = media_type(arriving.headers.get("content-type", ""))
        if kind not in kinds:
            other = next((f" but in {name.upper()}" for name in ("html", "xml", "json") if name in kind), "")
            raise self.bad(f"does not answer as DICOMweb does{other}", _ELSEWHERE)
        return parameters
