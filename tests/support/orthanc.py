"""A real image archive on this machine: Orthanc with its DICOMweb plugin, in a process and a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from assistant.imaging.address import SCHEME

_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_ROOT = "/dicom-web"
_ATTEMPTS = 5


@dataclass(frozen=True)
class Orthanc:
    """One that runs."""

    port: int
    process: subprocess.Popen[str]
    user: tuple[str, str] | None = None
    """Name and password of whoever brings files in."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        return f"http://{self.host}{_ROOT}"

    def address(self, path: str) -> str:
        """As a user attaches it."""
        return f"{SCHEME}{self.base}/{path}"

    def store(self, paths: Iterable[Path]) -> None:
        """Bring files in, as a modality would."""
        with self._client() as client:
            for path in paths:
                client.post("/instances", content=path.read_bytes()).raise_for_status()

    def delete(self, uid: str) -> None:
        """Remove what has this UID: a study, series or image."""
        with self._client() as client:
            (found,) = client.post("/tools/lookup", content=uid).raise_for_status().json()
            client.delete(found["Path"]).raise_for_status()

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=f"http://{self.host}", trust_env=False, timeout=60, auth=self.user)


def require() -> None:
    """Skip the test where Orthanc is not installed; in CI that is a failure."""
    if _program() is not None and _PLUGIN.is_file():
        return
    reason = "no image archive: Orthanc or its DICOMweb plugin is not installed (scripts/debian-packages installs them)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running(folder: Path, *, users: dict[str, str] | None = None) -> Iterator[Orthanc]:
    """One with nothing in it that lives in ``folder`` until the block ends.

    Args:
        users: names and passwords, without which it lets nobody in.
    """
    for attempt in range(_ATTEMPTS):
        port = _free_port()
        with _started(folder / str(attempt), port, users) as process:
            if process is not None:
                yield Orthanc(port, process, next(iter((users or {}).items()), None))
                return
    pytest.fail(f"Orthanc did not start in {_ATTEMPTS} attempts")


@contextmanager
def _started(folder: Path, port: int, users: dict[str, str] | None) -> Iterator[subprocess.Popen[str] | None]:
    """Its process; None where it ended by itself: somebody else took the port."""
    folder.mkdir(parents=True)
    options = folder / "orthanc.json"
    options.write_text(
        json.dumps(
            {
                "StorageDirectory": str(folder / "storage"),
                "IndexDirectory": str(folder / "storage"),
                "Plugins": [str(_PLUGIN)],
                "HttpPort": port,
                "HttpBindAddresses": ["127.0.0.1"],
                "RemoteAccessAllowed": False,
                "DicomServerEnabled": False,
                "AuthenticationEnabled": users is not None,
                "RegisteredUsers": users or {},
                "DicomWeb": {"Enable": True, "Root": f"{_ROOT}/"},
            }
        )
    )
    with subprocess.Popen(
        [_program() or "Orthanc", str(options)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        listening = threading.Thread(target=lambda: process.stderr and process.stderr.read())
        try:
            ready = _is_ready(process)
            # It goes on talking: somebody must listen.
            listening.start()
            yield process if ready else None
        finally:
            process.kill()
            if listening.ident is not None:
                listening.join()


def _program() -> str | None:
    """Debian keeps it where only root looks."""
    return shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


def _is_ready(process: subprocess.Popen[str]) -> bool:
    assert process.stderr is not None
    return any("Orthanc has started" in line for line in process.stderr)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
