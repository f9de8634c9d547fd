"""Asks a FHIR server, again where that may help, and says what is wrong in one line.

Nothing that a server says is shown: it may speak of the patient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assistant.asking import PASSING, Passing, Patience, Refused
from assistant.records.address import PatientAddress
from assistant.records.credentials import Credentials
from assistant.records.written import Json, NotJson, read
from pipelines.errors import BadInput
from pipelines.pauses import wanted_pause
from pipelines.ports import Arriving, JsonRequest, Outbound, TooLate, Unreachable

MEDIA_TYPE: Final = "application/fhir+json"
#: Of one answer: a page of a search is far smaller.
MOST_BYTES: Final = 128 << 20
_WHY: Final = "the record of a patient that the user attached from a FHIR server"
#: Of an answer that is none, only what may tell what is wrong.
_MOST_SAID: Final = 1 << 16
#: Codes of an OperationOutcome that may be shown: FHIR R4's, http://hl7.org/fhir/issue-type.
_ISSUES: Final = frozenset(
    "invalid structure required value invariant security login unknown expired forbidden suppressed processing "
    "not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly "
    "business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational".split()
)


class FhirServer:
    """Asks the server of one patient.

    Args:
        cancelled: asked every moment; where it says yes nothing more is asked.
        most_bytes: of one answer.
    """

    def __init__(
        self,
        address: PatientAddress,
        outbound: Outbound,
        credentials: Credentials,
        patience: Patience,
        cancelled: Callable[[], bool],
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.address = address
        self._outbound = outbound
        self._credentials = credentials
        self._patience = patience
        self._cancelled = cancelled
        self._most_bytes = most_bytes

    def get(self, url: str) -> Json:
        """The resource at ``url``.

        Raises:
            Refused: there is none to be had.
            BadInput: the server gives no whole answer, or none in FHIR.
            Cancelled: it is not wanted any more.
            UsageProblem: it may not be asked, or a setting cannot be obeyed.
            StorageProblem: the log cannot be written; nothing was sent.
        """
        return self._patience.persist(lambda: self._renewing(url), self._cancelled)

    def problem(self, refused: Refused) -> BadInput:
        """What its user can do where an answer is refused."""
        name, why = self.address.name, f"({refused.reason})"
        if refused.status == 404:
            return BadInput(name, f"is not on that server {why}", "check the address and the patient's id")
        if refused.status == 410:
            return BadInput(name, f"was deleted on that server {why}", "name the patient that is there now")
        meaning = refused.meaning(self._credentials, "docs/fhir-server.md")
        return self.bad(*meaning or (f"refuses {why}", "check the address: it is that of a FHIR R4 server"))

    def bad(self, problem: str, remedy: str) -> BadInput:
        """What is wrong with the server as one line about the record."""
        return BadInput(self.address.name, f"cannot be fetched: the server {problem}", remedy)

    def _renewing(self, url: str) -> Json:
        try:
            return self._once(url)
        except Refused as refused:
            if refused.status != 401 or not self._credentials.renew():
                raise
        return self._once(url)

    def _once(self, url: str) -> Json:
        try:
            request = JsonRequest(
                url,
                None,
                why=_WHY,
                timeout=self._patience.timeout,
                bearer=self._credentials.token(),
                login=self._credentials.login(),
                # One that is larger is left before that: it would be no better a second time.
                most_bytes=2 * self._most_bytes,
                off_machine=True,
                cancelled=self._cancelled,
                accept=MEDIA_TYPE,
            )
            with self._outbound.ask_json(request) as arriving:
                return self._read(arriving)
        except TooLate as late:
            raise self.bad(f"gives {late.reason}", "give it more time by ASSISTANT_FHIR_TIMEOUT") from None
        except Unreachable as gone:
            reason = f"cannot be reached ({gone.reason})"
            raise Passing(self.bad(reason, "check the address and the network, then attach it again")) from None

    def _read(self, arriving: Arriving) -> Json:
        if arriving.status != 200:
            refused = Refused.by(arriving, _issue(_said(arriving)))
            raise Passing(refused, wanted_pause(arriving)) if arriving.status in PASSING else refused
        media = arriving.headers.get("content-type", "").partition(";")[0].strip().lower()
        if "json" not in media:
            kind = next((kind for kind in ("html", "xml") if kind in media), None)
            raise self.bad(
                f"does not answer in FHIR's JSON{f' but {kind.upper()}' if kind else ''}",
                "name the address of its FHIR R4 interface",
            )
        data = bytearray()
        for block in arriving.blocks:
            data += block
            if len(data) > self._most_bytes:
                raise self.bad(
                    f"gives more than {self._most_bytes >> 20:,} MB at once",
                    "export the record as a file and attach that",
                )
        try:
            resource = read(bytes(data))
        except NotJson:
            cut = self.bad("gives JSON that is cut off or broken", "see its own log, then attach it again")
            raise Passing(cut) from None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise self.bad("gives JSON that is not FHIR", "name the address of its FHIR R4 interface")
        return resource


def _said(arriving: Arriving) -> bytes:
    """The beginning of what is said against a request."""
    said = bytearray()
    try:
        for block in arriving.blocks:
            said += block
            if len(said) >= _MOST_SAID:
                break
    except Unreachable:
        pass  # Its status has said it.
    return bytes(said)


def _issue(said: bytes) -> str | None:
    """The code of the first issue of an OperationOutcome, where FHIR knows it."""
    try:
        outcome = read(said)
        code = outcome["issue"][0]["code"] if outcome["resourceType"] == "OperationOutcome" else None
    except (NotJson, KeyError, IndexError, TypeError):
        return None
    return code if isinstance(code, str) and code in _ISSUES else None
