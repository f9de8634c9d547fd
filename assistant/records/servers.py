"""The FHIR servers that a user may name, as his settings have them."""

from __future__ import annotations

from typing import Final

from assistant.asking import Means, Patience
from assistant.records.address import PatientAddress, ServerAddress
from assistant.records.credentials import Account, Credentials
from assistant.records.fetching import FetchedRecord, fetch_record
from assistant.records.server import FhirServer
from assistant.records.smart import BackendServices, Client
from pipelines.errors import UsageProblem
from pipelines.ports import Outbound

_ACCOUNT: Final = "ASSISTANT_FHIR"


class RecordServers:
    """Fetches records for one command: however often it names a patient, his record is fetched once."""

    def __init__(self, means: Means) -> None:
        self._means = means
        settings = means.settings
        self._patience = Patience(settings.fhir_timeout, settings.fhir_retries, means.pause)
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
        outbound = self._means.outbound()
        credentials = self._credentials(address.server, outbound)
        server = FhirServer(address, outbound, credentials, self._patience, self._means.cancelled)
        fetched = fetch_record(server, self._means.progress, self._means.now)
        self._latest = (address, fetched)
        return fetched

    def _credentials(self, server: ServerAddress, outbound: Outbound) -> Credentials:
        given = self._means.settings
        account = Account(
            _ACCOUNT, "record", given.fhir_url, given.fhir_token, given.fhir_user, given.fhir_password,
            given.fhir_client_id,
        )  # fmt: skip
        if given.fhir_client_id is None or not account.is_of(server):
            return account.credentials(server)
        if given.fhir_private_key is None:
            raise UsageProblem(f"{_ACCOUNT}_CLIENT_ID", "has no key", f"set {_ACCOUNT}_PRIVATE_KEY to its file")
        client = Client(given.fhir_client_id, given.fhir_private_key, given.fhir_key_id, given.fhir_scope)
        return BackendServices(client, server, outbound, given.fhir_timeout, self._means.cancelled)
