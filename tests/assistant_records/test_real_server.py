"""A record from a real FHIR server: Medplum's router over its in-memory repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pipelines.errors import BadInput
from pipelines.evidence.records.record import read_record
from tests.assistant_records.conftest import Fetcher, addresses
from tests.support import real_fhir_server
from tests.support.fetching import keep
from tests.support.real_fhir_server import RealFhirServer
from tests.support.records import patient, potassium, write_bundle

MINE = "p1"
KEYS = {"ES384": ec.generate_private_key(ec.SECP384R1()), "RS384": rsa.generate_private_key(65537, 2048)}


def about(kind: str, name: str, of: str = MINE, by: str = "subject", **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": name, by: {"reference": f"Patient/{of}"}, **more}


def a_record() -> list[dict[str, Any]]:
    """A patient's, with a drug of its own resource and more results than go on a page; and a bit of another's."""
    return [
        patient(),
        patient("p2", "Other"),
        *(potassium() | {"id": f"k{n}", "effectiveDateTime": f"2026-03-{n + 1:02}"} for n in range(7)),
        potassium("p2") | {"id": "k-other"},
        about("AllergyIntolerance", "a1", by="patient", code={"text": "Penicillin"}),
        about("Condition", "c1", code={"text": "Hypertension"}),
        about("Condition", "c2", of="p2", code={"text": "Asthma"}),
        about("Encounter", "e1", status="finished", **{"class": {"code": "AMB"}}),
        about("Immunization", "i1", by="patient", status="completed", vaccineCode={"text": "Influenza"}),
        about("MedicationRequest", "m1", status="active", medicationReference={"reference": "Medication/d1"}),
        {"resourceType": "Medication", "id": "d1", "code": {"text": "Lisinopril 10 mg"}},
        {"resourceType": "Medication", "id": "d2", "code": {"text": "Metformin 500 mg"}},
    ]


EXPECTED = [
    "AllergyIntolerance/a1", "Condition/c1", "Encounter/e1", "Immunization/i1", "Medication/d1",
    "MedicationRequest/m1", *(f"Observation/k{n}" for n in range(7)), "Patient/p1",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFhirServer]:
    real_fhir_server.require()
    loaded = write_bundle(tmp_path_factory.mktemp("server") / "loaded.json", *a_record())
    smart = {
        algorithm: {
            "client": "clinical-assistant",
            "algorithm": algorithm,
            "key": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            "uses": 20,
        }
        for algorithm, key in KEYS.items()
    }
    bases: dict[str, dict[str, Any]] = {
        "open": {"page": 3},
        "everything": {"page": 3, "everything": True},
        "few": {"types": ["Patient", "Observation", "MedicationRequest"]},
        "token": {"token": "tkn-OfThisTest"},
        **{algorithm: {"page": 3, "smart": one} for algorithm, one in smart.items()},
    }
    with real_fhir_server.running([loaded], bases) as served:
        yield served


@pytest.mark.parametrize("base", ["open", "everything"])
def test_a_record_is_whole(server: RealFhirServer, fetcher: Fetcher, base: str) -> None:
    fetched = fetcher.fetch(server.url(base, f"/Patient/{MINE}"))
    assert addresses(fetched) == EXPECTED
    assert fetched.name == f"Patient/{MINE}@{server.host}"


def test_it_reads_as_a_file_does(server: RealFhirServer, fetcher: Fetcher) -> None:
    fetched = fetcher.fetch(server.url("open", f"/Patient/{MINE}"))
    record = read_record(fetched.data, fetched.name, "0" * 64)
    assert record.patient.id == MINE
    assert sorted(one.address for one in record.resources if one.type != "OperationOutcome") == EXPECTED[:-1]
    (prescription,) = record.of_type("MedicationRequest")
    resolved = record.resolve(prescription, "medicationReference")
    assert resolved is not None
    assert resolved[0].address == "Medication/d1"


def test_searched_or_at_once_its_bytes_are_the_same(server: RealFhirServer, fetcher: Fetcher) -> None:
    both = [json.loads(fetcher.fetch(server.url(base, f"/Patient/{MINE}")).data) for base in ("open", "everything")]
    kept = [[entry["resource"] for entry in one["entry"] if "fullUrl" in entry] for one in both]
    assert kept[0] == kept[1]
    again = [fetcher.fetch(server.url("open", f"/Patient/{MINE}")).data for _ in range(2)]
    assert again[0] == again[1]


def test_a_server_of_few_types(server: RealFhirServer, fetcher: Fetcher) -> None:
    fetched = fetcher.fetch(server.url("few", f"/Patient/{MINE}"))
    offered = ("Patient", "Observation", "Medication")
    assert addresses(fetched) == [one for one in EXPECTED if one.startswith(offered)]
    (note,) = [note for note in fetched.notes if "does not offer" in note]
    assert "AllergyIntolerance" in note


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/Patient/nobody", r"Patient/nobody@.*: is not on that server \(404, not-found\)"),
        ("/nowhere/Patient/p1", r"cannot be fetched|is on no FHIR server"),
    ],
)
def test_who_is_not_there(server: RealFhirServer, fetcher: Fetcher, path: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        fetcher.fetch(server.url("open", path))


def test_a_token(server: RealFhirServer, fetcher: Fetcher) -> None:
    url = server.url("token", f"/Patient/{MINE}")
    with pytest.raises(BadInput, match=r"wants a token \(401, login\)"):
        fetcher.fetch(url)
    fetcher.settings.update(fhir_url=server.url("token"), fhir_token="wrong")
    with pytest.raises(BadInput, match="does not take the token"):
        fetcher.fetch(url)
    fetcher.settings["fhir_token"] = "tkn-OfThisTest"
    assert addresses(fetcher.fetch(url)) == EXPECTED


def test_a_token_of_the_keyring(server: RealFhirServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, server.host, "tkn-OfThisTest")
    assert addresses(fetcher.fetch(server.url("token", f"/Patient/{MINE}"))) == EXPECTED


@pytest.mark.parametrize("algorithm", KEYS)
def test_backend_services(server: RealFhirServer, fetcher: Fetcher, tmp_path: Path, algorithm: str) -> None:
    """The server checks the signature by itself, and its tokens end in the middle."""
    key = tmp_path / "key.pem"
    key.write_bytes(KEYS[algorithm].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    base = server.url(algorithm)
    fetcher.settings.update(fhir_url=base, fhir_client_id="clinical-assistant", fhir_private_key=key)
    assert addresses(fetcher.fetch(f"{base}/Patient/{MINE}")) == EXPECTED
    tokens = [event for event in fetcher.log.payloads("outbound") if event["why"].startswith("a token")]
    assert len([event for event in tokens if event["state"] == "opened"]) >= 4


def test_a_client_that_is_not_registered(server: RealFhirServer, fetcher: Fetcher, tmp_path: Path) -> None:
    """Its signature is of another key."""
    key = tmp_path / "key.pem"
    other = ec.generate_private_key(ec.SECP384R1())
    key.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    base = server.url("ES384")
    fetcher.settings.update(fhir_url=base, fhir_client_id="clinical-assistant", fhir_private_key=key)
    with pytest.raises(BadInput, match=r"gives no token \(400, invalid_client\)"):
        fetcher.fetch(f"{base}/Patient/{MINE}")
