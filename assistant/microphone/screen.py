"""What a dictation looks like in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from assistant.microphone.dictation import View

_METER_WIDTH: Final = 30
_METER_FLOOR_DB: Final = -60.0
_LOUD_DB: Final = -12.0
_CLIPPING_DB: Final = -1.0
_NOTICES: Final = 2
_NEEDED: Final = 3
#: Seconds of sound that the text may lag behind before that is said.
_BEHIND_SECONDS: Final = 30.0
_STATES: Final = {"recording": "bold red", "paused": "bold yellow", "waiting for the microphone": "bold yellow"}
_KEYS: Final = "space pause  m mark  c cancel  q stop"


def render(view: View, console: Console, question: str | None = None) -> RenderableType:
    """Text above, state and meter below, never higher than the terminal.

    Args:
        question: asked instead of naming the keys.
    """
    from rich.console import Group
    from rich.text import Text

    below = [_state(view), _meter(view)]
    below += [Text(f"! {warning}", "yellow", no_wrap=True, overflow="ellipsis") for warning in view.warnings]
    below += [Text(notice, "cyan") for notice in view.notices[-_NOTICES:]]
    if view.behind > _BEHIND_SECONDS:
        below.append(Text(f"the text is {view.behind:.0f} s behind; nothing is left out", "dim"))
    below.append(Text(question, "bold") if question else Text(_KEYS, "dim"))
    used = _height(below, console)
    while used >= console.height and len(below) > _NEEDED:
        # A small terminal: state, level and keys come first.
        del below[_NEEDED - 1]
        used = _height(below, console)
    return Group(*_text(view, console, max(1, console.height - used)), Text(), *below)


def _height(lines: list[Text], console: Console) -> int:
    """Of these, of the empty line above them and of the one that the cursor stands in."""
    return sum(len(line.wrap(console, console.width)) for line in lines) + 2


def clock(seconds: float) -> str:
    """As minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _state(view: View) -> Text:
    from rich.text import Text

    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{view.state} ", _STATES.get(view.state, "bold green"))
    line.append(clock(view.seconds))
    if view.marks:
        line.append(f"  {view.marks} mark{'s' if view.marks > 1 else ''}")
    line.append(f"  {view.device}", "dim")
    return line


def _meter(view: View) -> Text:
    from rich.text import Text

    def column(level: float) -> int:
        share = (level - _METER_FLOOR_DB) / -_METER_FLOOR_DB
        return round(_METER_WIDTH * min(1.0, max(0.0, share)))

    filled, peak = column(view.level_db), column(view.peak_db)
    colour = "red" if view.peak_db > _CLIPPING_DB else "yellow" if view.peak_db > _LOUD_DB else "green"
    line = Text("level ", no_wrap=True)
    line.append("█" * filled, colour)
    line.append("░" * max(0, peak - filled), colour)
    line.append("·" * (_METER_WIDTH - max(filled, peak)), "dim")
    line.append(f" {view.peak_db:4.0f} dB" if view.peak_db > _METER_FLOOR_DB else "   quiet", "dim")
    return line


def _text(view: View, console: Console, height: int) -> list[Text]:
    """The last lines of what was heard: what is settled solid, what may still change grey."""
    from rich.text import Text

    from pipelines.speech.commands import format_commands

    # More cannot be shown, and a long dictation shall not cost more than a short one.
    most = console.width * height
    settled, opened = _end_of(view.text.settled, most), _end_of(view.text.open, most)
    if not settled and not opened:
        return [Text("listening …" if view.listening else "no live text: the recording is recognised later", "dim")]
    # Together, so that what is open is written as what goes on with the settled.
    whole = format_commands(settled + opened).text
    solid = _common(format_commands(settled).text, whole)
    text = Text(whole[:solid])
    text.append(whole[solid:], "bright_black")
    return list(text.wrap(console, console.width))[-height:]


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _end_of(text: str, most: int) -> str:
    """The last words of a text."""
    if len(text) <= most:
        return text
    return text[-most:].partition(" ")[2]
