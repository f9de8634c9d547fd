"""A record from a server: whole or not at all, and what is missing of it is said."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest

from assistant.asking import Patience
from assistant.records.address import PatientAddress
from assistant.records.collected import NOT_FETCHED, Collected, TooMuch
from assistant.records.credentials import GivenToken
from assistant.records.fetching import FetchedRecord
from assistant.records.pages import pages
from assistant.records.server import FhirServer
from pipelines.errors import BadInput, Cancelled, UsageProblem
from tests.assistant_records.conftest import Fetcher, addresses, resources
from tests.support.fhir_server import FaultyFhirServer, bundle, outcome, resource
from tests.support.local_server import SECRET, Reply, Trouble, drop, hang
from tests.support.records import patient, potassium

NESTED = functools.reduce(lambda inner, _: [inner], range(300), "in the middle")


def observation(name: str, **more: Any) -> dict[str, Any]:
    return {**potassium(), "id": name, **more}


def request(name: str, drug: str) -> dict[str, Any]:
    subject = {"reference": "Patient/p1"}
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "subject": subject,
        "medicationReference": {"reference": drug},
    }


def drug(name: str) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": name, "code": {"text": "Lisinopril 10 mg"}}


@pytest.fixture
def url(server: FaultyFhirServer) -> str:
    return f"{server.base}/Patient/p1"


class TestWhole:
    def test_all_pages_of_all_types(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        server.resources += [observation(f"k{n}") for n in range(5)] + [potassium("p2"), request("m1", "Medication/d1")]
        server.resources += [drug("d1"), drug("d2")]
        fetched = fetcher.fetch(url)
        assert fetched.name == f"Patient/p1@{server.host}"
        expected = ["Medication/d1", "MedicationRequest/m1", *(f"Observation/k{n}" for n in range(5)), "Patient/p1"]
        assert addresses(fetched) == expected
        assert len(server.places("Observation")) == 3
        assert {asked.accept for asked in server.requests} == {"application/fhir+json"}
        assert fetcher.shares == sorted(fetcher.shares)
        assert fetcher.shares[-1] == 1.0

    def test_its_bytes_are_those_of_its_content(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        """In whatever order it comes, and in pages of whatever size."""
        server.resources += [observation(f"k{n}") for n in range(5)]
        first = fetcher.fetch(url)
        server.resources, server.page = [dict(reversed(one.items())) for one in reversed(server.resources)], 100
        assert fetcher.fetch(url).data == first.data
        server.resources[0]["status"] = "amended"
        assert fetcher.fetch(url).data != first.data

    def test_where_it_is_from_and_when(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        fetched = fetcher.fetch(url)
        assert fetched.notes[0] == f"read from {url} on 2026-11-26 at 21:05 UTC: 1 resources of FHIR 4.0.1"
        whole = json.loads(fetched.data)
        assert (whole["resourceType"], whole["type"]) == ("Bundle", "collection")
        assert whole["link"] == [{"relation": "self", "url": url}]
        assert whole["entry"][0]["fullUrl"] == url

    def test_numbers_stay_as_they_are_written(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        written = json.dumps(observation("k1")).replace("4.1", "4.10")
        server.troubles["Observation"] = [
            Reply(body=f'{{"resourceType":"Bundle","entry":[{{"resource":{written}}}]}}'.encode())
        ]
        assert b'"value":4.10' in fetcher.fetch(url).data

    def test_relative_links_of_pages(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        server.resources += [observation(f"k{n}") for n in range(5)]
        server.next_link = lambda link: link.rpartition("/")[2]
        assert len(addresses(fetcher.fetch(url))) == 6

    @pytest.mark.parametrize("named", ["Patient/p1", "p1"])
    def test_a_server_that_knows_a_patient_by_one_name_only(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, named: str
    ) -> None:
        """By the other it finds nothing, and does not say why."""
        server.resources += [observation("k1"), request("m1", "#d1")]
        server.knows_as = named
        assert addresses(fetcher.fetch(url)) == ["MedicationRequest/m1", "Observation/k1", "Patient/p1"]
        asked = [place for place in server.places("Observation") if f"patient={named}&" in place]
        assert len(asked) == 1
        assert len(server.places("MedicationRequest")) <= 2

    def test_one_that_comes_twice_counts_once(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        newer = observation("k1", status="amended")
        server.troubles["Observation"] = [bundle(observation("k1"), newer)]
        fetched = fetcher.fetch(url)
        assert addresses(fetched) == ["Observation/k1", "Patient/p1"]
        assert resources(fetched)[0]["status"] == "amended"

    def test_drugs_come_with_their_prescriptions(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        parameters = [{"name": "patient"}]
        can = {
            "type": "MedicationRequest",
            "searchParam": parameters,
            "searchInclude": ["MedicationRequest:medication"],
        }
        server.statement = {
            "resourceType": "CapabilityStatement",
            "fhirVersion": "4.0.1",
            "rest": [{"mode": "server", "resource": [can]}],
        }
        page = [
            {"resource": request("m1", "Medication/d1"), "search": {"mode": "match"}},
            {"resource": drug("d1"), "search": {"mode": "include"}},
        ]
        server.troubles["MedicationRequest"] = [resource({"resourceType": "Bundle", "entry": page, "total": 1})]
        assert addresses(fetcher.fetch(url)) == ["Medication/d1", "MedicationRequest/m1", "Patient/p1"]
        assert "_include=MedicationRequest:medication" in server.places("MedicationRequest")[0]
        assert server.places("Medication/d1") == []

    @pytest.mark.parametrize(
        "named", ["#d1", "https://other.example/fhir/Medication/d1", "urn:uuid:d1", "Medication/../d1"]
    )
    def test_drugs_elsewhere_are_not_asked_for(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, named: str
    ) -> None:
        server.resources.append(request("m1", named))
        assert addresses(fetcher.fetch(url)) == ["MedicationRequest/m1", "Patient/p1"]
        assert not any(asked.path.startswith("Medication/") for asked in server.requests)

    def test_everything_where_it_is_offered(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        server.statement = everything()
        others = [patient("p2"), potassium("p2") | {"id": "k2"}]
        server.troubles["Patient/p1/$everything"] = [bundle(patient(), observation("k1"), *others)]
        assert addresses(fetcher.fetch(url)) == ["Observation/k1", "Patient/p1"]
        assert server.places("Observation") == []

    @pytest.mark.parametrize(
        "given",
        [outcome(403, "forbidden"), outcome(500, "exception", Retry_After="99"), bundle(), bundle(patient(), total=9)],
    )
    def test_a_search_where_not_everything_comes(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, given: Reply
    ) -> None:
        server.statement = everything()
        server.resources.append(observation("k1"))
        server.troubles["Patient/p1/$everything"] = [given]
        assert addresses(fetcher.fetch(url)) == ["Observation/k1", "Patient/p1"]

    def test_one_patient_is_fetched_once(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        servers = fetcher.servers()
        first = servers.fetch(PatientAddress.parse(url))
        asked = len(server.requests)
        assert servers.fetch(PatientAddress.parse(url)) is first
        assert len(server.requests) == asked


def everything() -> dict[str, Any]:
    types: list[dict[str, Any]] = [
        {"type": "Patient", "operation": [{"name": "everything"}]},
        {"type": "Observation", "searchParam": [{"name": "patient"}]},
    ]
    rest = [{"mode": "server", "resource": types}]
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}


def not_fetched(fetched: FetchedRecord) -> list[dict[str, Any]]:
    """What the record itself says of what is not in it."""
    (said,) = [one for one in resources(fetched) if one.get("id") == NOT_FETCHED]
    return list(said["issue"])


class TestMissing:
    """What could not be had is said, to the reader and within the record: it is not known to be absent."""

    def test_types_that_the_server_does_not_offer(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        fetched = fetcher.fetch(url)
        (note,) = [note for note in fetched.notes if "does not offer" in note]
        assert "AllergyIntolerance" in note
        assert "Observation" not in note
        said = {issue["expression"][0]: issue for issue in not_fetched(fetched)}
        assert (said["AllergyIntolerance"]["severity"], said["AllergyIntolerance"]["code"]) == (
            "warning",
            "not-supported",
        )
        assert said["AllergyIntolerance"]["diagnostics"] == "the server does not offer AllergyIntolerance"
        assert "Observation" not in said

    @pytest.mark.parametrize("status", [403, 404, 405, 501])
    def test_types_that_it_refuses(self, server: FaultyFhirServer, url: str, fetcher: Fetcher, status: int) -> None:
        server.troubles["Observation"] = [outcome(status, "forbidden")]
        fetched = fetcher.fetch(url)
        assert (
            "the server does not let you search for Observation: what it has of that is not all here" in fetched.notes
        )
        assert [issue["code"] for issue in not_fetched(fetched) if issue["expression"] == ["Observation"]] == [
            "forbidden"
        ]

    def test_types_that_it_cannot_be_asked_for(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        server.troubles["MedicationRequest"] = [outcome(400, "invalid")] * 6
        assert any("does not let you search for MedicationRequest" in note for note in fetcher.fetch(url).notes)
        assert server.troubles["MedicationRequest"] == []

    def test_fewer_than_it_says_it_has(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        server.troubles["Observation"] = [bundle(observation("k1"), total=3)]
        assert any("the server gave 1 of its 3 Observation" in note for note in fetcher.fetch(url).notes)

    def test_a_search_is_asked_barely_where_it_is_refused_in_full(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher
    ) -> None:
        server.resources.append(observation("k1"))
        server.troubles["Observation"] = [outcome(400, "invalid")]
        assert addresses(fetcher.fetch(url)) == ["Observation/k1", "Patient/p1"]
        barely = "Observation?patient=Patient/p1"
        assert server.places("Observation") == [f"{barely}&_count=500", barely]

    def test_then_by_the_usual_kinds_which_is_said(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        """As servers do that want a category."""
        server.resources.append(observation("k1"))
        server.troubles["Observation"] = [outcome(400, "required")] * 2
        fetched = fetcher.fetch(url)
        assert addresses(fetched) == ["Observation/k1", "Patient/p1"]
        last = server.places("Observation")[2]
        assert last.startswith("Observation?patient=Patient/p1&category=laboratory,vital-signs,")
        assert any("only the usual kinds of Observation" in note for note in fetched.notes)

    def test_drugs_that_are_not_there(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        server.resources += [request("m1", "Medication/gone")]
        assert any("does not give 1 of the drugs" in note for note in fetcher.fetch(url).notes)


def refuse(server: FaultyFhirServer, fetcher: Fetcher) -> str:
    """The one line that is said; the server's own words are not in it."""
    with pytest.raises(BadInput) as caught:
        fetcher.fetch(f"{server.base}/Patient/p1")
    line = str(caught.value)
    assert line.startswith(f"Patient/p1@{server.host}: ")
    assert SECRET not in line
    assert "\n" not in line
    return line


