"""What was heard, as a reader sees it: the text, what the sound was like, what may be misheard, what was rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.plain import escaped
from pipelines.records import Change, Quality, Suggestion, Transcript

if TYPE_CHECKING:
    from rich.console import Console


def print_transcript(transcript: Transcript, to: Console) -> None:
    """All of it, each line about a word with the moment at which it was said."""
    engine = transcript.engine
    to.print(f"[bold]said[/] ({escaped(engine.name)}{': ' + escaped(engine.note) if engine.note else ''})")
    to.print(f"  {escaped(transcript.text)}", soft_wrap=True)
    if transcript.quality is not None:
        to.print(f"  [dim]sound: {_sound(transcript.quality)}[/]")
    for warning in transcript.warnings:
        to.print(f"  [yellow]{escaped(warning)}[/]", soft_wrap=True)
    for flag in transcript.flags:
        to.print(f"  [yellow]{flag.kind}: {escaped(flag.text)}[/]")
    for suggestion in transcript.suggestions:
        to.print(f"  [yellow]{escaped(suggestion_line(suggestion, transcript))}[/]", soft_wrap=True)
    for change in transcript.changes:
        to.print(f"  [dim]{escaped(_change_line(change, transcript))}[/]", soft_wrap=True)


def suggestion_line(suggestion: Suggestion, transcript: Transcript) -> str:
    """``metformen at 0:03 (heard with 31 %): metformin? (drug, 92 % alike)``"""
    at = _moment(transcript, suggestion.start, suggestion.end)
    if suggestion.kind == "look-alike":
        return f"{suggestion.heard}{at}: easily taken for {suggestion.term}, make sure which is meant"
    sure = "" if suggestion.heard_confidence is None else f" (heard with {suggestion.heard_confidence:.0%})"
    alike = f"{suggestion.category}, {suggestion.term_confidence:.0%} alike"
    return f"{suggestion.heard}{at}{sure}: {suggestion.term}? ({alike})"


def _change_line(change: Change, transcript: Transcript) -> str:
    at = _moment(transcript, change.start, max(change.end, change.start + 1))
    after = change.after.strip() or "nothing"
    return f"{change.kind}{at}: {change.before} -> {after}"


def _moment(transcript: Transcript, start: int, end: int) -> str:
    time = transcript.audio_time(start, end)
    return f" at {int(time[0]) // 60}:{int(time[0]) % 60:02d}" if time else ""


def _sound(quality: Quality) -> str:
    parts = [f"peak {quality.peak_db:.0f} dB"]
    if quality.speech_db is not None:
        parts.append(f"speech {quality.speech_db:.0f} dB")
    if quality.noise_db is not None:
        parts.append(f"noise {quality.noise_db:.0f} dB")
    if quality.clipped:
        parts.append(f"{quality.clipped:.1%} clipped")
    if quality.band_hz is not None:
        parts.append(f"up to {quality.band_hz / 1000:.1f} kHz")
    return ", ".join(parts)
