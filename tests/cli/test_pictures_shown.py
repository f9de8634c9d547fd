"""Where the pictures of a result lie, on the terminal and in JSON."""

from __future__ import annotations

import io

from rich.console import Console

from assistant.cli.output import print_run, run_object
from assistant.sessions import SessionLog
from tests.exports.test_of_run import finished, png, result_of_pictures
from tests.sessions.a_run import exercise


def test_the_files_of_what_was_shown_and_drawn_are_named(log: SessionLog) -> None:
    sheet, overlay = png(160, 90, 200), png(40, 30, 100)
    view = log.run(finished(log, result_of_pictures(log, sheet, overlay)))
    drawn, shown = run_object(view)["result"]["pictures"]
    assert (log.store.get(drawn["sha256"]), log.store.get(shown["sha256"])) == (overlay, sheet)
    out = io.StringIO()
    print_run(view, Console(file=out, width=200))
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    at = lines.index("what the model was shown")
    assert lines[at + 1 : at + 4] == [
        f"Boxes on <slice> 1. Drawn for readers; no model was shown it. {drawn['file']}",
        f"Both pictures that the model was shown. {shown['file']}",
        f"look at them: assistant export {view.id} FILE.png",
    ]
    for one in (drawn, shown):
        assert one["file"] == f"files/{one['sha256'][:2]}/{one['sha256'][2:]}"
        assert str(log.store.path(one["sha256"])).endswith(one["file"])


def test_a_result_without_pictures_names_none(log: SessionLog) -> None:
    view = log.run(exercise(log))
    assert run_object(view)["result"]["pictures"] == []
    out = io.StringIO()
    print_run(view, Console(file=out))
    assert "what the model was shown" not in out.getvalue()
