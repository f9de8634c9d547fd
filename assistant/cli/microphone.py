"""``assistant microphone``: which there are, and whether one is heard."""

from __future__ import annotations

import time

import click

from assistant.cli.common import console, json_option, print_json
from assistant.plain import escaped
from pipelines.errors import BAD_INPUT, DONE


@click.group("microphone")
def command() -> None:
    """Show the microphones and try one."""


@command.command("list")
@json_option
def list_devices(as_json: bool) -> int:
    """Every device to record from, by number and name."""
    from assistant.microphone.portaudio import portaudio

    devices = portaudio().devices()
    if as_json:
        for device in devices:
            print_json(dict(vars(device)))
        return DONE
    from rich.table import Table

    table = Table("number", "name", "through", "channels", "rate", "")
    for device in devices:
        default = "default" if device.default else ""
        table.add_row(
            str(device.number), escaped(device.name), device.host, str(device.channels), f"{device.rate} Hz", default
        )
    console().print(table if devices else "no device to record from was found")
    return DONE


@command.command("test")
@click.option("--device", metavar="NAME", help="Number or part of the name of the microphone.")
@click.option("--seconds", type=click.FloatRange(0.5, 60), default=3.0, show_default=True, help="How long to listen.")
@json_option
def test_device(device: str | None, seconds: float, as_json: bool) -> int:
    """Listen for a few seconds and say how it sounds. Nothing is kept. Exit code 3 when nothing is heard."""
    from assistant.microphone.devices import choose
    from assistant.microphone.portaudio import portaudio
    from assistant.microphone.trial import listen

    microphones = portaudio()
    chosen = choose(microphones.devices(), device)
    click.echo(f"{chosen.name}: speak now, {seconds:.0f} s", err=True)
    heard = listen(microphones, chosen, seconds, time.sleep)
    if as_json:
        print_json({"device": chosen.name, **vars(heard), "verdict": heard.verdict})
    else:
        click.echo(
            f"{chosen.name}: {heard.rate} Hz, {heard.channels} channel(s), {heard.seconds:.1f} s heard, "
            f"peak {heard.peak_db:.0f} dB, level {heard.level_db:.0f} dB: {heard.verdict}"
        )
    return DONE if heard.anything else BAD_INPUT
