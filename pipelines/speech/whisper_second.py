"""A piece heard a second time with the lexicon in mind, and judged by the ear that knows nothing of it.

Whisper without a prompt says how likely each text is, given the sound. A term of the second hearing is taken only where
the first was not sure of itself and the unprompted model finds the text with the term in it hardly less likely; other
words only where it finds them as likely.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from pipelines.speech.prompting import prompt_for
from pipelines.speech.second_hearing import Kind, Proposal, Spelt, applied, proposals, spelt
from pipelines.speech.whisper_model import Sound, WhisperModel
from pipelines.text.lexicon import Lexicon

#: Log probability that a text may lose for a change. Names of drugs are rare in what Whisper was trained on, so it
#: expects them too little; what nobody said lost more than this in trials, 11 and up.
LOSS: Final[dict[Kind, float]] = {"name": 10.0, "term": 6.0, "words": 0.25}
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
    taken = _judged(model, sound, first, proposed) if proposed else ()
    return Second(
        tokens=applied(first, taken) if taken else tokens,
        prompt=hashlib.sha256(" ".join(map(str, prompt)).encode()).hexdigest(),
        proposed=len(proposed),
        taken=len(taken),
    )


def _judged(
    model: WhisperModel, sound: Sound, first: tuple[Spelt, ...], proposed: tuple[Proposal, ...]
) -> tuple[Proposal, ...]:
    before = model.log_probabilities(sound, applied(first, ()))
    ends = [0]
    for word in first:
        ends.append(ends[-1] + len(word.tokens))

    def accepted(proposal: Proposal) -> bool:
        stood = before[ends[proposal.first] : ends[proposal.last]]
        if sum(stood) > SURE * len(stood):
            return False
        loss = sum(before) - sum(model.log_probabilities(sound, applied(first, (proposal,))))
        return loss <= LOSS[proposal.kind]

    return tuple(filter(accepted, proposed))
