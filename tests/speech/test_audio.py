from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import BadInput, ProductError
from pipelines.records import Recording
from pipelines.speech.audio import RATE, NothingToHear, inspect_recording, read_speech
from pipelines.speech.decode import Samples
from tests.speech.sounds import shortened, tone, write, write_coded


def inspect(path: Path) -> Recording:
    return inspect_recording(path, path.name, "0" * 64, "file")


def error_line(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_speech(path, path.name)
    line = str(caught.value)
    assert line.startswith(path.name)
    assert "\n" not in line
    return line


def assert_is_the_tone(path: Path, tolerance: float = 0.01, seconds: float = 1.5) -> None:
    """Against the tone made at 16 kHz: level, pitch and timing at once."""
    heard = read_speech(path, path.name).samples
    assert heard.dtype == np.float32
    assert len(heard) / RATE == pytest.approx(seconds, abs=0.05)
    wanted = tone(RATE, seconds=seconds)[:, 0]
    lags = [np.abs(heard[lag : lag + 8_000] - wanted[4_000:12_000]).mean() for lag in range(3_000, 5_500)]
    assert min(lags) < tolerance


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 192_000])
def test_any_rate_and_channel_count(tmp_path: Path, rate: int, channels: int) -> None:
    path = write(tmp_path / "a.wav", tone(rate, channels), rate, "PCM_16")
    recording = inspect(path)
    assert (recording.rate, recording.channels, recording.media_type) == (rate, channels, "audio/wav")
    assert recording.seconds == pytest.approx(1.5, abs=1e-3)
    assert recording.warnings == ()
    assert_is_the_tone(path, tolerance=0.002)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM"])
def test_any_sample_width(tmp_path: Path, subtype: str) -> None:
    path = write(tmp_path / "a.wav", tone(), subtype=subtype)
    assert inspect(path).warnings == ()
    assert_is_the_tone(path)


@pytest.mark.parametrize(
    ("kind", "subtype", "media_type"),
    [
        ("FLAC", "PCM_16", "audio/flac"),
        ("OGG", "VORBIS", "audio/ogg"),
        ("OGG", "OPUS", "audio/ogg"),
        ("MP3", None, "audio/mpeg"),
        ("AIFF", "PCM_16", "audio/aiff"),
        ("RF64", "PCM_16", "audio/wav"),
    ],
)
def test_containers_are_known_by_content(tmp_path: Path, kind: str, subtype: str | None, media_type: str) -> None:
    path = write(tmp_path / "notes.txt", tone(channels=2), subtype=subtype, kind=kind)
    recording = inspect(path)
    assert recording.media_type == media_type
    assert recording.warnings == ()
    assert_is_the_tone(path, tolerance=0.02)


@pytest.mark.parametrize(
    ("name", "codec", "media_type"),
    [
        ("a.m4a", "aac", "audio/mp4"),
        ("a.aac", "aac", "audio/aac"),
        ("a.webm", "libopus", "audio/webm"),
        ("a.mka", "libopus", "audio/x-matroska"),
    ],
)
def test_codecs_of_phones_and_browsers(tmp_path: Path, name: str, codec: str, media_type: str) -> None:
    path = write_coded(tmp_path / name, tone(channels=2), codec)
    recording = inspect(path)
    assert (recording.media_type, recording.channels, recording.warnings) == (media_type, 2, ())
    assert_is_the_tone(path, tolerance=0.02)


def test_one_sound_in_two_lossless_containers_is_one_recording(tmp_path: Path) -> None:
    for subtype, bits in (("PCM_16", 16), ("PCM_24", 24)):
        # Whole numbers, since the writer rounds floats differently for the two.
        sound = (tone(channels=2).astype(np.float64) * 2**31).astype(np.int32) >> (32 - bits) << (32 - bits)
        wav = inspect(write(tmp_path / "a.wav", sound, subtype=subtype))
        assert wav.sha256 == inspect(write(tmp_path / "a.flac", sound, subtype=subtype)).sha256


def test_hash_depends_on_samples_rate_and_channels(tmp_path: Path) -> None:
    sound = tone(channels=2)
    louder = sound.copy()
    louder[-1] += 0.01
    found = {
        inspect(write(tmp_path / "a.wav", samples, rate)).sha256
        for samples, rate in ((sound, 48_000), (sound, 44_100), (sound.reshape(-1, 1), 48_000), (louder, 48_000))
    }
    assert len(found) == 4


def _one_loud_channel(sound: Samples) -> Samples:
    return np.column_stack((np.zeros(len(sound)), sound[:, 0], np.full(len(sound), 0.2))).astype(np.float32)


def _opposed_channels(sound: Samples) -> Samples:
    return np.column_stack((sound[:, 0], -sound[:, 0]))


@pytest.mark.parametrize("spread", [_one_loud_channel, _opposed_channels])
def test_one_channel_is_taken_where_the_mean_would_lose_speech(tmp_path: Path, spread: object) -> None:
    assert callable(spread)
    path = write(tmp_path / "a.wav", spread(tone()), subtype="FLOAT")
    assert_is_the_tone(path, tolerance=0.002)


