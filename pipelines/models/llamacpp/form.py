"""What a model under llama.cpp is asked, in its own chat form: the template that its file carries, filled in by us, as
transformers would. llama.cpp is given the finished text."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from pipelines.errors import ModelNeeded
from pipelines.models.control import ControlTokens
from pipelines.models.generator import Ask, Words
from pipelines.models.turn import Message, messages
from pipelines.weights.gguf import GgufHeader

#: Where a picture goes, to us and to llama.cpp.
PICTURE: Final = "<__picture__>"
IMAGE_BLOCK: Final = "<start_of_image><end_of_image>"
"""What stands around a picture's tokens, in llama.cpp as in transformers."""
_IMAGE: Final = "<start_of_image>"
#: Where the shared parts end. In no text twice, and of no tokenizer.
_CUT: Final = "\u241e\u2402shared\u2403\u241e"
#: Numbers of the kinds of tokens in a GGUF's vocabulary: unknown, control, added by its makers.
_CONTROL: Final = (2, 3)
_ADDED: Final = 4
#: Kinds of vocabulary that begin with the token for the beginning unless they say otherwise.
_BEGINNING: Final = ("llama",)


@dataclass(frozen=True)
class Text:
    """An ask as the model reads it."""

    whole: str
    """`PICTURE` stands where a picture goes."""
    shared: str = ""
    """The beginning of it that is the same in every ask with the same shared parts; empty where nothing is shared."""


class Form:
    """The chat form of one model.

    Args:
        header: of its GGUF file.
        name: of the engine, for what is said where the template is broken.
    """

    def __init__(self, header: GgufHeader, name: str) -> None:
        tokens = header.texts("tokenizer.ggml.tokens")
        kinds = header.numbers("tokenizer.ggml.token_type")
        flagged = [token for token, kind in zip(tokens, kinds, strict=False) if kind in _CONTROL]
        added = [token for token, kind in zip(tokens, kinds, strict=False) if kind == _ADDED]
        entries = [SimpleNamespace(content=token, special=True) for token in (*flagged, PICTURE, _CUT)]
        entries += [SimpleNamespace(content=token, special=False) for token in added]
        self.control = ControlTokens.of(
            SimpleNamespace(added_tokens_decoder=dict(enumerate(entries)), all_special_tokens=())
        )
        self._template = header.text("tokenizer.chat_template") or ""
        self._flagged = sorted(flagged, key=len, reverse=True)
        self._bos = _token(header, tokens, "bos")
        self._eos = _token(header, tokens, "eos")
        adds = header.entries.get("tokenizer.ggml.add_bos_token")
        self._adds_bos = adds if isinstance(adds, bool) else header.text("tokenizer.ggml.model") in _BEGINNING
        self._name = name

    @property
    def marker(self) -> str:
        """A token that no text of an ask can become, and that stands behind no shared part."""
        return self._bos or self._eos

    def text(self, ask: Ask) -> Text:
        """The ask, filled in. Raises `ModelNeeded` where the template cannot be."""
        whole = self._filled(ask, self.control)
        if not ask.shared or ask.shared >= len(ask.parts):
            return Text(whole)
        parts = (*ask.parts[: ask.shared], Words(text=_CUT), *ask.parts[ask.shared :])
        sparing = ControlTokens(self.control.texts - {_CUT})
        beginning, mark, rest = self._filled(ask.model_copy(update={"parts": parts}), sparing).partition(_CUT)
        # Two halves that would make a control token are told apart only together: then nothing is shared.
        return Text(whole, _whole_words(beginning) if mark and beginning + rest == whole else "")

    def without_end(self, raw: str) -> str:
        """What was written before the token that ended it."""
        return next((raw.removesuffix(token) for token in self._flagged if token and raw.endswith(token)), raw)

    def _filled(self, ask: Ask, control: ControlTokens) -> str:
        turn = messages(ask, control)
        if not ask.frames:
            turn = [{**message, "content": _joined(message)} for message in turn]
        text = self._rendered(turn)
        if self._adds_bos and self._bos:
            text = text.removeprefix(self._bos)
        return text.replace(_IMAGE, f"\n\n{PICTURE}\n\n") if ask.frames else text

    def _rendered(self, turn: list[Message]) -> str:
        from jinja2 import TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _refuse
        try:
            return environment.from_string(self._template).render(
                messages=turn, add_generation_prompt=True, bos_token=self._bos, eos_token=self._eos
            )
        except (TemplateError, TypeError, ValueError, LookupError) as broken:
            raise ModelNeeded(
                self._name,
                f"carries a chat template that cannot be filled in ({type(broken).__name__})",
                "use a GGUF file of MedGemma, complete",
            ) from broken


def _whole_words(text: str) -> str:
    """Without the last word: what follows at once may change how that is cut into tokens."""
    if text.endswith("\n"):
        return text
    head, _, word = text.rpartition(" ")
    return head if head and PICTURE not in word else text


def _joined(message: Message) -> str:
    return "".join(part["text"] for part in message["content"])


def _token(header: GgufHeader, tokens: list[str], role: str) -> str:
    number = header.number(f"tokenizer.ggml.{role}_token_id")
    return tokens[number] if number is not None and 0 <= number < len(tokens) else ""


def _refuse(message: str) -> Any:
    from jinja2 import TemplateError

    raise TemplateError(message)
