"""llama.cpp in this process: a model that is loaded, given finished texts and pictures, and what it writes.

The library is llama.cpp's server as a wheel. It opens a socket that nobody is to use: a file in a folder of our own
which is gone as soon as the model is loaded (on Windows a port of this machine), and behind it a key that nobody knows.
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from pipelines.models.llamacpp.form import IMAGE_BLOCK, PICTURE

#: So many tokens are read in one go. What comes out depends on it in the last digits.
BATCH: Final = 512
#: Passes on what it is given, as it is.
_AS_GIVEN: Final = (
    "{%- for message in messages -%}{%- if message.content is string -%}{{ message.content }}{%- else -%}"
    "{%- for part in message.content -%}{{ part.text }}{%- endfor -%}{%- endif -%}{%- endfor -%}"
)
#: llama.cpp takes contexts of multiples of this.
_STEP: Final = 256
#: The address of a socket has 104 bytes on some systems.
_LONGEST_PATH: Final = 70
_TOO_LONG: Final = "exceed_context_size_error"


class Refused(Exception):
    """llama.cpp does not do what it was asked. The text is its own word for the kind of error, never its message."""


class NoNumbers(Exception):
    """The model's scores are none: its weights are damaged."""


class Step(NamedTuple):
    """How far a call is."""

    text: str
    """What was written since the last step."""
    spent: int
    """Tokens written since the call began."""
    evaluated: int
    """Tokens of the prompt that were read in this call."""
    kept: int
    """Tokens of the prompt that stood there from an earlier call."""
    finish: str | None
    """``stop`` or ``length`` at the end."""


Listen = Callable[[Step], bool]
"""Told of every step; ends the call by True."""


