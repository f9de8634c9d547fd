"""One call of a model under llama.cpp: a prompt is read, an answer written, and whoever waits is told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pipelines.models.generator import Sampling
from pipelines.models.llamacpp.form import PICTURE, Form, Text
from pipelines.models.llamacpp.runtime import Runtime, Step
from pipelines.models.loops import LoopWatch
from pipelines.models.telling import Telling

_GREEDY: Final[Mapping[str, Any]] = {"temperature": 0.0, "samplers": ["temperature"], "seed": 0}


class Written(NamedTuple):
    """What was generated in one go."""

    raw: str
    """Without the token that ended it."""
    ended: bool
    """Whether the model came to its own end."""
    looped: bool
    """Whether it was stopped for going round in circles."""
    spent: int
    """Tokens generated, the one that ended it included."""


class Reading:
    """Prompts as the loaded model holds them: what is shared stays there for the next ask about it.

    The shared beginning is always read in one go from its own beginning, and what follows it after that, whether it was
    kept or not. So equal asks are computed alike, whatever came before them: how tokens are cut into batches decides
    the last digits.
    """

    def __init__(self, runtime: Runtime, form: Form) -> None:
        self._runtime = runtime
        self._form = form
        self._kept: str | None = None

    def prepare(self, text: Text, pictures: Sequence[bytes], telling: Telling) -> bool:
        """Have the shared beginning read, where it is not there from before.

        Returns:
            Whether what the model holds now may be used for the rest.
        """
        if not text.shared:
            self._kept = None
            return False
        shown = pictures[: text.shared.count(PICTURE)]
        key = _digest(text.shared, shown)
        # The token behind it makes sure that not more than the beginning is ever found to be the same.
        end = f"{text.shared}{self._form.marker}"
        if self._kept == key and self._read(end, shown, telling, kept=True) <= 1:
            return True
        self._kept = None
        self._read(end, shown, telling, kept=False)
        self._kept = key
        return True

    def _read(self, text: str, pictures: Sequence[bytes], telling: Telling, *, kept: bool) -> int:
        """Returns how many tokens had to be evaluated."""
        last = 0

        def listen(step: Step) -> bool:
            nonlocal last
            last = step.evaluated
            telling.pause()
            return False

        self._runtime.write(text, pictures, 0, listen, kept, _GREEDY)
        return last


def write(
    runtime: Runtime,
    form: Form,
    text: str,
    pictures: Sequence[bytes],
    budget: int,
    kept: bool,
    asked: Mapping[str, Any],
    telling: Telling,
    before: Written | None = None,
) -> Written:
    """Read a prompt and let the model write after it.

    Args:
        budget: greatest number of tokens.
        kept: whether what the model holds may be used.
        asked: how tokens are chosen and what they must keep to, by llama.cpp's names.
        before: of the answer what stands there already; at the end of ``text``, and told as written.

    Raises:
        Cancelled: whoever waits has ended it.
        Refused: llama.cpp did not do it.
    """
    stands, took = (before.raw, before.spent) if before is not None else ("", 0)
    watch = LoopWatch.of_text()
    raw = ""
    spent = 0
    finish: str | None = None
    looped = False

    def listen(step: Step) -> bool:
        nonlocal raw, spent, finish, looped
        raw += step.text
        spent = step.spent
        finish = step.finish or finish
        if step.text or step.finish:
            telling.used(took + spent)
            telling.stands(stands + raw)
        telling.pause()
        looped = watch.add_all(step.text)
        return looped

    telling.pause()
    runtime.write(text, pictures, budget, listen, kept, asked)
    ended = finish == "stop" and not looped
    return Written(form.without_end(raw) if ended else raw, ended, looped, spent)


def choosing(sampling: Sampling | None) -> dict[str, Any]:
    """How tokens are chosen, by llama.cpp's names: the likeliest, or drawn."""
    if sampling is None:
        return dict(_GREEDY)
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "samplers": ["temperature", "top_p"],
        "seed": sampling.seed,
    }


def _digest(text: str, pictures: Sequence[bytes]) -> str:
    digest = hashlib.sha256(text.encode())
    for picture in pictures:
        digest.update(hashlib.sha256(picture).digest())
    return digest.hexdigest()
