"""A piece heard a second time with the lexicon in mind, and judged by the ear that knows nothing of it.

Whisper without a prompt says how likely each text is, given the sound. A term of the second hearing is taken only where
the first was not sure of itself and the unprompted model finds the text with the term in it hardly less likely; other
words only where it finds them as likely.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from pipelines.speech.prompting import prompt_for
from pipelines.speech.second_hearing import Kind, Proposal, Spelt, alternatives, applied, proposals, spelt
from pipelines.speech.whisper_model import Sound, WhisperModel
from pipelines.text.lexicon import Lexicon

#: Log probability that a text may lose for a change. Names of drugs are rare in what Whisper was trained on, so it
#: expects them too little; what nobody said lost more than this in trials.
LOSS: Final[dict[Kind, float]] = {"name": 12.0, "term": 5.0, "words": 0.25}
#: Words at least this likely, in mean log probability of their tokens, stay as they were heard.
SURE: Final = -0.15


@dataclass(frozen=True)
class Second:
    """What came of the second hearing."""

    tokens: tuple[int, ...]
    """Of the first hearing, with the changes that were taken."""
    prompt: str | None = None
    """SHA-256 of the prompt's tokens; None where no term came close, and nothing was heard again."""
    proposed: int = 0
    taken: int = 0


def hear_again(model: WhisperModel, sound: Sound, tokens: tuple[int, ...], beam: int, lexicon: Lexicon) -> Second:
    """Hear a piece again that was heard as ``tokens`` without a prompt."""
    prompt = prompt_for(model.text(tokens), lexicon, model.tokens) if tokens else ()
    if not prompt:
        return Second(tokens)
    first = spelt(model.words(tokens))
    second = spelt(model.words(model.decode(sound, beam, prompt)))
    proposed = proposals(first, second, lexicon, model.tokens)
    taken = _Judge(model, sound, first, lexicon).taken(proposed) if proposed else ()
    return Second(
        tokens=applied(first, taken) if taken else tokens,
        prompt=hashlib.sha256(" ".join(map(str, prompt)).encode()).hexdigest(),
        proposed=len(proposed),
        taken=len(taken),
    )


class _Judge:
    """Holds texts against the sound, without a prompt."""

    def __init__(self, model: WhisperModel, sound: Sound, first: tuple[Spelt, ...], lexicon: Lexicon) -> None:
        self._model = model
        self._sound = sound
        self._first = first
        self._lexicon = lexicon
        self._before = model.log_probabilities(sound, applied(first, ()))
        self._ends = list(accumulate((len(word.tokens) for word in first), initial=0))

    def taken(self, proposed: Iterable[Proposal]) -> tuple[Proposal, ...]:
        """The proposals that the sound bears out, or terms alike that it bears out better."""
        best = (self._best(proposal) for proposal in proposed if not self._sure(proposal))
        return tuple(proposal for proposal in best if proposal is not None)

    def _best(self, proposal: Proposal) -> Proposal | None:
        losses = {proposal: self._loss(proposal)}
        if losses[proposal] > LOSS[proposal.kind]:
            return None
        if proposal.kind != "words":
            others = alternatives(self._first, proposal, self._lexicon, self._model.tokens)
            losses |= {other: self._loss(other) for other in others}
        likeliest = min(losses, key=losses.__getitem__)
        return likeliest if losses[likeliest] <= LOSS[likeliest.kind] else None

    def _sure(self, proposal: Proposal) -> bool:
        stood = self._before[self._ends[proposal.first] : self._ends[proposal.last]]
        return sum(stood) > SURE * len(stood)

    def _loss(self, proposal: Proposal) -> float:
        return sum(self._before) - sum(self._model.log_probabilities(self._sound, applied(self._first, (proposal,))))
