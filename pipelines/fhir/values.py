"""FHIR R4's small values, from text that came from outside: what the standard has no room for is left out, never bent.

Facts: hl7.org/fhir/R4/datatypes.html. Numbers keep the decimals they were written with: 0.80 stays 0.80.
"""

from __future__ import annotations

import base64
import re
import uuid
from decimal import Decimal
from typing import Any, Final

Json = dict[str, Any]

UCUM: Final = "http://unitsofmeasure.org"
LOINC: Final = "http://loinc.org"
URI: Final = "urn:ietf:rfc:3986"
PRINTED: Final = "urn:uuid:c273e2d7-3421-44ff-8575-291090292191"
"""Extension of ours on any element: how it stands in the source, as text."""

_NAMESPACE: Final = uuid.UUID("4e8e10b8-bd88-43de-9c72-0be55b36165c")
_DATE: Final = re.compile(r"[1-9]\d{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,18})?")
_LOINC: Final = re.compile(r"\d{1,7}-\d")
_CODE: Final = re.compile(r"[!-~]+( [!-~]+)*")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")
_OTHER_SPACE: Final = re.compile(r"[^\S \t\r\n]")


def string(text: str | None) -> str | None:
    """Without what no string may hold, a plain space for every other; None for nothing."""
    kept = _OTHER_SPACE.sub(" ", _CONTROLS.sub("", text)) if text else ""
    return kept if kept.strip() else None


def date(text: str | None) -> str | None:
    """A date, whole or partial, at the beginning of an ISO date and time; None for what is none."""
    found = _DATE.match(text) if text else None
    if found is None or text is None or text[found.end() :][:1] not in ("", "T", " "):
        return None
    return found.group()


def number(text: str | None) -> Decimal | None:
    """A number that JSON writes as it stands."""
    return Decimal(text) if text and _NUMBER.fullmatch(text) else None


def quantity(value: Decimal, unit: str | None, ucum: str | None, comparator: str | None = None) -> Json:
    coded = ucum if ucum and _CODE.fullmatch(ucum) else None
    system = UCUM if coded else None
    return some(value=value, comparator=comparator, unit=string(unit), system=system, code=coded)


def concept(text: str | None, *codings: Json) -> Json:
    return some(coding=list(codings) or None, text=string(text))


def coding(system: str, code: str, display: str | None = None) -> Json:
    return some(system=system, code=code, display=display)


def loinc(code: str | None, display: str | None = None) -> tuple[Json, ...]:
    """The coding, if it has the form of a LOINC code."""
    return (coding(LOINC, code, display),) if code and _LOINC.fullmatch(code) else ()


def extension(url: str, **value: Any) -> Json:
    """With one ``value…``."""
    return {"url": url, **value}


def complex_extension(url: str, parts: list[Json]) -> list[Json] | None:
    """As the list in which it stands; None where it says nothing."""
    return [{"url": url, "extension": parts}] if parts else None


def printed(text: str | None) -> Json | None:
    """What goes with an element, or in place of its value, to say how it stands in the source."""
    kept = string(text)
    return {"extension": [extension(PRINTED, valueString=kept)]} if kept else None


def printed_of(element: Any) -> str | None:
    """What `printed` said; None where it said nothing."""
    for one in items(element, "extension"):
        if one.get("url") == PRINTED and isinstance(one.get("valueString"), str):
            return str(one["valueString"])
    return None


def items(element: Any, name: str) -> list[Json]:
    """The objects in the list ``name`` of an element; odd shapes read as absent."""
    found = element.get(name) if isinstance(element, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def some(**elements: Any) -> Json:
    """An object of those elements that there are: FHIR has no null and no empty list."""
    return {name: value for name, value in elements.items() if value is not None and value not in ({}, [], ())}


def hash_uri(sha256: str, fragment: str = "") -> str:
    """Bytes by their hash (RFC 6920), and a place within them."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}" + (f"#{fragment}" if fragment else "")


def by_hash(sha256: str, fragment: str = "") -> Json:
    """An Identifier of bytes."""
    return {"system": URI, "value": hash_uri(sha256, fragment)}


def id_of(run: str, what: str) -> str:
    """The id of a resource: always the same for the same run."""
    return str(uuid.uuid5(_NAMESPACE, f"{run}/{what}"))


def reference(resource: Json, display: str | None = None) -> Json:
    """To a resource in the same bundle."""
    return some(reference=f"urn:uuid:{resource['id']}", display=string(display))


def to_json(resource: Json) -> bytes:
    import orjson

    return orjson.dumps(resource, default=_decimal, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _decimal(value: object) -> object:
    import orjson

    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(type(value).__name__)
