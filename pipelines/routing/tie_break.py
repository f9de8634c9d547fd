"""The tie-breaker that asks a language model: a constrained choice between full descriptions, `unclear` among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.errors import BadInput, ModelNeeded
from pipelines.models.consult import Consultant
from pipelines.models.generator import Ask, Slot, Words
from pipelines.records import Kind, TaskName

_UNCLEAR: Final = "unclear"


@dataclass(frozen=True)
class GeneratorTieBreaker:
    """See `pipelines.routing.router.TieBreaker`. Where the model cannot be loaded, or
    the text is too long for it, the user is asked as without it."""

    consultant: Consultant
    prompts: Path | None = None

    def choose(self, text: str, kinds: Sequence[Kind], candidates: Mapping[TaskName, str]) -> TaskName | None:
        from prompts import load_prompt

        prompt = load_prompt("route", self.prompts)
        question = prompt.render(
            text=text,
            attachments=[kind.value for kind in kinds],
            tasks=[{"name": task.value, "description": what} for task, what in candidates.items()],
        )
        ask = Ask(
            prompt=prompt.identity,
            system=prompt.system,
            parts=(Words(text=question),),
            max_new_tokens=prompt.budget,
        )
        options = (*(task.value for task in candidates), _UNCLEAR)
        try:
            [chosen] = self.consultant.choose(ask, (Slot(options=options),)).chosen
        except (ModelNeeded, BadInput):
            return None
        return None if chosen == _UNCLEAR else TaskName(chosen)
