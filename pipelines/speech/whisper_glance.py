"""A quick look at what is being said, for somebody who watches: greedy, without filling up to Whisper's window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.pieces import Piece
from pipelines.speech.whisper_model import WhisperModel

#: A look is worth its work only when there is this much more to hear.
NEWS_SECONDS: Final = 0.8
#: Nobody says more; a decoder that repeats itself stops here.
_TOKENS_PER_SECOND: Final = 7


class Glances:
    """Remembers what was seen, so that the same sound is not looked at twice."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, str]] = {}
        """By the first sample of a piece: as far as which sample it was looked at, and its text."""

    def text(
        self, model: Callable[[], WhisperModel], pieces: Iterable[Piece], sound: Callable[[Piece], Samples]
    ) -> str:
        """What is said in ``pieces``, which have not ended yet.

        Args:
            model: called only where there is something new.
            sound: gives the samples of a piece.
        """
        before, self._seen = self._seen, {}
        for piece in pieces:
            known = before.get(piece.first)
            news = piece.last - known[0] if known else piece.last - piece.first
            if known and 0 <= news < NEWS_SECONDS * RATE:
                self._seen[piece.first] = known
            else:
                self._seen[piece.first] = (piece.last, _look(model(), sound(piece)))
        return " ".join(text for _, text in self._seen.values() if text)


def _look(model: WhisperModel, samples: Samples) -> str:
    most = round(10 + _TOKENS_PER_SECOND * len(samples) / RATE)
    return model.text(model.decode(model.encode(samples, short=True), 1, most=most)).strip()
