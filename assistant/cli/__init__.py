"""The ``assistant`` command. Each group lives in a module of its own, imported only when it is called."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import Final

import click

from assistant import __version__
from assistant.plain import plain
from pipelines.errors import OUR_FAULT, USAGE, ProductError

_COMMANDS: Final = {
    "demo": "Run the samples and show what came of them.",
    "dictate": "Record from the microphone, show the text as it is spoken, and run it.",
    "recover": "Take in dictations that a crash left behind.",
    "microphone": "Show the microphones and try one.",
    "replay": "Run recordings: files, folders or a manifest.",
    "compare": "Repeat past runs with another model or other prompts, side by side.",
    "ask": "Run a typed request instead of a spoken one.",
    "resume": "Go on with a paused run.",
    "confirm": "Confirm once that image results are for research and development.",
    "route": "Show which task a text would be sent to, and why.",
    "lexicon": "Add, list, import, export and remove terms.",
    "export": "Write a run's result as Markdown, DOCX, PDF, FHIR or CSV.",
    "templates": "List, check and make note templates and macros.",
    "log": "Look into the session log and verify it.",
    "models": "Show, pull, import, prepare, check, adapt and remove the models.",
    "doctor": "Show what is installed, what is missing, and what fixes it.",
    "evaluate": "Measure a skill on a file of cases.",
}


class _LazyCommands(click.Group):
    """Knows every command by name and one line, so that ``--help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"assistant.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="assistant")
@click.option("--data-dir", metavar="DIR", help="Where the session log lies (or ASSISTANT_DATA_DIR).")
@click.pass_context
def cli(ctx: click.Context, data_dir: str | None) -> None:
    """Voice-driven clinical assistant: dictation and spoken questions, every sentence with its source.

    For research and development, not for diagnosis.

    Exit codes: 0 done; 1 our fault; 2 usage; 3 bad input; 4 a model is needed; 5 a person is needed;
    6 a verification or a baseline failed.
    """
    ctx.obj = {"data_dir": data_dir}


#: New objects between two looks for garbage. A fifth of starting up was spent looking through modules that stay.
_OBJECTS_UNTIL_COLLECTION: Final = 50_000


def main() -> None:
    """Entry point: every error becomes one line on stderr and its exit code."""
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTION)
    sys.exit(_run())


def _run() -> int:
    try:
        code = cli.main(standalone_mode=False)
    except ProductError as problem:
        click.echo(f"assistant: {plain(str(problem))}", err=True)
        return problem.exit_code
    except click.ClickException as problem:
        problem.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("assistant: stopped; what was taken in is kept, the same command goes on", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:
        if os.environ.get("ASSISTANT_DEBUG"):
            raise
        click.echo(
            f"assistant: internal error ({type(fault).__name__}); what was taken in is kept; "
            "run again with ASSISTANT_DEBUG=1 and report what it prints",
            err=True,
        )
        return OUR_FAULT
    return code if isinstance(code, int) else 0