class TestRefused:
    @pytest.mark.parametrize(
        ("path", "trouble", "said"),
        [
            ("metadata", Reply(404), "is on no FHIR server"),
            ("metadata", Reply(body=b"<html/>", media="text/html"), "does not answer in FHIR's JSON but HTML"),
            ("metadata", Reply(body=b"<a/>", media="application/fhir+xml"), "does not answer in FHIR's JSON but XML"),
            ("metadata", Reply(body=b"%PDF", media="application/pdf"), "does not answer in FHIR's JSON;"),
            ("metadata", Reply(body=b'{"models": []}'), "gives JSON that is not FHIR"),
            ("metadata", Reply(body=b"[]"), "gives JSON that is not FHIR"),
            ("metadata", resource(patient()), "is on no FHIR server"),
            ("metadata", outcome(403, "forbidden"), r"does not let you read it \(403, forbidden\)"),
            ("metadata", Reply(302, headers=(("Location", "/elsewhere"),)), r"sends elsewhere \(302\)"),
            ("Patient/p1", outcome(404, "not-found"), r"is not on that server \(404, not-found\)"),
            ("Patient/p1", outcome(410, "deleted"), r"was deleted on that server \(410, deleted\)"),
            ("Patient/p1", outcome(401, "login"), r"wants a token \(401, login\)"),
            ("Patient/p1", outcome(418, SECRET), r"refuses \(418\)"),
            ("Patient/p1", Reply(308, headers=(("Location", "/elsewhere"),)), r"sends elsewhere \(308\)"),
            ("Patient/p1", resource(patient("p2")), "answers with another resource than was asked for"),
            ("Patient/p1", resource(potassium()), "answers with another resource than was asked for"),
            ("Patient/p1", resource({**patient(), "link": [{"type": "replaced-by"}]}), "was replaced"),
            ("Patient/p1", resource({**patient(), "name": "\ud800"}), "broken Unicode"),
            ("Patient/p1", resource({**patient(), "a": NESTED}), "nested too deeply"),
            ("Observation", resource(patient()), "answers a search with something else than a Bundle"),
            ("Observation", bundle(potassium("p2")), "gives the Observation of other patients"),
            ("Observation", outcome(401, "expired"), r"wants a token \(401, expired\)"),
            ("Observation", outcome(413, "too-long"), r"refuses \(413, too-long\)"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_one_line(
        self, server: FaultyFhirServer, fetcher: Fetcher, path: str, trouble: Reply, said: str
    ) -> None:
        server.resources.append(observation("k1"))
        server.troubles[path] = [trouble]
        assert re.search(said, refuse(server, fetcher))
        assert fetcher.waited == []

    def test_a_part_that_is_one_by_its_own_words(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        said = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": SECRET}]}
        server.troubles["Observation"] = [bundle(observation("k1"), said)]
        assert "gives a part of it only, and says so" in refuse(server, fetcher)

    def test_advice_among_the_found_is_none(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        said = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "diagnostics": SECRET}]}
        server.troubles["Observation"] = [bundle(observation("k1"), said)]
        assert addresses(fetcher.fetch(url)) == ["Observation/k1", "Patient/p1"]

    @pytest.mark.parametrize("release", ["5.0.0", "3.0.2"])
    def test_other_releases_are_not_half_read(self, server: FaultyFhirServer, fetcher: Fetcher, release: str) -> None:
        server.version = release
        assert f"({release})" in refuse(server, fetcher)
        assert server.places("Patient/p1") == []

    def test_pages_elsewhere(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        server.resources += [observation(f"k{n}") for n in range(5)]
        server.next_link = lambda link: link.replace(f":{server.port}", ":1")
        assert "sends to another address for its next page" in refuse(server, fetcher)

    def test_pages_in_circles(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        server.resources += [observation(f"k{n}") for n in range(5)]
        server.next_link = lambda link: link.rpartition("&")[0]
        assert "gives the same pages over and over" in refuse(server, fetcher)

    def test_pages_without_an_end(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        """Each at an address of its own, and nothing new on any."""
        links = [[{"relation": "next", "url": f"{server.base}/Observation?page={n}"}] for n in range(20)]
        server.troubles["Observation"] = [bundle(observation("k1"), link=link) for link in links]
        assert "gives the same pages over and over" in refuse(server, fetcher)
        assert len(server.places("Observation")) == 4

    def test_more_pages_than_there_can_be(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        server.resources += [observation(f"k{n}") for n in range(20)]
        with pytest.raises(BadInput, match="does not come to an end within 3 pages"):
            list(pages(_asking(server, fetcher), f"{server.base}/Observation?patient=p1", most=3))

    def test_a_later_page_that_is_refused(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        """A part of a type is none of it."""
        server.resources += [observation(f"k{n}") for n in range(5)]
        first = bundle(observation("k1"), link=[{"relation": "next", "url": f"{server.base}/Observation?page=2"}])
        server.troubles["Observation"] = [first, outcome(404, "not-found")]
        assert "breaks off its pages (404, not-found)" in refuse(server, fetcher)

    def test_an_answer_that_is_too_large(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        server.troubles["Patient/p1"] = [Reply(body=b" " * (3 << 20))] * 3
        with pytest.raises(BadInput, match="gives more than 1 MB at once"):
            _asking(server, fetcher, most_bytes=1 << 20).get(f"{server.base}/Patient/p1")
        assert len(server.requests) == 1

    def test_a_record_that_is_too_large(self) -> None:
        collected = Collected(PatientAddress.parse("https://fhir.example/Patient/p1"), most_bytes=600)
        collected.add(patient())
        collected.add(patient())
        collected.add(observation("k1"))
        with pytest.raises(TooMuch):
            collected.add(observation("k2"))


def _asking(server: FaultyFhirServer, fetcher: Fetcher, **limits: int) -> FhirServer:
    from assistant.outbound import Outbound

    address = PatientAddress.parse(f"{server.base}/Patient/p1")
    patience = Patience(timeout=20, retries=2, pause=fetcher.waited.append)
    return FhirServer(
        address, Outbound(fetcher.log), GivenToken(None, server.host), patience, fetcher.cancelled, **limits
    )


class TestTriedAgain:
    @pytest.mark.parametrize("path", ["metadata", "Patient/p1", "Observation"])
    @pytest.mark.parametrize(
        "trouble",
        [outcome(503, "transient"), outcome(429, "throttled"), outcome(502, "exception"), drop,
         Reply(body=b'{"resourceType": "Bundle", "entry": [')],
    )  # fmt: skip
    def test_what_may_pass_does_not_matter(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, path: str, trouble: Trouble
    ) -> None:
        server.resources.append(observation("k1"))
        server.troubles[path] = [trouble, trouble]
        assert addresses(fetcher.fetch(url)) == ["Observation/k1", "Patient/p1"]
        assert 1.5 <= sum(fetcher.waited) <= 3.5

    @pytest.mark.parametrize(
        ("trouble", "said"),
        [
            (outcome(503, "transient"), r"is out of order (503, transient)"),
            (outcome(429, "throttled"), r"has too much to do (429, throttled)"),
            (drop, "cannot be reached"),
            (Reply(body=b'{"resourceType": "Bu'), "gives JSON that is cut off or broken"),
        ],
    )
    def test_what_does_not_pass_is_said(
        self, server: FaultyFhirServer, fetcher: Fetcher, trouble: Trouble, said: str
    ) -> None:
        server.troubles["Observation"] = [trouble] * 3
        assert said in refuse(server, fetcher)
        assert len(server.places("Observation")) == 3

    @pytest.mark.parametrize(("after", "waited"), [("7", 7.0), ("0", 0.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)])
    def test_a_server_is_left_alone_as_long_as_it_wants(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, after: str, waited: float
    ) -> None:
        server.troubles["Observation"] = [outcome(429, "throttled", Retry_After=after)]
        fetcher.fetch(url)
        assert sum(fetcher.waited) == waited

    def test_but_not_for_longer_than_anybody_would(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        server.troubles["Observation"] = [outcome(503, "transient", Retry_After="3600")]
        assert "is out of order (503, transient)" in refuse(server, fetcher)
        assert fetcher.waited == []

    def test_a_silent_server(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        fetcher.settings["fhir_timeout"] = 0.3
        server.troubles["Observation"] = [hang]
        assert "gives no whole answer within 0.3 s" in refuse(server, fetcher)

    def test_nobody_there(self, server: FaultyFhirServer, fetcher: Fetcher) -> None:
        fetcher.settings["fhir_retries"] = 0
        server.troubles["metadata"] = [drop]
        assert "cannot be reached" in refuse(server, fetcher)

    @pytest.mark.parametrize("moment", ["metadata", "Patient/p1", "Observation"])
    def test_it_ends_as_soon_as_nobody_wants_it(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, moment: str
    ) -> None:
        server.troubles[moment] = [hang]
        fetcher.cancelled = lambda: bool(server.places(moment))
        with pytest.raises(Cancelled):
            fetcher.fetch(url)

    def test_also_while_it_waits(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        server.troubles["Observation"] = [outcome(503, "transient", Retry_After="50")]
        fetcher.cancelled = lambda: bool(fetcher.waited)
        with pytest.raises(Cancelled):
            fetcher.fetch(url)
        assert len(fetcher.waited) == 1


class TestTold:
    """What leaves this machine is in the log, and no secret is."""

    def test_every_request_is_in_the_log(self, server: FaultyFhirServer, url: str, fetcher: Fetcher) -> None:
        fetcher.fetch(url)
        events = fetcher.log.payloads("outbound")
        opened = [event for event in events if event["state"] == "opened"]
        assert len(opened) == len(server.requests)
        assert {event["host"] for event in events} == {server.host}
        assert {event["why"] for event in events} == {
            "the record of a patient that the user attached from a FHIR server"
        }
        assert "Patient/p1" not in json.dumps(events)

    @pytest.fixture
    def key(self, server: FaultyFhirServer, fetcher: Fetcher) -> str:
        server.token = "tkn-OfThisTest"
        fetcher.settings.update(fhir_url=server.base, fhir_token=server.token)
        return server.token

    def test_a_token_is_sent_and_nowhere_written(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, key: str
    ) -> None:
        fetched = fetcher.fetch(url)
        assert {asked.token for asked in server.requests} == {key}
        assert key not in fetched.data.decode() + json.dumps(fetcher.log.payloads("outbound")) + str(fetched.notes)

    def test_one_that_is_not_taken(self, server: FaultyFhirServer, fetcher: Fetcher, key: str) -> None:
        server.token = "another"
        line = refuse(server, fetcher)
        assert "does not take the token (401, login); give a token of this server: see docs/fhir-server.md" in line
        assert key not in line
        assert len(server.places("Patient/p1")) == 1

    def test_it_goes_to_its_own_server_alone(self, server: FaultyFhirServer, fetcher: Fetcher, key: str) -> None:
        fetcher.settings["fhir_url"] = "https://fhir.example/r4"
        assert "wants a token" in refuse(server, fetcher)
        assert {asked.token for asked in server.requests} == {None}

    @pytest.fixture
    def password(self, server: FaultyFhirServer, fetcher: Fetcher) -> str:
        """Of a server that knows its users by name."""
        server.token = "Basic d8OkcmQ6YTogcGFzcw=="  # wärd:a: pass
        fetcher.settings.update(fhir_url=server.base, fhir_user="wärd", fhir_password="a: pass")
        return "a: pass"

    def test_name_and_password_are_sent_and_nowhere_written(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, password: str
    ) -> None:
        fetched = fetcher.fetch(url)
        assert {asked.token for asked in server.requests} == {server.token}
        written = fetched.data.decode() + json.dumps(fetcher.log.payloads("outbound")) + str(fetched.notes)
        for secret in (password, "wärd", server.token or "", "Basic"):
            assert secret not in written + repr(fetcher.means().settings)

    def test_a_password_that_is_not_taken(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, password: str
    ) -> None:
        fetcher.settings["fhir_password"] = "wrong"
        line = refuse(server, fetcher)
        assert "does not take the name and password (401, login); give a name and password of this server" in line

    def test_they_go_to_their_own_server_alone(self, server: FaultyFhirServer, fetcher: Fetcher, password: str) -> None:
        fetcher.settings["fhir_url"] = "https://fhir.example/r4"
        assert "wants a token" in refuse(server, fetcher)
        assert {asked.token for asked in server.requests} == {None}

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"fhir_user": "u"}, "ASSISTANT_FHIR_USER: does not say for which server it is"),
            ({"fhir_password": "p"}, "ASSISTANT_FHIR_PASSWORD: does not say whose it is"),
            ({"fhir_user": "u", "fhir_token": "t"}, "ASSISTANT_FHIR_USER: is given beside ASSISTANT_FHIR_TOKEN"),
            ({"fhir_user": "u", "fhir_client_id": "c"}, "ASSISTANT_FHIR_CLIENT_ID: is given beside ASSISTANT_FHIR_US"),
            ({"fhir_token": "t"}, "ASSISTANT_FHIR_TOKEN: does not say for which server it is"),
            ({"fhir_client_id": "c"}, "ASSISTANT_FHIR_CLIENT_ID: does not say for which server it is"),
            ({"fhir_url": "fhir.example", "fhir_token": "t"}, "ASSISTANT_FHIR_URL: is not an http"),
            (
                {"fhir_url": "https://me:pw@fhir.example", "fhir_token": "t"},
                "ASSISTANT_FHIR_URL: has a name or password",
            ),
        ],
    )
    def test_settings_that_do_not_fit(
        self, server: FaultyFhirServer, url: str, fetcher: Fetcher, settings: dict[str, str], said: str
    ) -> None:
        fetcher.settings.update(settings)
        with pytest.raises(UsageProblem, match=said):
            fetcher.fetch(url)
        assert server.requests == []
