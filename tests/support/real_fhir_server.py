"""A real FHIR server on this machine: Medplum's router over its in-memory repository, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "scripts" / "fhir-test-server"


@dataclass(frozen=True)
class RealFhirServer:
    """One that runs."""

    port: int

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, base: str, path: str = "") -> str:
        return f"http://{self.host}/{base}{path}"


def require() -> None:
    """Skip the test where the server is not installed; in CI that is a failure."""
    if shutil.which("node") is None:
        reason = "Node.js is not installed"
    elif not (FOLDER / "node_modules" / ".package-lock.json").is_file():
        reason = "its packages are not installed (scripts/fhir-test-server/install installs them)"
    else:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"no FHIR server: {reason}")
    pytest.skip(f"no FHIR server: {reason}")


@contextmanager
def running(load: list[Path], bases: dict[str, dict[str, Any]]) -> Iterator[RealFhirServer]:
    """A server with these bundles, at bases that behave as told (see server.mjs), until the block ends."""
    options = json.dumps({"load": [str(path) for path in load], "bases": bases})
    with subprocess.Popen(
        ["node", "server.mjs", options], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said, "the server ended before it was ready; its own words are above"
            yield RealFhirServer(json.loads(said)["port"])
        finally:
            process.stdin.close()
            process.wait(30)
