"""A language model behind a server: any that speaks OpenAI's ``/v1/chat/completions`` (vLLM, Vertex Model Garden,
Ollama, LM Studio, llama-server, ``transformers serve``). Never used unless it is asked for by name."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from pipelines.addresses import host_of, is_address, is_this_machine
from pipelines.errors import BadInput, ModelNeeded
from pipelines.models import thinking
from pipelines.models.generator import NOBODY, Ask, Capabilities, Following, Frames, Generation, Slot
from pipelines.models.openai.asking import Asking, Call
from pipelines.models.openai.choices import JsonChoices
from pipelines.models.openai.client import SETTING, Server
from pipelines.models.openai.control import removed
from pipelines.models.openai.form import FORMATS, Structured
from pipelines.models.outcome import outcome_of
from pipelines.models.queue import CallQueue
from pipelines.ports import Outbound
from pipelines.records import Availability, Engine

TIMEOUT_SECONDS: Final = 600.0
RETRIES: Final = 2
#: Gemma 3's, with the markers around them.
PICTURE_TOKENS: Final = 258


class OpenAIGenerator:
    """What a server's model writes.

    Args:
        outbound: the way there.
        url: of the server, with or without ``/v1``, or of its ``…/chat/completions``; None where none is set.
        model: the name by which the server knows the model; may be empty where it has one only (Vertex Model Garden);
            None where none is set.
        key: of the user, where the server wants one; asked for once, at the first request.
        timeout: seconds for one answer.
        retries: further attempts where the server does not answer whole, or is out of order.
        context: tokens of prompt and output together, where the server does not tell.
        images: whether the model takes pictures.
        picture_tokens: so many stand for one of them, where a prompt's length is estimated.
        structured: what it is taken to make of a JSON schema until it is known better.
        off_machine: whether the server may be another machine than this.
        parallel: calls at once.
        pause: waits so many seconds between attempts.
        chance: from 0 to 1, so that programs that were turned away together do not come back together.
    """

    name: Final = "openai"

    def __init__(
        self,
        outbound: Outbound,
        url: str | None,
        model: str | None,
        key: Callable[[], str | None] = lambda: None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        context: int | None = None,
        images: bool = True,
        picture_tokens: int = PICTURE_TOKENS,
        structured: Structured = "enforced",
        off_machine: bool = False,
        parallel: int = 1,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._url = url
        self._model = model
        self._images = images
        self._off_machine = off_machine
        self._parallel = parallel
        server = Server(outbound, url or "", _once(key), timeout, retries, off_machine, pause, chance)
        self._asking = Asking(server, model or "", context, picture_tokens, structured)
        self._queue = CallQueue(parallel)

    def available(self) -> Availability:
        """Whether a server is named that may be asked; whether it answers only a call shows."""
        for value, name in ((self._url or None, "URL"), (self._model, "MODEL")):
            if value is None:
                return Availability(
                    ready=False,
                    detail=f"no server is named ({SETTING}_{name} is not set)",
                    remedy=f"set {SETTING}_URL and {SETTING}_MODEL; what a run asks is then sent to that server",
                )
        url = self._url or ""
        if not is_address(url):
            return Availability(
                ready=False, detail=f"{SETTING}_URL is not an http(s) address", remedy="name it as https://HOST/…"
            )
        if not self._off_machine and not is_this_machine(url):
            return Availability(
                ready=False,
                detail=f"{host_of(url)} is another machine, and nothing may leave this one",
                remedy=f"set {SETTING}_OFF_MACHINE=true if the text and pictures of a run may be sent there",
            )
        model = self._model or "the one model"
        return Availability(ready=True, detail=f"{model} at {host_of(url)}: text and pictures are sent there")

    def engine(self) -> Engine:
        if not self._url or self._model is None:
            at = self.available()
            raise ModelNeeded(self.name, at.detail, at.remedy or "")
        return Engine(
            name=self.name,
            version=version("httpx2"),
            model=self._asking.named,
            note=f"the text and pictures are sent to {self._asking.server.host}, which alone knows its weights",
        )

    def capabilities(self) -> Capabilities:
        """As they were found; before the first call as they are taken to be."""
        found = self._asking.found
        return Capabilities(
            images=self._images,
            choices=found.form.structured == "enforced",
            context_tokens=self._asking.context_tokens,
            structured=found.form.structured,
            sampling=found.seeds,
            streaming=True,
            prefix="by server",
            parallel=self._parallel,
        )

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.generate`."""
        with self._queue.turn(self.name, following.whose, following.cancelled):
            call = self._call(ask, frames, following)
        text = removed(call.answer or "").strip()
        ended, looped = call.answered.finish == "stop", call.answered.finish == "loop"
        return outcome_of(call.answer, text, ended=ended, looped=looped, **self._told(call, ask))

    def choose(self, ask: Ask, slots: tuple[Slot, ...], frames: Frames, following: Following = NOBODY) -> Generation:
        """See `Generator.choose`. The greatest length is that of the slots.

        A server that turns out to hold its answers to no schema makes this one choice in words, if it does.
        """
        choices = JsonChoices(slots)
        wanted = ask.model_copy(
            update={
                "json_schema": choices.schema,
                "max_new_tokens": choices.most_tokens,
                "sampling": None,
                "thinking": False,
            }
        )
        with self._queue.turn(self.name, following.whose, following.cancelled):
            if not self.capabilities().choices:
                raise self._makes_no_choices()
            call = self._call(wanted, frames, following)
        chosen = choices.chosen(call.answer or "") if call.answered.finish == "stop" else None
        if chosen is None:
            self._asking.ignores(call.form)
            raise self._makes_no_choices()
        told = self._told(call, wanted)
        told["parameters"]["slots"] = [slot.model_dump(mode="json") for slot in slots]
        return Generation(text=choices.lines(chosen), chosen=chosen, finish_reason="stop", **told)

    def _call(self, ask: Ask, frames: Frames, following: Following) -> Call:
        if ask.frames and not self._images:
            raise BadInput(
                "request",
                f"has pictures, and {self._asking.named} takes none",
                f"give it without, or set {SETTING}_IMAGES=true",
            )
        return self._asking.call(ask, frames, following)

    def _told(self, call: Call, ask: Ask) -> dict[str, Any]:
        """The fields of a Generation that answers and choices have alike."""
        answered = call.answered
        counted = {"prompt": answered.prompt_tokens is not None, "output": answered.counted}
        parameters: dict[str, Any] = {
            "device": "server",
            "host": self._asking.server.host,
            "model": self._model,
            "answered_by": answered.model,
            "system_fingerprint": answered.fingerprint,
            **(ask.sampling.model_dump() if ask.sampling else {"temperature": 0}),
            "max_new_tokens": ask.max_new_tokens,
            "limits": list(call.form.limits[0]),
            "thinking": ask.thinking,
            "picture_tokens": self._asking.picture_tokens,
            "estimated": [name for name, is_counted in counted.items() if not is_counted],
        }
        if ask.json_schema is not None:
            parameters["response_format"] = FORMATS[call.form.format]
        if answered.apart:
            parameters["trace"] = "told apart by the server"
        prompt_tokens = answered.prompt_tokens or call.size.tokens
        return {
            "thoughts": thinking.read(answered.raw).thoughts,
            "raw": answered.raw,
            "engine": self.engine(),
            "parameters": parameters,
            "libraries": {name: version(name) for name in ("httpx2", "pillow")},
            "prompt_tokens": prompt_tokens,
            "image_tokens": min(call.size.image_tokens, prompt_tokens),
            "output_tokens": answered.output_tokens,
            "seconds": call.seconds,
        }

    def _makes_no_choices(self) -> BadInput:
        return BadInput(
            "request",
            f"is a choice, and {self._asking.server.host} does not hold its answers to a JSON schema",
            f"set {SETTING}_STRUCTURED=asked, and it is asked for none; or use a server that does, such as vLLM",
        )


def _once(key: Callable[[], str | None]) -> Callable[[], str | None]:
    """A key that is asked for when it is needed, and then no more: a keyring may ask its user."""
    known: list[str | None] = []

    def get() -> str | None:
        if not known:
            known.append(key())
        return known[0]

    return get
