"""Asks an image classifier on behalf of one node of one run: every call is recorded before its outcome is used, and
made again only where its outcome was not recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pipelines.errors import Cancelled, ProductError
from pipelines.models.classifier import Classification, Embedded, ImageClassifier
from pipelines.ports import Journal, Key, Store
from pipelines.records import Embedding, Engine, ModelCall

T = TypeVar("T")


class NotSeen(Exception):
    """The classifier failed. Its text says why in one line, without anything of the picture."""


@dataclass(frozen=True)
class Looker:
    """The classifier as a node sees it. ``node`` names the graph's node in the log.

    All methods raise NotSeen where the classifier fails, whatever it failed of: nothing waits for it.
    """

    classifier: ImageClassifier
    journal: Journal
    store: Store
    run: str
    node: str

    def classify(self, frame: str, labels: tuple[str, ...]) -> Classification:
        """How well each label fits the stored frame (SHA-256)."""
        key = self._key("classify", frame, *labels)
        known = self.journal.recall(key)
        if known is not None:
            return self.journal.read(known, Classification)
        picture = self.store.get(frame)
        found = self._asked(lambda: self.classifier.classify(picture, labels))
        self.journal.record(key, found, (_model_call(self.node, found, (frame, _digest(*labels)), found.digest()),))
        return found

    def embed(self, frame: str, attachment: str) -> None:
        """Keep in the log where the stored frame of an attachment lies among all pictures."""
        key = self._key("embed", frame, attachment)
        if self.journal.recall(key) is not None:
            return
        picture = self.store.get(frame)
        found = self._asked(lambda: self.classifier.embed(picture))
        kept = Embedding(
            attachment=attachment, frame=frame, weights_sha256=weights_of(found.engine), vector=found.vector
        )
        self.journal.record(key, kept, (_model_call(self.node, found, (frame,), kept.digest()),))

    def _key(self, what: str, *inputs: str) -> Key:
        engine = self._asked(self.classifier.engine)
        return Key(self.run, f"{self.node}:{what}", _digest(*inputs, engine.digest()))

    def _asked(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except Cancelled:
            raise
        except ProductError as problem:
            raise NotSeen(f"{problem.subject}: {problem.problem}") from problem
        except Exception as fault:
            # The fault's own text may hold anything: only its type is said.
            raise NotSeen(f"{self.classifier.name}: internal error ({type(fault).__name__})") from fault


def weights_of(engine: Engine) -> str:
    """What tells whether two embeddings can be compared."""
    return engine.weights_sha256 or engine.digest()


def _model_call(node: str, found: Classification | Embedded, inputs: tuple[str, ...], output: str) -> ModelCall:
    return ModelCall(
        node=node,
        engine=found.engine,
        inputs=inputs,
        output=output,
        finish_reason="stop",
        seconds=found.seconds,
        parameters=found.parameters,
        libraries=found.libraries,
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
