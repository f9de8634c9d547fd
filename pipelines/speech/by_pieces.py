"""A recording on its way into an engine that hears it in pieces, and only where somebody speaks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.kept import KeptSound
from pipelines.speech.pieces import Piece, Pieces
from pipelines.speech.recognizer import require_length
from pipelines.speech.voice import VoiceStream

MINIMUM_SECONDS: Final = 0.2


class ByPieces(ABC):
    """`Listening.hear` for engines that hear by pieces.

    Args:
        voice: finds where somebody speaks.
    """

    def __init__(self, voice: VoiceStream) -> None:
        self._voice = voice
        self._pieces = Pieces(voice)
        self._sound = KeptSound()

    def hear(self, samples: Samples) -> None:
        """See `Listening.hear`."""
        self._voice.hear(samples)
        self._sound.hear(samples)
        for piece in self._pieces.over():
            self._take(piece)
        self._sound.let_go(self._pieces.needed_from)

    def _hear_out(self) -> tuple[tuple[float, float], ...]:
        """Take what ends with the recording.

        Returns:
            When somebody spoke, start and end in seconds.

        Raises:
            BadInput: it is too short.
        """
        require_length(self._sound.heard, MINIMUM_SECONDS, "recording")
        self._voice.finish()
        for piece in self._pieces.last(self._sound.heard):
            self._take(piece)
        return tuple((first / RATE, last / RATE) for first, last in self._voice.spans)

    @abstractmethod
    def _take(self, piece: Piece) -> None:
        """Hear a piece that is over, for good."""
