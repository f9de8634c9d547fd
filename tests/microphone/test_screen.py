"""What is shown while somebody dictates."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.segment import Segment

from assistant.microphone.dictation import View
from assistant.microphone.screen import clock, render
from pipelines.speech.recognizer import SoFar

VIEW = View(
    state="recording",
    device="headset",
    seconds=83.2,
    level_db=-30.0,
    peak_db=-20.0,
    warnings=(),
    notices=(),
    marks=0,
    text=SoFar(settled="The lungs are clear{period}", open=" No effusion"),
    listening=True,
    behind=0.0,
)


def console(width: int = 60, height: int = 12) -> Console:
    return Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system="standard")


def shown(view: View, to: Console, question: str | None = None) -> list[str]:
    lines = to.render_lines(render(view, to, question), pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def styled(view: View, to: Console, words: str) -> list[Segment]:
    return [segment for line in to.render_lines(render(view, to)) for segment in line if words in segment.text]


def test_what_is_settled_is_solid_and_what_is_open_is_grey() -> None:
    to = console()
    assert shown(VIEW, to)[0] == "The lungs are clear. No effusion"
    [solid] = styled(VIEW, to, "lungs")
    [grey] = styled(VIEW, to, "No effusion")
    assert solid.style is None or solid.style.color is None
    assert grey.style is not None
    assert grey.style.color is not None
    assert grey.style.color.name == "bright_black"


def test_state_time_level_and_keys() -> None:
    text = "\n".join(shown(replace(VIEW, marks=2), console()))
    assert "recording 1:23  2 marks  headset" in text
    assert "-20 dB" in text
    assert "space pause" in text


def test_warnings_and_what_happened() -> None:
    view = replace(VIEW, warnings=("too quiet: come closer",), notices=("a", "b", "headset: gone"), behind=40.0)
    lines = shown(view, console(height=20))
    assert "! too quiet: come closer" in lines
    assert "headset: gone" in lines
    assert "a" not in lines, "only the last"
    assert any("40 s behind" in line for line in lines)


def test_a_question_takes_the_place_of_the_keys() -> None:
    assert shown(VIEW, console(), "cancel?")[-1] == "cancel?"


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (20, 8)])
def test_it_is_never_higher_than_the_terminal_and_shows_the_end(size: tuple[int, int]) -> None:
    text = " ".join(f"word{n}" for n in range(5000))
    view = replace(VIEW, text=SoFar(settled=text, open=" now"), warnings=("w" * 200,), notices=("n" * 30,))
    to = console(*size)
    lines = shown(view, to)
    assert len(lines) <= size[1]
    if size[1] > 8:
        assert any(line.endswith("now") for line in lines)
        assert any("word4999" in line for line in lines)


def test_nothing_heard_yet() -> None:
    silent = replace(VIEW, text=SoFar(settled="", open=""))
    assert shown(silent, console())[0].startswith("listening")
    assert shown(replace(silent, listening=False), console())[0].startswith("no live text")


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0:00"), (61, "1:01"), (3723, "1:02:03")])
def test_the_clock(seconds: float, said: str) -> None:
    assert clock(seconds) == said
