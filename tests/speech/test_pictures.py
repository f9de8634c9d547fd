from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PIL import Image

from pipelines.errors import BadInput
from pipelines.records import Word
from pipelines.speech.decode import Samples
from pipelines.speech.outline import MELS, read_mel, read_waveform
from pipelines.speech.pictures import DARK, LIGHT, Theme, sound_png
from tests.speech.sounds import shortened, tone, write

CLINIC = Path("samples/recordings/cardiology-clinic.flac")


def pixels(png: bytes) -> np.ndarray:
    """[height, width, 3]."""
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB")).astype(int)


def like(png: bytes, colour: tuple[int, int, int]) -> np.ndarray:
    """Where this colour is, [height, width]."""
    return np.abs(pixels(png) - colour).max(axis=2) <= 8


def write_mono(path: Path, samples: Samples, rate: int = 16_000) -> Path:
    return write(path, samples[:, None], rate)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("mel", [False, True])
def test_a_recording_has_a_picture_of_the_size_asked_for(mel: bool, theme: Theme) -> None:
    png = sound_png(CLINIC, "clinic", mel=mel, width=640, height=180, theme=theme)
    assert pixels(png).shape == (180, 640, 3)
    assert like(png, theme.ground)[:, :20].mean() > 0.5
    assert sound_png(CLINIC, "clinic", mel=mel, width=640, height=180, theme=theme) == png


def test_the_wave_is_where_the_sound_is(tmp_path: Path) -> None:
    sound = np.zeros(4 * 16_000, np.float32)
    sound[16_000:32_000] = tone(16_000, seconds=1)[:, 0]
    png = sound_png(write_mono(tmp_path / "a.wav", sound), "a", width=456, height=120)
    # 400 columns from the 45th on; the second of sound is the second quarter. The middle line is everywhere.
    inked = like(png, LIGHT.core)[20:50, 44:444].any(axis=0)
    assert inked[102:198].all()
    assert not inked[:98].any()
    assert not inked[202:].any()


def test_what_is_cut_off_at_full_scale_is_red(tmp_path: Path) -> None:
    sound = np.tile(tone(16_000, seconds=1, peak=0.4)[:, 0], 2)
    cut = np.concatenate((sound[:16_000], np.clip(sound[16_000:] * 4, -1, 1)))
    png = sound_png(write_mono(tmp_path / "a.wav", cut), "a", width=456, height=120)
    red = like(png, LIGHT.clipped).any(axis=0)
    assert red[250:440].all()
    assert not red[:243].any()
    assert not like(sound_png(write_mono(tmp_path / "b.wav", sound), "b"), LIGHT.clipped).any()


def test_speech_is_shaded(tmp_path: Path) -> None:
    path = write_mono(tmp_path / "a.wav", np.full(4 * 16_000, 1e-4, np.float32))
    shaded = like(sound_png(path, "a", speech=[(1, 2)], width=456, height=120), LIGHT.speech)[20, :]
    assert np.flatnonzero(shaded).tolist() == list(range(144, 244))
    marked = like(sound_png(path, "a", mel=True, speech=[(1, 2)], width=456, height=120), LIGHT.core)[6, :]
    assert np.flatnonzero(marked).tolist() == list(range(144, 244))


def test_words_are_written_where_there_is_room() -> None:
    words = [Word(text=f"w{i}", start=i, end=i + 0.5, confidence=1, raw_start=0, raw_end=2) for i in range(30)]
    plain, written = (sound_png(CLINIC, "clinic", words=it, height=200) for it in ((), words))
    assert pixels(plain).shape == pixels(written).shape
    below = [(pixels(png)[-18:] != LIGHT.ground).any(axis=2).any(axis=0).sum() for png in (plain, written)]
    assert below[1] > below[0]
    crowded = [word.model_copy(update={"start": 1.0, "end": 1.1}) for word in words]
    assert sound_png(CLINIC, "clinic", words=crowded) == sound_png(CLINIC, "clinic", words=crowded[:1])


