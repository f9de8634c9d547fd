"""Who and what a bundle speaks of: patient, engines, attachments, and how the one made something of the other."""

from __future__ import annotations

import base64
import re
import struct
from typing import Final

from pipelines.fhir.told import Maker, Shown, Told
from pipelines.fhir.values import URI, Json, by_hash, concept, date, hash_uri, id_of, reference, some, string
from pipelines.records import Attachment, Patient

PRODUCT: Final = "clinical-assistant"
_SYSTEM: Final = re.compile(r"[!-~]+")
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+")


def patient(run: str, whom: Patient) -> Json:
    """The identifier's system is stated only where it is one."""
    system = whom.system if whom.system and _SYSTEM.fullmatch(whom.system) else None
    value = string(whom.id)
    return some(
        resourceType="Patient",
        id=id_of(run, "patient"),
        identifier=[some(system=system, value=value)] if value else None,
        name=[some(text=string(whom.name))] if string(whom.name) else None,
        birthDate=date(whom.birth_date),
    )


def product(run: str, version: str) -> Json:
    """This program as the author."""
    return _device(run, "product", PRODUCT, version, "For research and development, not for diagnosis.")


def engine(run: str, maker: Maker) -> Json:
    """An engine; its weights are named by their hash."""
    at = maker.engine
    made = _device(run, f"engine {maker.doing} {at.digest()}", at.name, at.version, at.note)
    weights = [by_hash(at.weights_sha256)] if at.weights_sha256 else None
    return some(**made, identifier=weights, modelNumber=string(at.model))


def document(run: str, attachment: Attachment) -> Json:
    """An attachment: its name, type, size and hash; not its bytes."""
    media_type = attachment.media_type if _MEDIA_TYPE.fullmatch(attachment.media_type) else None
    content = some(
        contentType=media_type,
        url=hash_uri(attachment.sha256),
        size=attachment.size if attachment.size <= 2**31 - 1 else None,
        title=string(attachment.name),
    )
    return some(
        resourceType="DocumentReference",
        id=id_of(run, f"attachment {attachment.sha256}"),
        identifier=[by_hash(attachment.sha256)],
        status="current",
        type=concept(attachment.kind.value.replace("-", " ")),
        content=[{"attachment": content}],
    )


def media(told: Told, shown: Shown, whom: Json | None) -> Json:
    """A picture with its bytes, so that the document can be judged by whoever has nothing else."""
    width, height = struct.unpack_from(">II", shown.png, 16)
    return some(
        resourceType="Media",
        id=id_of(told.run, f"picture {shown.sha256}"),
        identifier=[by_hash(shown.sha256)],
        status="completed",
        subject=reference(whom) if whom else None,
        width=width,
        height=height,
        content=some(
            contentType="image/png",
            data=base64.b64encode(shown.png).decode(),
            size=len(shown.png),
            title=string(shown.caption),
        ),
    )


def provenance(told: Told, targets: list[Json], author: Json, engines: list[Json], documents: list[Json]) -> Json:
    """Which engines made the targets, of what."""
    agents = [{"type": concept("written by"), "who": reference(author)}]
    agents += [
        {"type": concept(maker.doing), "who": reference(device)}
        for maker, device in zip(told.makers, engines, strict=True)
    ]
    sources = [{"role": "source", "what": reference(one)} for one in documents]
    if told.recording:
        heard = some(identifier=by_hash(told.recording.file_sha256), display=string(told.recording.name))
        sources.append({"role": "source", "what": heard})
    return some(
        resourceType="Provenance",
        id=id_of(told.run, "provenance"),
        target=list(map(reference, targets)),
        recorded=told.written,
        agent=agents,
        entity=sources,
    )


def bundle(told: Told, kind: str, resources: list[Json]) -> Json:
    """The resources, each under the address by which the others refer to it."""
    return {
        "resourceType": "Bundle",
        "id": id_of(told.run, "bundle"),
        "identifier": {"system": URI, "value": f"urn:uuid:{id_of(told.run, 'bundle')}"},
        "type": kind,
        "timestamp": told.written,
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
    }


def _device(run: str, what: str, name: str, version: str, note: str | None) -> Json:
    names = [{"name": string(name) or "unnamed", "type": "model-name"}]
    versions = [{"value": known}] if (known := string(version)) else None
    notes = [{"text": said}] if (said := string(note)) else None
    return some(resourceType="Device", id=id_of(run, what), deviceName=names, version=versions, note=notes)
