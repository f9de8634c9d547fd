"""MedASR's front end in NumPy: log-mel bands of speech, the numbers that transformers' LasrFeatureExtractor gives.

Frames of 25 ms, 10 ms apart, none of them padded; a symmetric Hann window; the power of 257 frequencies; triangles
evenly spaced on Kaldi's mel scale, the constant part left out; the logarithm of at least 1e-5. All of it in float64,
rounded to float32 at the end. Levels are not normalised.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pipelines.errors import ModelNeeded
from pipelines.records import Value
from pipelines.speech.decode import Samples
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import unusable

_LOWEST_HERTZ: Final = 125.0
_HIGHEST_HERTZ: Final = 7500.0
_FLOOR: Final = 1e-5
#: So many frames are worked on at once: their spectra stay in the processor's cache.
_BLOCK: Final = 128
#: Bands are made in groups of so many, each from the few frequencies that count in it. As small as these the products
#: are not shared out over threads by NumPy's library, which would cost many times what it saves (measured: 20 times,
#: where other programs run).
_GROUP: Final = 16


class FrontEnd(Value):
    """The settings that a checkpoint gives, all of them; no other values are known here."""

    feature_extractor_type: Literal["LasrFeatureExtractor"] = "LasrFeatureExtractor"
    sampling_rate: Literal[16000] = 16000
    feature_size: Literal[128] = 128
    hop_length: Literal[160] = 160
    win_length: Literal[400] = 400
    n_fft: Literal[512] = 512

    def features(self, samples: Samples) -> NDArray[np.float32]:
        """Log-mel bands, [frames, 128], of mono 16 kHz samples, [n], at least 400 of them: ``(n - 400) // 160 + 1``."""
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.win_length)[:: self.hop_length]
        window, groups = _window(self.win_length), _groups(self)
        features = np.empty((len(frames), self.feature_size), np.float32)
        # Used again for every block: each frame with its padding, its power and its bands.
        padded = np.zeros((_BLOCK, self.n_fft))
        powers = np.empty((_BLOCK, self.n_fft // 2 + 1))
        mels = np.empty((_BLOCK, self.feature_size))
        for first in range(0, len(frames), _BLOCK):
            block = frames[first : first + _BLOCK]
            power, mel = powers[: len(block)], mels[: len(block)]
            np.multiply(block, window, out=padded[: len(block), : self.win_length])
            parts = np.fft.rfft(padded[: len(block)]).view(np.float64).reshape(*power.shape, 2)
            np.square(parts, out=parts)
            np.add(parts[:, :, 0], parts[:, :, 1], out=power)
            for heard, bands, weights in groups:
                np.matmul(power[:, heard], weights, out=mel[:, bands])
            np.maximum(mel, _FLOOR, out=mel)
            features[first : first + _BLOCK] = np.log(mel, out=mel)
        return features


def read_front_end(folder: ModelFolder) -> FrontEnd:
    """The front end that a checkpoint asks for.

    Raises:
        ModelNeeded: it asks for another than MedASR's, or cannot be read.
    """
    import orjson

    found: dict[str, Any] = {}
    # Transformers 5 may keep it within processor_config.json, transformers 4 in a file of its own.
    for name, inner in (("processor_config.json", "feature_extractor"), ("preprocessor_config.json", None)):
        try:
            read = orjson.loads((folder.path / name).read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, orjson.JSONDecodeError) as error:
            raise ModelNeeded(f"{folder.model.name}/{name}", "cannot be read", folder.remedy) from error
        part = read.get(inner) if inner and isinstance(read, dict) else read
        if isinstance(part, dict):
            found = part
            break
    try:
        return FrontEnd.model_validate({key: found[key] for key in FrontEnd.model_fields if key in found})
    except ValidationError as invalid:
        wrong = invalid.errors()[0]
        key = str(wrong["loc"][0])
        known = FrontEnd.model_fields[key].default
        raise unusable(folder, f"its front end has {key} {wrong['input']!r:.40}, where MedASR has {known!r}") from None


@lru_cache(maxsize=1)
def _window(length: int) -> NDArray[np.float64]:
    window: NDArray[np.float64] = np.arange(length, dtype=np.float64)
    window *= 2 * np.pi / (length - 1)
    np.cos(window, out=window)
    window *= -0.5
    window += 0.5
    return window


@lru_cache(maxsize=1)
def _groups(front_end: FrontEnd) -> tuple[tuple[slice, slice, NDArray[np.float64]], ...]:
    """For each group of bands: the frequencies that count in any of them, which bands they are, and how much each
    frequency counts in each, [frequencies, 16]."""
    bands = _bands(front_end)
    groups = []
    for first in range(0, bands.shape[1], _GROUP):
        weights = bands[:, first : first + _GROUP]
        counting = np.flatnonzero(weights.any(axis=1))
        heard = slice(counting[0], counting[-1] + 1)
        groups.append((heard, slice(first, first + _GROUP), np.ascontiguousarray(weights[heard])))
    return tuple(groups)


def _bands(front_end: FrontEnd) -> NDArray[np.float64]:
    """How much each frequency counts in each band, [257, 128]."""
    hertz = np.linspace(0.0, front_end.sampling_rate / 2, front_end.n_fft // 2 + 1)[1:]
    edges = np.linspace(_mel(_LOWEST_HERTZ), _mel(_HIGHEST_HERTZ), front_end.feature_size + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    mel = _mel(hertz)[:, None]
    weights = np.maximum(0.0, np.minimum((mel - lower) / (centre - lower), (upper - mel) / (upper - centre)))
    return np.concatenate((np.zeros((1, front_end.feature_size)), weights))


def _mel(hertz: Any) -> Any:
    """Kaldi's mel scale."""
    return 1127.0 * np.log(1.0 + hertz / 700.0)
