"""Lets a model write: token after token, the likeliest or one drawn by a seed, within what is allowed, until it ends,
is ended, or goes round in circles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from pipelines.models.generator import Sampling
from pipelines.models.loops import LoopWatch
from pipelines.models.medgemma.reading import Reader
from pipelines.models.telling import TokenTelling


class Constraint(Protocol):
    """What may be written, told token by token."""

    @property
    def over(self) -> bool:
        """Nothing may follow any more."""
        ...

    def mask(self, scores: Any) -> None:
        """Set the scores, [vocabulary], of all tokens that may not follow to minus infinity, in place."""
        ...

    def take(self, token: int) -> None:
        """The token that was written."""
        ...

    def forced(self) -> list[int]:
        """The tokens that can only follow now, in their order, up to where there is a choice again. They are not
        taken yet."""
        ...


class NoNumbers(Exception):
    """The model gives no numbers: its weights are damaged, or the number format overflows."""


class Written(NamedTuple):
    """What was generated in one go."""

    ids: list[int]
    """Without the token that ended it."""
    ended: bool
    """Whether the model came to its own end."""
    looped: bool
    """Whether it was stopped for going round in circles."""
    spent: int
    """Tokens generated, the one that ended it included."""


Pick = Callable[[Any], int]
"""The next token by the scores, [vocabulary]."""


def write(
    reader: Reader,
    state: Any,
    scores: Any,
    budget: int,
    ends: frozenset[int],
    pick: Pick,
    telling: TokenTelling,
    watch: LoopWatch[int] | None = None,
    constraint: Constraint | None = None,
) -> Written:
    """Generate until the model comes to its own end, the budget is used, or it goes round in circles.

    Args:
        state: the cache with all that comes before; it grows.
        scores: of the first token, [vocabulary].
        budget: greatest number of tokens.
        ends: the tokens that end the writing.
        watch: tells when it goes round in circles; nobody does without.
        constraint: anything may be written without.

    Raises:
        NoNumbers: the scores are none.
        Cancelled: whoever waits has ended it.
    """
    ids: list[int] = []
    spent = 0
    while spent < budget:
        telling.pause()
        if constraint is not None:
            scores = scores.clone()
            constraint.mask(scores)
        new = [pick(scores)]
        if constraint is not None:
            constraint.take(new[0])
            if new[0] not in ends:
                for token in constraint.forced()[: budget - spent - 1]:
                    constraint.take(token)
                    new.append(token)
        spent += len(new)
        ended = new[-1] in ends
        telling.written(new)
        ids += new[:-1] if ended else new
        if ended:
            return Written(ids, True, False, spent)
        if watch is not None and watch.add_all(new):
            return Written(ids, False, True, spent)
        if spent < budget:
            scores = reader.next(new, state)
    return Written(ids, False, False, spent)


def likeliest(scores: Any) -> int:
    """The token with the highest score, the first of equals, as transformers takes it. Raises `NoNumbers`."""
    plain = scores.float()
    best = int(plain.argmax())
    _require_number(float(plain[best]))
    return best


def drawn(sampling: Sampling) -> Pick:
    """Draws by the scores, over the likeliest tokens that have ``top_p`` of all probability together.

    On the CPU and in float32, whatever the model runs on: equal seeds and scores give equal tokens.
    """
    import torch

    source = torch.Generator().manual_seed(sampling.seed)

    def pick(scores: Any) -> int:
        plain = scores.float().cpu() / sampling.temperature
        _require_number(float(plain.max()))
        shares, tokens = plain.softmax(-1).sort(descending=True, stable=True)
        before = shares.cumsum(-1) - shares
        shares[before >= sampling.top_p] = 0.0
        return int(tokens[torch.multinomial(shares, 1, generator=source)])

    return pick


def _require_number(best: float) -> None:
    # Minus infinity: everything is forbidden, which no constraint does before its end.
    if not math.isfinite(best):
        raise NoNumbers
