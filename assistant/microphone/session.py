"""Somebody dictates: the loop between the screen, the keys, the signals and the dictation."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from assistant.microphone.take import Ending

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.microphone.dictation import Dictation

_LOOK_SECONDS: Final = 0.1
_STOP_KEYS: Final = ("q", "Q", "\r", "\n", "\x04")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped:
    """Whether a signal asked to stop."""

    asked = False


@contextlib.contextmanager
def stopping() -> Iterator[Stopped]:
    """Signals that end a program only ask it to stop meanwhile."""
    stopped = Stopped()

    def ask(*_: object) -> None:
        stopped.asked = True

    before = {one: signal.signal(one, ask) for one in _SIGNALS}
    try:
        yield stopped
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def at_a_terminal() -> bool:
    """Whether there is a screen to draw on and there are keys."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def attend(dictation: Dictation, stopped: Stopped, most_seconds: float | None, console: Console) -> Ending:
    """Stay with a dictation until it is to end, and say why."""
    if at_a_terminal():
        return _with_screen(dictation, stopped, most_seconds, console)
    return _without_screen(dictation, stopped, most_seconds, console.print)


def _why_now(dictation: Dictation, stopped: Stopped, most_seconds: float | None) -> Ending | None:
    if dictation.ended is not None:
        return dictation.ended
    if stopped.asked:
        return Ending.STOPPED
    if most_seconds is not None and dictation.sounding.seconds >= most_seconds:
        return Ending.TIME_LIMIT
    return None


def _without_screen(
    dictation: Dictation, stopped: Stopped, most_seconds: float | None, say: Callable[..., None]
) -> Ending:
    """Plain lines: what happens, and text as it settles."""
    said = shown = 0
    warned = set[str]()
    say(f"recording from {dictation.view().device}; stop with Ctrl-C", markup=False, soft_wrap=True)
    while (ending := _why_now(dictation, stopped, most_seconds)) is None:
        time.sleep(_LOOK_SECONDS)
        view = dictation.view()
        for notice in view.notices[said:]:
            say(notice, markup=False, soft_wrap=True)
        said = len(view.notices)
        for warning in view.warnings:
            kind = warning.partition(":")[0].rstrip("0123456789 s")
            if kind not in warned:
                warned.add(kind)
                say(warning, markup=False, soft_wrap=True)
        if len(view.text.settled) > shown:
            say(view.text.settled[shown:].strip(), markup=False, soft_wrap=True)
            shown = len(view.text.settled)
    return ending


def _with_screen(dictation: Dictation, stopped: Stopped, most_seconds: float | None, console: Console) -> Ending:
    from rich.live import Live

    from assistant.microphone.keys import keys
    from assistant.microphone.screen import render

    question = None
    # A terminal that is closed meanwhile ends nothing before its signal does.
    with keys() as pressed, Live(console=console, auto_refresh=False, transient=True) as live:
        while (ending := _why_now(dictation, stopped, most_seconds)) is None:
            with contextlib.suppress(OSError):
                live.update(render(dictation.view(), console, question), refresh=True)
            key = _pressed(pressed)
            if question is not None:
                if key in ("y", "Y"):
                    return Ending.CANCELLED
                question = None if key else question
            elif key == "c":
                question = "cancel? The recording is kept for `assistant recover`.  y yes  n no"
            elif key in _STOP_KEYS:
                return Ending.STOPPED
            elif key == " ":
                (dictation.resume if dictation.paused else dictation.pause)()
            elif key == "m":
                dictation.mark()
    return ending


def _pressed(pressed: Callable[[float], str]) -> str:
    try:
        return pressed(_LOOK_SECONDS)
    except OSError:
        time.sleep(_LOOK_SECONDS)
        return ""
