"""One patient's record from a FHIR R4 server: all that it says that it has, and what of it could not be had."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from assistant.asking import Refused
from assistant.records.capabilities import Capabilities, Searched, read_capabilities
from assistant.records.collected import Collected, TooMuch
from assistant.records.pages import circling, pages
from assistant.records.server import FhirServer
from assistant.records.written import Json, NotWritable, dicts
from pipelines.errors import BadInput

#: Resources that are asked for at once; servers have limits of their own.
_PAGE: Final = 500
#: Pages in a row that bring nothing new before they count as circles.
_IDLE_PAGES: Final = 3
_MOST_DRUGS: Final = 1000
#: A type that is refused so is left out, and that is said; so is one that cannot be asked for in any way.
_NOT_GIVEN: Final = frozenset({403, 404, 405, 501})
_MALFORMED: Final = frozenset({400, 422})
#: What a server may want to be told besides the patient (US Core's search requirements), and what then is left out is
#: of no usual kind.
_NARROWED: Final = {
    "CarePlan": "category=assess-plan",
    "MedicationRequest": "intent=proposal,plan,order,original-order,reflex-order,filler-order,instance-order,option",
    "Observation": "category=laboratory,vital-signs,social-history,survey,imaging,procedure,exam,therapy,activity",
}
_SUBJECTS: Final = ("subject", "patient")
_OF_PATIENT: Final = re.compile(r"(?:.*/)?Patient/([^/]+)")


@dataclass(frozen=True)
class FetchedRecord:
    """A record as it was fetched."""

    name: str
    data: bytes
    """A FHIR Bundle: the same bytes for the same content."""
    notes: tuple[str, ...]
    """From where and when it is, and what of it could not be had; one line each."""


def fetch_record(
    server: FhirServer,
    progress: Callable[[str, float], None],
    now: Callable[[], datetime],
    collected: Collected | None = None,
) -> FetchedRecord:
    """Fetch the record of the server's patient.

    Args:
        progress: told what is being done and the share done, from 0 to 1.
        now: the time, with its zone.
        collected: where it is put together.

    Raises:
        BadInput: it cannot be had whole, and the reason.
        Cancelled, UsageProblem, StorageProblem: see `FhirServer.get`.
    """
    fetching = _Fetching(server, Collected(server.address) if collected is None else collected)
    began = now()
    try:
        version = fetching.run(progress)
    except TooMuch:
        raise server.bad(
            f"has more of it than can be kept (over {fetching.collected.most_bytes >> 20:,} MB)",
            "export the record as a file and attach that",
        ) from None
    except NotWritable:
        raise server.bad(
            "gives a resource that is nested too deeply or holds broken Unicode", "have it put right there"
        ) from None
    found = f"{len(fetching.collected):,} resources of FHIR {version}"
    since = f"read from {server.address.url} on {began:%Y-%m-%d at %H:%M %Z}: {found}"
    return FetchedRecord(server.address.name, fetching.collected.bundle(), (since, *fetching.notes))


class _Fetching:
    def __init__(self, server: FhirServer, collected: Collected) -> None:
        self.collected = collected
        self.notes: list[str] = []
        self._server = server
        self._patient = server.address.patient
        # Servers that know him by one name only find nothing by the other, and do not say why.
        self._named: tuple[str, ...] = (f"Patient/{self._patient}", self._patient)
        self._below = server.address.server.below

    def run(self, progress: Callable[[str, float], None]) -> str:
        """Fetch all; returns the server's version of FHIR."""
        progress("fetch", 0.0)
        capabilities = self._capabilities()
        self._take_patient()
        if not (capabilities.everything and self._take_everything()):
            self._search_all(capabilities.searched, progress)
        self._take_drugs()
        self._note("not-supported", "the server does not offer", capabilities.not_offered)
        progress("fetch", 1.0)
        return capabilities.version

    def _capabilities(self) -> Capabilities:
        try:
            statement = self._server.get(self._below("metadata"))
        except Refused as refused:
            if refused.status != 404:
                raise self._server.problem(refused) from None
            statement = None
        return read_capabilities(statement, self._server.address.name)

    def _take_patient(self) -> None:
        try:
            patient = self._server.get(self._server.address.url)
        except Refused as refused:
            raise self._server.problem(refused) from None
        if patient["resourceType"] != "Patient" or patient.get("id") != self._patient:
            raise self._server.bad("answers with another resource than was asked for", "check the address")
        if any(each.get("type") == "replaced-by" for each in dicts(patient.get("link"))):
            raise BadInput(
                self._server.address.name,
                "was replaced by another patient on that server (the two were merged)",
                "attach the one that its link names",
            )
        self.collected.add(patient)

    def _take_everything(self) -> bool:
        """The whole record at once; False where the server does not give all of it after all."""
        url = self._below(f"Patient/{self._patient}/$everything?_count={_PAGE}")
        found = total = 0
        try:
            for page in self._progressing(pages(self._server, url)):
                total = max(total, _total(page))
                for resource, _ in self._resources(page):
                    found += 1
                    another = resource["resourceType"] == "Patient" and resource.get("id") != self._patient
                    if not another and not self._is_of_another(resource):
                        self.collected.add(resource)
        except Refused:
            return False
        return 0 < found >= total

    def _search_all(self, searched: tuple[Searched, ...], progress: Callable[[str, float], None]) -> None:
        refused = []
        for n, how in enumerate(searched):
            progress("fetch", (n + 1) / (len(searched) + 2))
            if not self._search(how):
                refused.append(how.type)
        self._note("forbidden", "the server does not let you search for", tuple(refused))

    def _search(self, how: Searched) -> bool:
        """All of one type; False where the server refuses it."""
        is_given = False
        for patient in self._named if how.parameter == "patient" else self._named[:1]:
            try:
                found = self._search_for(how, patient)
            except Refused as refused:
                if refused.status not in _NOT_GIVEN:
                    raise self._server.problem(refused) from None
                return False
            is_given = is_given or found is not None
            if found:
                self._named = (patient,)
                break
        return is_given

    def _search_for(self, how: Searched, patient: str) -> int | None:
        """How many of one type are the patient's, by this name for him; None where the server cannot be asked so."""
        for query, is_narrowed in _queries(how, patient):
            try:
                found = self._take_found(how, self._below(f"{how.type}?{query}"))
            except Refused as refused:
                if refused.status not in _MALFORMED:
                    raise
                continue
            if is_narrowed:
                self._note("incomplete", "the server gives only the usual kinds of", (how.type,))
            return found
        return None

    def _take_found(self, how: Searched, url: str) -> int:
        found: set[str] = set()
        total = 0
        for page in self._progressing(pages(self._server, url)):
            total = max(total, _total(page))
            for resource, mode in self._resources(page):
                if resource["resourceType"] == how.type and mode != "include":
                    if self._is_of_another(resource):
                        raise self._server.bad(
                            f"gives the {how.type} of other patients: it does not heed whom it is asked for",
                            "export the record as a file and attach that",
                        )
                    found.add(str(resource.get("id")))
                self.collected.add(resource)
        if len(found) < total:
            self._note("incomplete", f"the server gave {len(found):,} of its {total:,}", (how.type,))
        return len(found)

    def _progressing(self, found: Iterable[Json]) -> Iterator[Json]:
        """The pages as long as they bring something new."""
        idle = 0
        for page in found:
            before = self.collected.size
            yield page
            idle = 0 if self.collected.size != before else idle + 1
            if idle >= _IDLE_PAGES:
                raise circling(self._server)

    def _resources(self, page: Json) -> Iterator[tuple[Json, Json]]:
        """Each resource of a page, and why it is there (``search.mode``)."""
        for entry in dicts(page.get("entry")):
            resource, search = entry.get("resource"), entry.get("search")
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                continue
            if resource["resourceType"] != "OperationOutcome":
                yield resource, search.get("mode") if isinstance(search, dict) else None
            elif any(issue.get("severity") in ("error", "fatal") for issue in dicts(resource.get("issue"))):
                raise self._server.bad("gives a part of it only, and says so", "see its own log")

    def _take_drugs(self) -> None:
        """Drugs that have resources of their own, where the search did not bring them."""
        missing = list(self.collected.drugs_missing())
        lost = len(missing[_MOST_DRUGS:])
        for path in missing[:_MOST_DRUGS]:
            try:
                drug = self._server.get(self._below(path))
            except Refused:
                lost += 1
                continue
            if drug["resourceType"] == "Medication":
                self.collected.add(drug)
        if lost:
            self._note("not-found", f"the server does not give {lost:,} of the drugs that it names:", ("Medication",))

    def _is_of_another(self, resource: Json) -> bool:
        subject = next((raw for key in _SUBJECTS if isinstance(raw := resource.get(key), dict)), {})
        reference = subject.get("reference")
        if not isinstance(reference, str):
            return False
        named = _OF_PATIENT.fullmatch(reference.split("/_history/")[0])
        return named is not None and named[1] != self._patient

    def _note(self, code: str, text: str, types: tuple[str, ...]) -> None:
        """Say what of some types is not here, to the reader and within the record."""
        if types:
            self.notes.append(f"{text} {', '.join(types)}: what it has of that is not all here")
        for kind in types:
            self.collected.say(code, f"{text} {kind}", kind)


def _queries(how: Searched, patient: str) -> Iterator[tuple[str, bool]]:
    """How to ask for a type: in full, then barely, then with what some servers want to be told; and whether that
    leaves some out."""
    whose: dict[str, str | int] = {how.parameter: patient}
    include = {"_include": how.include} if how.include else {}
    yield _query({**whose, "_count": _PAGE, **include}), False
    yield _query(whose), False
    if how.type in _NARROWED:
        yield f"{_query(whose)}&{_NARROWED[how.type]}", True


def _total(page: Json) -> int:
    """How many there are in all, where the server says so."""
    stated = page.get("total")
    return stated if isinstance(stated, int) else 0


def _query(parameters: dict[str, str | int]) -> str:
    """As a person would write it: slashes and colons need no signs of their own."""
    return urlencode(parameters, safe="/:")