def test_two_speakers_on_two_channels_are_mixed(tmp_path: Path) -> None:
    sound = tone(seconds=3.0)[:, 0]
    half = len(sound) // 2
    two = np.zeros((len(sound), 2), np.float32)
    two[:half, 0], two[half:, 1] = sound[:half], sound[half:]
    heard = read_speech(write(tmp_path / "a.wav", two), "a.wav").samples
    assert np.abs(heard[: len(heard) // 2]).max() == pytest.approx(0.15, abs=0.01)
    assert np.abs(heard[len(heard) // 2 :]).max() == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.webm", "a.aac"])
def test_what_is_there_of_a_cut_file_is_used(tmp_path: Path, name: str) -> None:
    sound = tone(channels=2, seconds=12)
    coded = {"a.webm": "libopus", "a.aac": "aac"}
    path = write_coded(tmp_path / name, sound, coded[name]) if name in coded else write(tmp_path / name, sound)
    recording = inspect(shortened(path, 0.4))
    # An Ogg page holds more than a second, and none is used in part.
    assert 2 < recording.seconds < 7
    (warning,) = recording.warnings
    if name in ("a.wav", "a.flac", "a.mp3", "a.webm"):
        assert warning == f"truncated: the header promises 12.0 s, {recording.seconds:.1f} s are there"
    else:
        assert f"{recording.seconds:.1f} s are there" in warning
    speech = read_speech(path, name)
    assert speech.warnings == recording.warnings
    assert speech.seconds == pytest.approx(recording.seconds, abs=0.01)


def test_damage_in_the_middle_loses_only_what_it_hit(tmp_path: Path) -> None:
    path = write_coded(tmp_path / "a.m4a", tone(channels=2, seconds=12), "aac")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1_000] = np.random.default_rng(0).bytes(1_000)
    path.write_bytes(data)
    recording = inspect(path)
    assert recording.seconds > 11
    assert recording.warnings
    assert recording.warnings[0].startswith("damaged:")


def test_an_open_length_in_the_header_is_no_promise(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    data[at + 4 : at + 8] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(data)
    recording = inspect(path)
    assert recording.seconds == pytest.approx(1.5)
    assert recording.warnings == ()


def test_samples_that_are_no_numbers_are_silence_with_a_warning(tmp_path: Path) -> None:
    sound = tone()
    sound[100:110] = np.nan
    sound[200] = np.inf
    path = write(tmp_path / "a.wav", sound, subtype="FLOAT")
    speech = read_speech(path, "a.wav")
    assert np.isfinite(speech.samples).all()
    assert speech.warnings == ("11 samples were not numbers and are taken as silence",)
    sound[:] = np.nan
    write(path, sound, subtype="FLOAT")
    assert "no sample that is a number" in error_line(path)


HEADERS = {
    "riff": b"RIFF$\0\0\0WAVE",
    "riff without data": b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0",
    "flac": b"fLaC",
    "ogg": b"OggS",
    "mp4": b"\0\0\0\x20ftypM4A ",
    "webm": b"\x1a\x45\xdf\xa3webm",
    "id3": b"ID3\x04\0\0\0\0\0\x0a",
    "adts": b"\xff\xf1\x50\x80",
    "aiff": b"FORM\0\0\0\0AIFF",
}


@pytest.mark.parametrize("head", HEADERS.values(), ids=HEADERS)
def test_a_header_without_sound_behind_it(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(head + b"\0" * 300)
    line = error_line(path)
    assert "damaged" in line or "no samples" in line


def test_files_that_are_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    assert "there is no such file" in error_line(path)
    path.write_bytes(b"")
    assert "empty" in error_line(path)
    path.write_text("Chest clear. No effusion.\n" * 40)
    line = error_line(path)
    assert "not a sound file" in line
    assert "effusion" not in line
    path.write_text("#EXTM3U\nhttp://127.0.0.1:9/a.ts\n")
    assert "not a sound file" in error_line(path)
    assert "folder" in error_line(tmp_path)


def test_a_wav_header_with_no_samples(tmp_path: Path) -> None:
    assert "no samples" in error_line(write(tmp_path / "a.wav", np.zeros((0, 1), np.float32)))


def test_claims_that_would_exhaust_the_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 1)
    path.write_bytes(data)
    assert "claims 1 Hz" in error_line(path)


@pytest.mark.long
def test_a_recording_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    write(path, np.zeros((4_000 * (6 * 3600 + 1), 1), np.int16), 4_000)
    with pytest.raises(BadInput, match="longer than 6 hours"):
        inspect(path)


@pytest.mark.parametrize("peak", [0.0, 2e-4])
def test_silence_can_be_kept_but_not_heard(tmp_path: Path, peak: float) -> None:
    path = write(tmp_path / "a.wav", tone(peak=peak), subtype="FLOAT")
    assert inspect(path).seconds == pytest.approx(1.5)
    with pytest.raises(NothingToHear, match=r"nothing to hear.*check the microphone"):
        read_speech(path, "a.wav")


def test_a_whisper_above_the_threshold_is_heard(tmp_path: Path) -> None:
    assert read_speech(write(tmp_path / "a.wav", tone(peak=1e-3), subtype="FLOAT"), "a.wav").seconds > 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from(list(HEADERS.values())), tail=st.binary(max_size=400))
def test_no_bytes_whatever_escape_as_another_error(tmp_path: Path, head: bytes, tail: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(head + tail)
    with suppress(ProductError):
        assert read_speech(path, "a.bin").samples.dtype == np.float32
