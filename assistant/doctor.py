"""What is installed, what is missing, and the command that fixes it."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assistant.engines import REMOTE, SERVER, SPEECH, engine_table
from assistant.settings import Settings
from pipelines.errors import ProductError, UsageProblem
from pipelines.records import Availability, Value

LEAST_FREE_BYTES: Final = 1 << 30
#: Weights, and what a question with one image needs besides them.
_MEMORY_ABOVE_WEIGHTS: Final = 1.15


class Finding(Value):
    """One thing looked at."""

    name: str
    ok: bool
    needed: bool
    """False where the product works without it."""
    detail: str
    remedy: str | None = None


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything worth looking at, the foundations first. Reads only; makes no folder."""
    yield _python()
    yield from _libraries()
    yield _torch_build()
    yield _microphone()
    yield from _left_recordings(settings.data_dir)
    yield from _engines(settings)
    yield _memory()
    yield _data_folder(settings.data_dir)
    yield _free_space(settings.data_dir)
    yield _session_log(settings.data_dir)


def _python() -> Finding:
    return Finding(
        name="Python", ok=True, needed=True, detail=f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _libraries() -> Iterator[Finding]:
    for name in ("transformers", "langgraph", "sqlalchemy", "faster-whisper", "soundfile", "librosa"):
        try:
            yield Finding(name=name, ok=True, needed=True, detail=importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name=name, ok=False, needed=True, detail="not installed", remedy="make install")


def _torch_build() -> Finding:
    """Which build it is, told from its version file: importing it would take seconds."""
    try:
        distribution = importlib.metadata.distribution("torch")
    except importlib.metadata.PackageNotFoundError:
        return Finding(name="torch", ok=False, needed=True, detail="not installed", remedy="make install")
    version_file = Path(str(distribution.locate_file("torch/version.py")))
    values: dict[str, str] = {}
    for line in version_file.read_text().splitlines():
        name, _, value = line.partition("=")
        values[name.split(":")[0].strip()] = value.strip().strip("'\"")
    builds = {"cuda": "CUDA", "hip": "ROCm", "xpu": "XPU"}
    found = [f"{title} {values[key]}" for key, title in builds.items() if values.get(key, "None") not in ("None", "")]
    build = f"{found[0]} build" if found else "CPU build"
    return Finding(
        name="torch", ok=True, needed=True, detail=f"{values.get('__version__', distribution.version)}, {build}"
    )


def _microphone() -> Finding:
    try:
        import sounddevice
    except (ImportError, OSError):
        return Finding(
            name="microphone",
            ok=False,
            needed=False,
            detail="the PortAudio library is missing",
            remedy="Debian: apt-get install libportaudio2",
        )
    inputs = sum(1 for device in sounddevice.query_devices() if device["max_input_channels"] > 0)
    return Finding(
        name="microphone",
        ok=inputs > 0,
        needed=False,
        detail=f"{inputs} input device(s)",
        remedy=None if inputs else "connect one, then: assistant microphone list",
    )


def _left_recordings(data_dir: Path) -> Iterator[Finding]:
    """Only where there are any."""
    from assistant.microphone.places import write_ahead_folders
    from assistant.microphone.recovery import left_takes
    from assistant.sessions import Disk

    left = left_takes(write_ahead_folders(data_dir), Disk())
    if left:
        yield Finding(
            name="left recordings",
            ok=False,
            needed=False,
            detail=f"{len(left)} dictation(s) that were cancelled or cut off lie outside the log",
            remedy="assistant recover (--list shows them)",
        )


def _engines(settings: Settings) -> Iterator[Finding]:
    try:
        engines = engine_table(settings)
    except ProductError as problem:
        name = f"engines ({problem.subject})"
        yield Finding(name=name, ok=False, needed=True, detail=problem.problem, remedy=problem.remedy)
        return
    for engine in engines:
        at = engine.availability
        # Without a language model what needs one waits; without ears nothing starts.
        needed = engine.taken and engine.does == SPEECH
        if engine.name == REMOTE and at.ready:
            at = _allowed(settings.remote_speech_url or "", at)
        if engine.name == SERVER and at.ready:
            at = _allowed(settings.openai_url or "", at)
        yield Finding(
            name=f"{engine.name} ({engine.does})", ok=at.ready, needed=needed, detail=at.detail, remedy=at.remedy
        )


def _allowed(url: str, at: Availability) -> Availability:
    """What the engine says of itself, unless nothing may be sent to the address that it was given."""
    from assistant.outbound.addresses import form_address

    try:
        form_address(url)
    except UsageProblem as problem:
        return Availability(ready=False, detail=f"{problem.subject} {problem.problem}", remedy=problem.remedy)
    return at


def _memory() -> Finding:
    """Against what MedGemma takes in the smaller of its number formats. Before loading the real weights decide."""
    import psutil

    from pipelines.weights.catalogue import MEDGEMMA

    free = psutil.virtual_memory().available
    enough = free >= MEDGEMMA.download_bytes * _MEMORY_ABOVE_WEIGHTS
    return Finding(
        name="memory",
        ok=enough,
        needed=False,
        detail=f"{free / 1e9:.1f} GB free; MedGemma takes about "
        f"{MEDGEMMA.download_bytes * _MEMORY_ABOVE_WEIGHTS / 1e9:.0f} GB in bfloat16",
        remedy=None if enough else "close other programs, or run MedGemma on a machine with more memory",
    )


def _data_folder(folder: Path) -> Finding:
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not existing.is_dir():
        return Finding(
            name="data folder",
            ok=False,
            needed=True,
            detail=f"{existing} is not a folder",
            remedy="name another with --data-dir",
        )
    import os

    writable = os.access(existing, os.W_OK)
    return Finding(
        name="data folder",
        ok=writable,
        needed=True,
        detail=str(folder) + ("" if writable else " cannot be written"),
        remedy=None if writable else "make it writable, or name another with --data-dir",
    )


def _free_space(folder: Path) -> Finding:
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(existing).free
    enough = free >= LEAST_FREE_BYTES
    return Finding(
        name="disk",
        ok=enough,
        needed=True,
        detail=f"{free / 1e9:.1f} GB free",
        remedy=None if enough else "free at least 1 GB, or name another folder with --data-dir",
    )


def _session_log(folder: Path) -> Finding:
    if not (folder / "log.db").exists():
        return Finding(name="session log", ok=True, needed=True, detail="none yet; the first run makes it")
    from assistant.sessions import SessionLog

    try:
        with SessionLog.open(folder) as log:
            runs = len(log.runs())
    except ProductError as problem:
        return Finding(name="session log", ok=False, needed=True, detail=problem.problem, remedy=problem.remedy)
    return Finding(
        name="session log", ok=True, needed=True, detail=f"{runs} run(s); assistant log verify holds it to its hashes"
    )
