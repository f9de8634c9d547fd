"""Asks a generator on behalf of one node of one run: every call is recorded before its output is used, and made again
only where its output was not recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from pipelines.errors import ModelNeeded
from pipelines.models.generator import Ask, Following, Generation, Generator, Slot, never
from pipelines.ports import Journal, Key, Store
from pipelines.records import ModelCall, Value


class Exchange(Value):
    """What was asked and what came of it: with the weights that are named in it, all it takes to repeat the call."""

    ask: Ask
    slots: tuple[Slot, ...] = ()
    generation: Generation


def _no_text(_node: str, _text: str) -> None:
    return None


@dataclass(frozen=True)
class Consultant:
    """The generator as a node sees it.

    ``node`` names the graph's node in the log; ``progress`` is told the node and the share of the token budget used;
    ``cancelled`` is asked whether to go on; ``text`` is told the node and what is written so far, for the eye only.
    """

    generator: Generator
    journal: Journal
    store: Store
    run: str
    node: str
    progress: Callable[[str, float], None]
    cancelled: Callable[[], bool] = never
    text: Callable[[str, str], None] = _no_text

    def require(self) -> None:
        """Say early that nobody can be asked, before anything is prepared for it.

        Raises:
            ModelNeeded: the generator is not ready; how to get it.
        """
        at = self.generator.available()
        if not at.ready:
            raise ModelNeeded(self.generator.name, at.detail, at.remedy or "see: assistant models list")

    def generate(self, ask: Ask) -> Generation:
        """The answer to ``ask``, as `Generator.generate`."""
        return self._exchange(ask, (), lambda: self.generator.generate(ask, self.store.get, self._following()))

    def choose(self, ask: Ask, slots: tuple[Slot, ...]) -> Generation:
        """One option of every slot, as `Generator.choose`."""
        return self._exchange(ask, slots, lambda: self.generator.choose(ask, slots, self.store.get, self._following()))

    def _following(self) -> Following:
        return Following(
            progress=lambda share: self.progress(self.node, share),
            text=lambda text: self.text(self.node, text),
            cancelled=self.cancelled,
            whose=self.run,
        )

    def _exchange(self, ask: Ask, slots: tuple[Slot, ...], call: Callable[[], Generation]) -> Generation:
        self.require()
        parts = (ask.digest(), *(slot.digest() for slot in slots), self.generator.engine().digest())
        key = Key(self.run, f"{self.node}:ask", hashlib.sha256("\n".join(parts).encode()).hexdigest())
        known = self.journal.recall(key)
        if known is not None:
            return self.journal.read(known, Exchange).generation
        exchange = Exchange(ask=ask, slots=slots, generation=call())
        self.journal.record(key, exchange, (_model_call(self.node, exchange),))
        return exchange.generation


def _model_call(node: str, exchange: Exchange) -> ModelCall:
    ask, generation = exchange.ask, exchange.generation
    return ModelCall(
        node=node,
        engine=generation.engine,
        inputs=(ask.digest(), *ask.frames),
        output=generation.digest(),
        finish_reason=generation.finish_reason,
        seconds=generation.seconds,
        parameters=generation.parameters,
        libraries=generation.libraries,
        prompt=ask.prompt,
        prompt_tokens=generation.prompt_tokens,
        output_tokens=generation.output_tokens,
    )
