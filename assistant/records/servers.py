"""The FHIR servers that a user may name, as his settings have them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from assistant.asking import Patience, no_progress
from assistant.records.address import PatientAddress, ServerAddress
from assistant.records.credentials import Credentials, GivenToken
from assistant.records.fetching import FetchedRecord, fetch_record
from assistant.records.server import FhirServer
from assistant.records.smart import BackendServices, Client
from assistant.settings import Settings
from pipelines.errors import UsageProblem
from pipelines.models.generator import never
from pipelines.ports import Outbound

Progress = Callable[[str, float], None]
_URL: Final = "ASSISTANT_FHIR_URL"


class RecordServers:
    """Fetches records for one command: however often it names a patient, his record is fetched once.

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
        progress: Progress = no_progress,
        cancelled: Callable[[], bool] = never,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._outbound = outbound
        self._progress = progress
        self._cancelled = cancelled
        self._patience = Patience(settings.fhir_timeout, settings.fhir_retries, pause)
        self._now = now
        self._latest: tuple[PatientAddress, FetchedRecord] | None = None

    def fetch(self, address: PatientAddress) -> FetchedRecord:
        """The record at ``address``. What is sent to its server, and to whom that sends for a token, is in the log.

        Raises:
            BadInput: it cannot be had whole.
            Cancelled: it is not wanted any more.
            UsageProblem: the settings do not fit.
            StorageProblem: the log cannot be written; nothing was sent.
        """
        if self._latest is not None and self._latest[0] == address:
            return self._latest[1]
        outbound = self._outbound()
        credentials = self._credentials(address.server, outbound)
        server = FhirServer(address, outbound, credentials, self._patience, self._cancelled)
        fetched = fetch_record(server, self._progress, self._now)
        self._latest = (address, fetched)
        return fetched

    def _credentials(self, server: ServerAddress, outbound: Outbound) -> Credentials:
        """What the settings have for this server: nothing of it ever goes to another."""
        given = self._settings
        if given.fhir_url is None:
            for name, value in (("TOKEN", given.fhir_token), ("CLIENT_ID", given.fhir_client_id)):
                if value is not None:
                    raise UsageProblem(
                        f"ASSISTANT_FHIR_{name}", "does not say for which server it is", f"set {_URL} to its base"
                    )
            return GivenToken(None, server.host)
        if ServerAddress.parse(given.fhir_url, _URL) != server:
            return GivenToken(None, server.host)
        if given.fhir_client_id is None:
            return GivenToken(given.fhir_token, server.host)
        if given.fhir_private_key is None:
            raise UsageProblem("ASSISTANT_FHIR_CLIENT_ID", "has no key", "set ASSISTANT_FHIR_PRIVATE_KEY to its file")
        client = Client(given.fhir_client_id, given.fhir_private_key, given.fhir_key_id, given.fhir_scope)
        return BackendServices(client, server, outbound, given.fhir_timeout, self._cancelled)