def test_a_tone_is_a_line_at_its_pitch(tmp_path: Path) -> None:
    time = np.arange(2 * 16_000) / 16_000
    found = {}
    for hertz in (440, 3000):
        sound = (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
        mel = read_mel(write_mono(tmp_path / f"{hertz}.wav", sound), "tone", 100)
        assert mel.db.shape == (MELS, 100)
        assert mel.db.max() == pytest.approx(0, abs=0.1)
        found[hertz] = int(np.median(mel.db[:, 5:].argmax(axis=0)))
    import librosa

    centres = librosa.mel_frequencies(MELS + 2, fmax=8_000)[1:-1]
    for hertz, band in found.items():
        assert abs(centres[band] - hertz) < 0.08 * hertz


def test_the_spectrogram_is_librosas(tmp_path: Path) -> None:
    import librosa

    samples, rate = sf.read(CLINIC, dtype="float32")
    samples = samples[: 10 * rate]
    found = read_mel(write_mono(tmp_path / "a.wav", samples), "a", 1_000)
    power = librosa.feature.melspectrogram(
        y=np.concatenate((np.zeros(512 - 160, np.float32), samples)),
        sr=rate,
        n_fft=512,
        hop_length=160,
        n_mels=MELS,
        fmax=8_000,
        center=False,
    )
    expected = librosa.power_to_db(power, ref=power.max(), amin=1e-10 * power.max())
    # The file holds 16 bits, of which silence is made.
    loud = expected > -60
    assert np.abs(found.db - expected[:, : found.db.shape[1]])[loud[:, : found.db.shape[1]]].max() < 0.1


def test_all_channels_are_seen_and_short_or_odd_sound_has_a_picture(tmp_path: Path) -> None:
    both = np.zeros((48_000, 2), np.float32)
    both[:24_000, 0] = tone(48_000, seconds=0.5)[:, 0]
    both[24_000:, 1] = tone(48_000, seconds=0.5)[:, 0]
    waveform = read_waveform(write(tmp_path / "both.wav", both), "both", 100)
    assert (waveform.rms > 0.05).all()
    for number, (rate, count) in enumerate([(8_000, 1), (8_000, 50), (96_000, 300), (44_100, 44_101)]):
        path = write_mono(tmp_path / f"{number}.wav", np.full(count, 0.1, np.float32), rate)
        assert pixels(sound_png(path, "short", width=300)).shape[1] == 300
        assert pixels(sound_png(path, "short", mel=True, width=300)).shape[1] == 300


def test_silence_and_a_damaged_file_have_a_picture(tmp_path: Path) -> None:
    path = write_mono(tmp_path / "a.wav", np.zeros(32_000, np.float32))
    assert sound_png(path, "a")
    assert sound_png(path, "a", mel=True)
    cut = write(tmp_path / "cut.flac", tone(16_000, seconds=20), 16_000)
    assert sound_png(shortened(cut, 0.5), "cut")


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", None])
def test_what_is_no_sound_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"^x\.wav: "):
        sound_png(path, "x.wav")
    with pytest.raises(BadInput, match=r"^x\.wav: "):
        sound_png(path, "x.wav", mel=True)


@pytest.mark.long
def test_an_hour_is_not_held_in_memory(tmp_path: Path) -> None:
    speech, rate = sf.read(CLINIC, dtype="float32")
    path = tmp_path / "long.flac"
    with sf.SoundFile(path, "w", rate, 1) as file:
        for _ in range(3600 * rate // len(speech)):
            file.write(speech)
    code = (
        "import sys; from pathlib import Path; from pipelines.speech.pictures import sound_png;"
        "sound_png(Path(sys.argv[1]), 'long'); sound_png(Path(sys.argv[1]), 'long', mel=True);"
        "from tests.support.peak_memory import peak_bytes; print(peak_bytes())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    # The samples alone would be 230 MB, librosa and what it brings take 200.
    assert int(done.stdout) < 350 * 1024 * 1024


def test_no_picture_no_librosa() -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.speech.pictures import sound_png;"
        "sound_png(Path(sys.argv[1]), 'clinic');"
        "print([name for name in ('librosa', 'matplotlib', 'torch', 'numba') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(CLINIC)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
