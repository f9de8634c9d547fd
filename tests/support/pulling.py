"""A user who pulls a model from the small hub, and the repository that lies there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.models.pulling import pull
from assistant.models.terms import Terms
from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from pipelines.errors import ProductError
from pipelines.weights.catalogue import LANGUAGE_MODEL, MEDASR
from pipelines.weights.passport import Passport
from tests.support.hub_server import SIGNATURE, Hub
from tests.support.tiny_medasr import build_random

TOKEN = "hf_TheTokenOfThisTest"
WEIGHTS = "model.safetensors"
_TOY = Path(__file__).parents[1] / "data" / "toy-trie.kenlm"
CARD = """---
license: other
license_name: health-ai-developer-foundations
license_link: https://developers.google.com/health-ai-developer-foundations/terms
extra_gated_prompt: "To access this model you agree to the terms\\x1b[2J of use."
---
# A model card
"""
UNWANTED = {
    ".gitattributes": "*.safetensors filter=lfs",
    "pytorch_model.bin": "a pickle",
    "lm_6.arpa.xz": "the language model, packed",
    "other.kenlm": "another language model",
    "test_audio.wav": "sound",
    "modeling.py": "code",
    "notebooks/quick_start.ipynb": "{}",
    "notebooks/config.json": "{}",
    "training_args.pt": "a pickle",
}


def build_repository(folder: Path) -> Path:
    """A checkpoint with a language model beside it, a model card, a licence, and much that nobody needs."""
    build_random(folder)
    shutil.copyfile(_TOY, folder / LANGUAGE_MODEL)
    (folder / "README.md").write_text(CARD)
    (folder / "LICENSE").write_text("Use it for good.\n")
    for name, text in UNWANTED.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def weights_path(hub: Hub) -> str:
    """Where the hub sends who asks for the weights."""
    return f"/lfs/{hashlib.sha256((hub.folder / WEIGHTS).read_bytes()).hexdigest()}"


def weights_requests(hub: Hub) -> list[str | None]:
    """The ranges in which the weights were asked for."""
    path = weights_path(hub)
    return [ask.range for ask in hub.requests if ask.path == path]


class Puller:
    """Pulls as the command does, and remembers what the user was shown."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub = hub
        self.models = folder / "models"
        self.data = folder / "data"
        self.log = SessionLog.open(self.data)
        self.accepts = True
        self.shown: list[Terms] = []
        self.progress: list[tuple[str, int, int]] = []
        self.on_progress: Callable[[], None] = lambda: None

    def __call__(self, endpoint: str | None = "", pauses: tuple[float, ...] = ()) -> Passport:
        return pull(
            MEDASR,
            self.models,
            self.log,
            Outbound(self.log),
            accept=self._accept,
            progress=self._progress,
            endpoint=self.hub.endpoint if endpoint == "" else endpoint,
            pauses=pauses,
        )

    def fails(self, kind: type[ProductError], **given: Any) -> str:
        """The one line of a pull that fails."""
        with pytest.raises(kind) as caught:
            self(**given)
        assert "\n" not in str(caught.value)
        assert TOKEN not in str(caught.value)
        assert SIGNATURE not in str(caught.value)
        assert caught.value.subject == MEDASR.name
        return str(caught.value)

    def outbound(self, state: str) -> tuple[dict[str, Any], ...]:
        """The log's events of this state about connections."""
        return tuple(event for event in self.log.payloads("outbound") if event["state"] == state)

    def on_disk(self) -> bytes:
        """Everything that the log has written."""
        return b"".join(path.read_bytes() for path in self.data.rglob("*") if path.is_file())

    def _accept(self, terms: Terms) -> bool:
        self.shown.append(terms)
        return self.accepts

    def _progress(self, name: str, done: int, total: int) -> None:
        self.progress.append((name, done, total))
        self.on_progress()