class Runtime:
    """A loaded model. One call at a time.

    Args:
        model, projector: GGUF files that were found fit. llama.cpp ends the whole process over some that are not.
        context: tokens that it will hold.
        threads: 0 leaves the choice to llama.cpp.
        device: ``cpu``, or ``auto`` for whatever llama.cpp finds.

    Raises:
        Refused: it cannot be loaded.
        NoNumbers: it is loaded, and gives none.
    """

    def __init__(self, model: Path, projector: Path | None, context: int, threads: int, device: str) -> None:
        import xllamacpp

        self._window = -(-(context + 1) // _STEP) * _STEP
        given = xllamacpp.CommonParams()
        given.model.path = str(model)
        if projector is not None:
            given.mmproj.path = str(projector)
        given.n_ctx = self._window
        given.n_batch = given.n_ubatch = BATCH
        for cpu in (given.cpuparams, given.cpuparams_batch):
            cpu.n_threads = threads or -1
        if device == "cpu":
            given.n_gpu_layers = 0
            given.mmproj_use_gpu = False
        # Only so can the layers with a sliding window go back to where the shared parts end.
        given.swa_full = True
        given.n_parallel = 1
        given.cache_ram_mib = 0
        given.fit_params = False
        given.warmup = False
        # Mapped from its file a model takes its size twice: what suits the processor better is made of it besides.
        given.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        # Tokens that are flagged as control tokens are written out: the marks of a trace may be.
        given.special = True
        given.chat_template = _AS_GIVEN
        given.force_pure_content_parser = True
        given.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
        given.verbosity = 0
        given.endpoint_slots = given.endpoint_props = given.ui = False
        given.api_keys = [secrets.token_hex(32)]
        # Else it would be drawn by chance; it is read once in the life of a process.
        os.environ["LLAMA_MEDIA_MARKER"] = PICTURE
        with _unreachable() as address:
            given.hostnames = [address]
            try:
                self._server = xllamacpp.Server(given)
            except RuntimeError as refused:
                raise Refused("not loaded") from refused
        self.require_numbers("a", ())

    def count(self, text: str, marker: str) -> int:
        """Tokens of a text, a picture counting as the two tokens around it. Nothing is evaluated for it.

        llama.cpp tells the length of what does not fit: the text is made so long that it does not.

        Args:
            marker: a control token, written out.
        """
        prompt = text.replace(PICTURE, IMAGE_BLOCK) + marker * self._window
        error = self._asked(prompt, ()).get("error", {})
        if error.get("type") != _TOO_LONG:
            raise Refused(str(error.get("type", "no answer")))
        return int(error["n_prompt_tokens"]) - self._window

    def require_numbers(self, text: str, pictures: Sequence[bytes]) -> None:
        """Whether the model gives numbers after a prompt, of which all but the end is used as it stands there.

        Raises:
            NoNumbers: it does not.
            Refused: it was not done.
        """
        answer = self._asked(text, pictures, cache_prompt=True, logprobs=True, temperature=0.0)
        if "error" in answer:
            raise Refused(str(answer["error"].get("type", "error")))
        # A token that is only the beginning of a character has none; what is no number has no form in JSON.
        scored = answer["choices"][0].get("logprobs") or {"content": ()}
        if any(token["logprob"] is None for token in scored["content"]):
            raise NoNumbers

    def _asked(self, text: str, pictures: Sequence[bytes], **more: Any) -> Mapping[str, Any]:
        """What llama.cpp says to a prompt, in one piece."""
        told: list[Mapping[str, Any]] = []

        def listen(answer: Mapping[str, Any]) -> bool:
            told.append(answer)
            return True

        messages = [{"role": "user", "content": _content(text, pictures)}]
        self._server.handle_chat_completions({"messages": messages, "max_tokens": 1, **more}, listen)
        return told[0] if told else {"error": {"type": "no answer"}}

    def write(
        self, text: str, pictures: Sequence[bytes], budget: int, listen: Listen, kept: bool, asked: Mapping[str, Any]
    ) -> None:
        """Read a prompt and write after it.

        Args:
            text: with `PICTURE` for every one of ``pictures``, which are PNG.
            budget: greatest number of tokens; at 0 the prompt is read, and one is written all the same.
            kept: whether what stands there from the call before may be used, as far as it is the same.
            asked: how tokens are chosen, by llama.cpp's names.

        Raises:
            Refused: it was not done.
        """
        failed: list[BaseException] = []

        def step(answer: Mapping[str, Any]) -> bool:
            # What is raised here would be lost on the way through the library.
            try:
                return _told(answer, listen)
            except BaseException as error:
                failed.append(error)
                return True

        self._server.handle_chat_completions(
            {
                "messages": [{"role": "user", "content": _content(text, pictures)}],
                "max_tokens": budget,
                "stream": True,
                "return_progress": True,
                "timings_per_token": True,
                "cache_prompt": kept,
                **asked,
            },
            step,
        )
        if failed:
            raise failed[0]


def places(device: str) -> str:
    """What llama.cpp runs on where it is told ``device``."""
    import xllamacpp

    found = xllamacpp.get_device_info() if device != "cpu" else []
    return ", ".join(entry["name"] for entry in found if "CPU" not in entry["type"].name) or "cpu"


def system() -> str:
    """What of this processor llama.cpp makes use of; it decides the last digits."""
    import xllamacpp

    return " ".join(str(xllamacpp.get_system_info()).replace("|", " ").split())


def _told(answer: Mapping[str, Any], listen: Listen) -> bool:
    if "error" in answer:
        raise Refused(str(answer["error"].get("type", "error")))
    choices = answer.get("choices") or [{}]
    timings = answer.get("timings")
    if timings is None:
        return False
    return listen(
        Step(
            text=choices[0].get("delta", {}).get("content") or "",
            spent=int(timings["predicted_n"]),
            evaluated=int(timings["prompt_n"]),
            kept=int(timings["cache_n"]),
            finish=choices[0].get("finish_reason"),
        )
    )


def _content(text: str, pictures: Sequence[bytes]) -> str | list[dict[str, Any]]:
    pieces = text.split(PICTURE)
    if len(pieces) != len(pictures) + 1:
        raise ValueError(f"{len(pieces) - 1} places for {len(pictures)} pictures")
    if not pictures:
        return text
    content: list[dict[str, Any]] = []
    for piece, picture in zip(pieces, (*pictures, None), strict=True):
        if piece:
            content.append({"type": "text", "text": piece})
        if picture is not None:
            url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
            content.append({"type": "image_url", "image_url": {"url": url}})
    return content


@contextmanager
def _unreachable() -> Iterator[str]:
    """An address that is gone when the block is left."""
    if os.name != "posix":
        yield "127.0.0.1"
        return
    usual = tempfile.gettempdir()
    with tempfile.TemporaryDirectory(
        prefix="assistant-", dir=usual if len(usual) < _LONGEST_PATH else "/tmp"
    ) as folder:
        yield f"{folder}/{secrets.token_hex(4)}.sock"
