"""``assistant dictate``: speak, see the text, get the result."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.common import engine_options, error_console, say_who_works, settings_of
from assistant.cli.replay import task_of
from pipelines.errors import DONE, BadInput, ProductError, StorageProblem

if TYPE_CHECKING:
    from assistant.microphone.dictation import Dictation
    from assistant.microphone.session import Stopped
    from assistant.microphone.take import Asked
    from assistant.runner import Outcome
    from assistant.settings import Settings
    from pipelines.records import ModelCall, Recording, Transcript
    from pipelines.speech.live import Writing
    from pipelines.speech.recognizer import Recognizer

#: So long a full disk is waited for at the end, where the recording is in memory only.
_RESCUE_SECONDS: Final = 120.0

_WHY: Final = {
    "device-gone": "the microphone stayed away: the dictation ends here",
    "no-room": "no disk takes more: the dictation ends here",
}


@click.command("dictate")
@click.option("--task", metavar="TASK", help="The task, instead of asking the words.")
@click.option("--attach", multiple=True, metavar="[KIND=]PATH", help="What goes with it; repeatable.")
@click.option("--template", metavar="NAME", help="The note template: a shipped name or a .toml file.")
@click.option("--patient", metavar="ID", help="Whom it is about.")
@click.option("--session", metavar="LABEL", help="The session it belongs to (today's date by default).")
@click.option("--device", metavar="NAME", help="Number or part of the name of the microphone.")
@click.option("--copy", is_flag=True, help="Put the final text on the clipboard.")
@click.option("--max-seconds", type=click.FloatRange(min=0.1), metavar="N", help="Stop by itself after so long.")
@engine_options
@click.pass_context
def command(
    ctx: click.Context,
    task: str | None,
    attach: tuple[str, ...],
    template: str | None,
    patient: str | None,
    session: str | None,
    device: str | None,
    copy: bool,
    max_seconds: float | None,
    as_json: bool,
) -> int:
    """Record from the microphone and show the text as you speak, then do what `assistant replay` does with it.

    Every quarter of a second what you said is on disk. Keys: space pauses, m marks, c cancels, q or Enter stops.
    """
    from assistant.cli.recover import offer
    from assistant.microphone.dictation import Dictation
    from assistant.microphone.places import only_one, write_ahead_folders
    from assistant.microphone.portaudio import portaudio
    from assistant.microphone.session import at_a_terminal, attend, stopping
    from assistant.microphone.take import Asked, Ending

    settings = settings_of(ctx)
    microphones = portaudio()
    folders = write_ahead_folders(settings.data_dir)
    asked = Asked(task=task_of(task), template=_template(template, settings), patient=patient, session=session)
    with only_one(folders[0]):
        asked = _with_attachments(asked, attach, settings)
        offer(settings, ask=at_a_terminal())
        say_who_works(settings)
        recognizer, writing = _ears(settings)
        dictation = Dictation(
            microphones, device, folders, asked, recognizer, writing, patience=settings.microphone_patience
        )
        with stopping() as stopped:
            dictation.start()
            _load_meanwhile()
            ending = attend(dictation, stopped, max_seconds, error_console())
            dictation.stop(ending)
            if ending in (Ending.DEVICE_GONE, Ending.NO_ROOM):
                click.echo(_WHY[ending], err=True)
            _rescue(dictation, stopped)
        if ending is Ending.CANCELLED:
            dictation.leave()
            click.echo(
                f"cancelled; the recording is kept: `assistant recover {dictation.take}` brings it back, "
                f"`assistant recover --discard {dictation.take}` takes it away",
                err=True,
            )
            return DONE
        return _finish(dictation, settings, copy=copy, as_json=as_json)


def _finish(dictation: Dictation, settings: Settings, *, copy: bool, as_json: bool) -> int:
    """The sound into the store, the text out of the listener, the work to the runner. Whatever goes wrong on the way,
    the take stays until its run is in the log."""
    from assistant.cli.output import report
    from assistant.microphone.session import at_a_terminal

    try:
        recording = _stored(dictation, settings)
        if recording is None:
            dictation.done()
            raise BadInput("dictation", "nothing was recorded", "see `assistant microphone test`")
        click.echo(f"{recording.seconds:.0f} s recorded and safe; writing the text", err=True)
        heard = _heard(dictation, recording)
        outcome = _run(dictation, settings, recording, heard)
    except StorageProblem as problem:
        dictation.leave()
        raise type(problem)(
            problem.subject,
            problem.problem,
            f"{problem.remedy}; the recording is safe ({dictation.files[0]}): then run `assistant recover`",
        ) from None
    except BaseException:
        dictation.leave()
        raise
    if at_a_terminal():
        for notice in dictation.notices:
            click.echo(notice, err=True)
    report(outcome, as_json=as_json)
    if copy:
        _copy(outcome)
    return outcome.exit_code


def _stored(dictation: Dictation, settings: Settings) -> Recording | None:
    """Needs no log, so it goes on where that is locked."""
    from assistant.sessions.disk import Disk
    from assistant.sessions.files import FileStore
    from assistant.sessions.log import FILES

    store = FileStore(settings.data_dir / FILES, Disk())
    store.prepare()
    return dictation.store(store)


def _heard(dictation: Dictation, recording: Recording) -> tuple[Transcript, ModelCall] | None:
    """What was heard meanwhile. Where that failed the file is recognised, which says why it cannot be."""
    try:
        return dictation.heard(recording)
    except ProductError:
        return None


def _run(
    dictation: Dictation, settings: Settings, recording: Recording, heard: tuple[Transcript, ModelCall] | None
) -> Outcome:
    from assistant.cli.progress import share_bar
    from assistant.microphone.bringing_in import keep_marks
    from assistant.microphone.finishing import given_of
    from assistant.opening import open_runner

    with share_bar() as progress, open_runner(settings, progress, text=progress.text) as runner:
        outcome = runner.submit(given_of(dictation.begin.asked, recording), heard=heard)
        keep_marks(runner.log, outcome.view.id, dictation.sounding)
        dictation.done()
    return outcome


def _rescue(dictation: Dictation, stopped: Stopped) -> None:
    """Wait for a disk where the recording is nowhere but in memory.

    Raises:
        StorageProblem: none took it.
    """
    until = time.monotonic() + _RESCUE_SECONDS
    said = stopped.asked = False
    while not dictation.safe:
        if stopped.asked or time.monotonic() > until:
            raise StorageProblem(
                "dictation", "no disk takes the end of the recording", "free some space before you dictate"
            )
        if not said:
            click.echo("the recording is in memory only: free some space now; Ctrl-C gives its end up", err=True)
            said = True
        time.sleep(1)
        dictation.try_again()


def _ears(settings: Settings) -> tuple[Recognizer | None, Writing | None]:
    """Who listens meanwhile, if anybody can, and how it is written."""
    from assistant.engines import recognizer_of, writing_of

    recognizer = recognizer_of(settings)
    if not recognizer.available().ready:
        click.echo("no speech engine is ready: the recording is kept and waits for one", err=True)
        return None, None
    return recognizer, writing_of(settings)


def _template(name: str | None, settings: Settings) -> str | None:
    """Checked now, before anybody speaks; a file by its whole path, so that recovery finds it.

    Raises:
        UsageProblem: there is no such template.
    """
    if name is None:
        return None
    from pipelines.tasks.note.templates import load_template

    load_template(name, settings.templates_folder)
    return str(Path(name).absolute()) if name.endswith(".toml") else name


def _with_attachments(asked: Asked, attach: tuple[str, ...], settings: Settings) -> Asked:
    """What goes with it, in the store before anybody speaks; by path where the store cannot take it now.

    Raises:
        BadInput: it cannot be used.
    """
    if not attach:
        return asked
    from assistant.cli.progress import share_bar
    from assistant.intake import GivenAttachment, take_in_attached
    from assistant.servers import servers_of
    from assistant.sessions.disk import Disk
    from assistant.sessions.files import FileStore
    from assistant.sessions.log import FILES

    given = [GivenAttachment.parse(one) for one in attach]
    try:
        store = FileStore(settings.data_dir / FILES, Disk())
        store.prepare()
        with share_bar() as progress:
            servers = servers_of(settings, progress)
            taken = tuple(each for one in given for each in take_in_attached(one, store, servers))
        return asked.model_copy(update={"attachments": taken})
    except StorageProblem as problem:
        click.echo(f"assistant: {problem}; what is attached is taken in at the end", err=True)
    return asked.model_copy(update={"given": tuple(one.argument for one in given)})


def _load_meanwhile() -> None:
    """Import what the end needs while somebody speaks, so that nobody waits for it then."""

    def load() -> None:
        import pipelines.graph  # noqa: F401

    threading.Thread(target=load, name="load", daemon=True).start()


def _copy(outcome: Outcome) -> None:
    from assistant.microphone.clipboard import copy

    transcript = outcome.view.transcript
    if transcript is None or not transcript.text:
        return
    by = copy(transcript.text)
    said = f"the text is on the clipboard (by {by})" if by else "no clipboard: install wl-clipboard, xclip or xsel"
    click.echo(said, err=True)
