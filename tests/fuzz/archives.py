"""What a DICOMweb archive answers: its lists and its images, taken in as a command does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.asking import Means
from assistant.imaging.address import ImagesAddress
from assistant.imaging.archives import ImageArchives
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore
from assistant.settings import load_settings
from pipelines.ports import Answer, Arriving, Form, JsonRequest
from tests.fuzz.reader import Files, Seed
from tests.support.archived import ROOT, write_series
from tests.support.dicomweb_server import Asked, FaultyArchive
from tests.support.local_server import Reply

_STUDY = f"studies/{ROOT}.1"
_SERIES = f"{_STUDY}/series/{ROOT}.1.1"
#: By the name of the file that holds a body.
_PATHS = {"series.json": f"{_STUDY}/series", "instances.json": f"{_SERIES}/instances", "images.multipart": _SERIES}
_ADDRESS = f"dicomweb+https://archive.example/dicom-web/{_STUDY}"
_BLOCK = 1000


@dataclass(frozen=True)
class _Answers:
    """Stands in for the network, so that a case takes milliseconds."""

    replies: Mapping[str, Reply]

    def post_form(
        self, url: str, form: Form, *, why: str, timeout: float, bearer: str | None = None, most_bytes: int = 1 << 23
    ) -> Answer:
        raise AssertionError("nothing is posted to an archive")

    @contextmanager
    def ask_json(self, request: JsonRequest) -> Iterator[Arriving]:
        path = request.url.partition("/dicom-web/")[2].partition("?")[0]
        reply = self.replies.get(path, Reply(404, b""))
        blocks = (reply.body[at : at + _BLOCK] for at in range(0, len(reply.body), _BLOCK))
        yield Arriving("archive.example", reply.status, {"content-type": reply.media}, blocks)


def archives() -> Files:
    sound = _sound()

    def look(path: Path) -> None:
        reply = sound[_PATHS[path.name]]
        replies = {**sound, _PATHS[path.name]: Reply(200, path.read_bytes(), reply.media)}
        with tempfile.TemporaryDirectory() as scratch:
            settings = load_settings(data_dir=Path(scratch), dicomweb_retries=0)
            store = FileStore(Path(scratch) / "files", Disk())
            store.prepare()
            means = Means(settings, lambda: _Answers(replies))
            ImageArchives(means).take(ImagesAddress.parse(_ADDRESS), None, store)

    return Files([Seed(name, sound[path].body) for name, path in _PATHS.items()], look)


def _sound() -> dict[str, Reply]:
    with tempfile.TemporaryDirectory() as scratch:
        archive = FaultyArchive(files=write_series(Path(scratch), 3, side=8))
        return {path: archive.reply(Asked(path, {}, None, "")) for path in _PATHS.values()}
