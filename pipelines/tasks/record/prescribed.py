"""How a medication is to be taken, and who ordered it, as the order says."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, Resource, items
from pipelines.tasks.record.entries import Entry
from pipelines.tasks.record.sentences import Answer, looked_up


def detailed(record: Record, found: Sequence[Entry], name: str, want: str) -> Answer:
    """The dose (``dose``) or the prescriber (``who``) of each order of one name; the newest last."""
    statements, values = [], []
    for entry in found:
        elements = _dose(entry.resource) if want == "dose" else _prescriber(record, entry.resource)
        label = "dose" if want == "dose" else "ordered by"
        said = f"{label}: {' '.join(map(str, elements))}" if elements else f"{label} not recorded"
        status = f", {entry.status}" if entry.status else ""
        statements.append(
            looked_up(record, f"Medication: {entry.name}{status}; {said}.", (entry.name, entry.status, *elements))
        )
        values += [" ".join(map(str, elements))] if elements else []
    about = {"question_kind": f"medication-{want}", "found": bool(values), "looked_for": name}
    return Answer(tuple(statements), about | {"names": list(dict.fromkeys(values))})


def _dose(resource: Resource) -> list[Element]:
    found = []
    for n in range(len(items(resource.raw.get("dosageInstruction")))):
        held = f"dosageInstruction[{n}]"
        text = resource.element(f"{held}.text")
        quantity = resource.element(f"{held}.doseAndRate[0].doseQuantity.value")
        unit = resource.element(f"{held}.doseAndRate[0].doseQuantity.unit")
        found += [each for each in ((text,) if text else (quantity, unit)) if each]
    return found


def _prescriber(record: Record, resource: Resource) -> list[Element]:
    named = resource.element("requester.display")
    target = None if named else record.resolve(resource, "requester")
    if target and not target[1]:
        named = target[0].element("name[0].text", "name[0].family", "name")
    return [named] if named else []
