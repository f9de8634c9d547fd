"""One model behind a server, asked in the fullest form that the server takes. What it answers is held against what was
asked, and of whom."""

from __future__ import annotations

import time
from typing import Any, Final, NamedTuple

from pipelines.errors import BadInput
from pipelines.models import thinking
from pipelines.models.budget import TooLong
from pipelines.models.generator import Ask, Following, Frames
from pipelines.models.openai.answer import Answered
from pipelines.models.openai.choices import keeps_to
from pipelines.models.openai.client import SETTING, Refused, Server
from pipelines.models.openai.form import FORMATS, Form, Structured
from pipelines.models.openai.found import Finding, Found, context_of, same_model, shown
from pipelines.models.openai.messages import Size, data_urls, messages, size_of
from pipelines.models.openai.refusals import is_about_length, stated_context

#: Assumed where neither the server nor the user says it.
CONTEXT_TOKENS: Final = 8192
#: A server that counts fewer tokens than this share of a prompt's words has not read all of it.
_LEAST_READ: Final = 0.5


class Call(NamedTuple):
    """What came of a request, and how it was asked."""

    size: Size
    form: Form
    answered: Answered
    answer: str | None
    """Without its trace; None where that never ended."""
    seconds: float


class Asking:
    """See `OpenAIGenerator` for the arguments."""

    def __init__(
        self, server: Server, model: str, context: int | None, picture_tokens: int, structured: Structured
    ) -> None:
        self.server = server
        self.picture_tokens = picture_tokens
        self._model = model
        self._context = context
        self._finding = Finding(Form.taking(structured))

    @property
    def found(self) -> Found:
        return self._finding.found

    @property
    def named(self) -> str:
        return self._model or f"the model at {self.server.host}"

    @property
    def context_tokens(self) -> int:
        return self.found.context_tokens or self._context or CONTEXT_TOKENS

    def ignores(self, form: Form) -> None:
        """It was found that the server takes this form, and does not do what it asks for."""
        self._finding.ignored(form)

    def call(self, ask: Ask, frames: Frames, following: Following) -> Call:
        """The answer to an ask that fits.

        Raises:
            ModelNeeded, BadInput, Cancelled: as `Generator.generate`.
        """
        if ask.sampling is not None and not self.found.seeds:
            raise self._draws_no_seeds()
        self._look(following)
        size = size_of(ask, self.picture_tokens)
        if size.tokens + ask.max_new_tokens > self.context_tokens:
            raise self._too_long(ask, size)
        picture = data_urls(frames)
        # Once, whatever has to be asked again: there may be hundreds.
        urls = {frame: picture(frame) for frame in dict.fromkeys(ask.frames)}
        form = self.found.form
        while True:
            started = time.perf_counter()
            try:
                answered = self.server.answer(self._body(ask, form, urls), ask.max_new_tokens, following)
            except Refused as refused:
                form = self._easier(form, ask, size, refused)
                continue
            seconds = time.perf_counter() - started
            self._require_same_model(answered)
            self._require_all_read(answered, size)
            self._finding.took(form, ask.json_schema is not None)
            answer = thinking.read(answered.raw).answer
            if _kept(ask, form, answered, answer):
                return Call(size, form, answered, answer, seconds)
            self.ignores(form)
            form = form.weaker()

    def _body(self, ask: Ask, form: Form, urls: dict[str, str]) -> dict[str, Any]:
        turns = messages(ask, form.in_words, urls.__getitem__)
        return {"model": self._model, "messages": turns, **form.members(ask)}

    def _easier(self, form: Form, ask: Ask, size: Size, refused: Refused) -> Form:
        """Another form in which to ask a server that has refused this one."""
        if is_about_length(refused.words):
            stated = stated_context(refused.words)
            if stated is not None:
                self._finding.has_context(stated)
            raise self._too_long(ask, size)
        if ask.sampling is not None and "seed" in refused.words:
            self._finding.has_no_seeds()
            raise self._draws_no_seeds()
        has_schema = ask.json_schema is not None
        easier = form.easier(has_schema, refused.words, (form, has_schema) in self.found.proven)
        if easier is None:
            raise self.server.problem(
                f"{self.server.host} refuses the request ({refused.status})",
                f"check {SETTING}_MODEL and whether it chats and takes pictures; its own log says more",
            )
        return easier

    def _look(self, following: Following) -> None:
        """Ask the server how much it takes, until it has told or answered."""
        if self._finding.known:
            return
        self.server.require_allowed()
        for told in self.server.told(following.cancelled):
            context = context_of(told, self._model)
            if context is not None:
                self._finding.has_context(context)
                return

    def _require_same_model(self, answered: Answered) -> None:
        """Raises ModelNeeded where another model answers than the one that was asked, or that answered before."""
        if not answered.model:
            return
        wanted = self._model or answered.model
        if same_model(wanted, answered.model):
            wanted = self._finding.answered_as(answered.model)
        if not same_model(wanted, answered.model):
            raise self.server.problem(
                f"{self.server.host} answers as {shown(answered.model)} where {shown(wanted)} was asked",
                f"set {SETTING}_MODEL to the name of the model that you want, as the server has it",
            )

    def _require_all_read(self, answered: Answered, size: Size) -> None:
        """Raises ModelNeeded where the server cut the prompt without a word, as Ollama does."""
        read = answered.prompt_tokens
        if read is not None and read < _LEAST_READ * size.words:
            raise self.server.problem(
                f"{self.server.host} read {read} tokens of a prompt of {size.words} words: it cut the rest off",
                f"raise its context (Ollama: OLLAMA_CONTEXT_LENGTH), and set {SETTING}_CONTEXT to that",
            )

    def _too_long(self, ask: Ask, size: Size) -> TooLong:
        told = self.found.context_tokens or self._context
        return TooLong(
            self.named,
            ask,
            size.tokens,
            size.image_tokens,
            ask.max_new_tokens,
            self.context_tokens,
            about=True,
            remedy=None if told else f"set {SETTING}_CONTEXT to what the server takes",
        )

    def _draws_no_seeds(self) -> BadInput:
        return BadInput(
            "request", f"is to be drawn by a seed, and {self.server.host} takes none", "ask without sampling"
        )


def _kept(ask: Ask, form: Form, answered: Answered, answer: str | None) -> bool:
    """Whether an answer is what its form asks for, as far as that can be told; in words all may come."""
    if ask.json_schema is None or form.format == len(FORMATS) - 1 or answer is None:
        return True
    return keeps_to(answer, ask.json_schema, answered.finish == "stop")
