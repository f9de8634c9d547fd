"""Words of models, speech and files on the terminal: shown, and never obeyed by it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from assistant.cli.output import print_run
from assistant.plain import escaped
from assistant.sessions import SessionLog
from pipelines.records import Result, Statement, Status, TaskName
from tests.exports.test_of_run import finished

_STEERING = "\x1b[2J\x1b]0;title\x07 [bold red]alarm[/] \u202eback\u202c \x9b31m :heart:"


def test_what_a_model_says_does_not_reach_the_terminal_as_commands(log: SessionLog) -> None:
    said = Statement(text=_STEERING, origin="generated", section=f"plan{_STEERING}")
    made = Result(task=TaskName.CLINICAL_QUESTION, status=Status.DRAFT, statements=(said,), message=_STEERING, data={})
    view = log.run(finished(log, made))
    out = io.StringIO()
    print_run(view, Console(file=out, width=200, emoji=False, force_terminal=False))
    shown = out.getvalue()
    assert "[bold red]alarm[/]" in shown
    assert not set(shown) & set("\x1b\x07\x9b\u202e\u202c")


@pytest.mark.parametrize(
    ("text", "markup"),
    [("a\nb", "a\nb"), ("a\tb\r", "a b "), ("[i]", r"\[i]"), ("क\u200dष", "क\u200dष"), ("\x1b[31m", "[31m")],
)
def test_lines_stay_and_markup_is_text(text: str, markup: str) -> None:
    assert escaped(text) == markup
