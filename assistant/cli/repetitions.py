"""Past runs repeated from their log, as ``assistant replay --run`` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.common import console, error_console, print_json
from assistant.cli.progress import batch_bar
from assistant.plain import plain
from pipelines.errors import ProductError, StorageProblem, UsageProblem, batch_exit_code
from pipelines.records import RunState

if TYPE_CHECKING:
    from rich.text import Text

    from assistant.differences import Circumstance
    from assistant.repeating import Repetition
    from assistant.settings import Settings

_EXPLAINS_ITSELF: Final = ("engine", "model", "weights", "revision", "prompt")


def repeat_runs(settings: Settings, runs: Sequence[str], *, as_json: bool) -> int:
    """Each run in turn; one that cannot be repeated does not stop the others. Returns the exit code."""
    from assistant.opening import open_runner
    from assistant.repeating import repeat

    found: list[Repetition] = []
    codes: list[int] = []
    with batch_bar(len(runs)) as (step, within), open_runner(settings, within) as runner:
        for run in runs:
            step(run)
            try:
                repetition = repeat(runner, settings, run)
            except (UsageProblem, StorageProblem):
                raise
            except ProductError as problem:
                click.echo(f"assistant: {problem}", err=True)
                codes.append(problem.exit_code)
                if as_json:
                    print_json({"run": run, "outcome": None, "error": str(problem), "exit_code": problem.exit_code})
                continue
            found.append(repetition)
            codes.append(repetition.exit_code)
            if as_json:
                print_json({**repetition.model_dump(mode="json"), "error": None, "exit_code": repetition.exit_code})
    if not as_json:
        out = console()
        for repetition in found:
            for line in _lines(repetition):
                out.print(line, soft_wrap=True)
    identical = sum(one.outcome == "identical" for one in found)
    not_repeated = len(runs) - len(found)
    rest = f", {not_repeated} not repeated" if not_repeated else ""
    error_console().print(f"{len(runs)} in all: {identical} identical, {len(found) - identical} not{rest}")
    return batch_exit_code(codes)


def _lines(one: Repetition) -> Iterator[Text]:
    from rich.text import Text

    made = dict.fromkeys(map(_change, one.circumstances))
    if one.difference is None:
        yield Text.assemble(("identical", "green"), f"  {one.run}: {_count(one.statements)}, again as {one.repetition}")
        yield from (Text(f"  without effect: {change}", "dim") for change in made)
    else:
        what = f"first in its {one.difference.step}, {one.difference.what}"
        same = f"{one.same_statements} of {_count(one.statements)} the same"
        yield Text.assemble(("differs", "red"), f"    {one.run}: {what}; {same}, again as {one.repetition}")
        yield Text(f"  then  {_said(one.difference.then)}")
        yield Text(f"  now   {_said(one.difference.now)}")
        causes = dict.fromkeys(map(_change, one.difference.causes))
        yield from (Text(f"  changed meanwhile: {change}") for change in causes)
        if not causes and one.difference.what not in _EXPLAINS_ITSELF:
            yield Text("  nothing that is recorded explains it; another version of this program may", "dim")
        yield from (Text(f"  elsewhere: {change}", "dim") for change in made if change not in causes)
    if one.state is not RunState.DONE:
        yield Text(f"  it was {one.state} then and is {one.now} now: held against each other as far as it went", "dim")


def _count(statements: int) -> str:
    return f"{statements} statement{'' if statements == 1 else 's'}"


def _change(cause: Circumstance) -> str:
    return f"{cause.what} {plain(cause.then)} then, {plain(cause.now)} now"


def _said(value: str | None) -> str:
    return "nothing" if value is None else plain(value)
