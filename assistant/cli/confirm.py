"""``assistant confirm``: what a user confirms once for all."""

from __future__ import annotations

import click

from assistant.cli.common import data_dir_option, settings_of


@click.command("confirm")
@click.argument("what", metavar="research-use")
@data_dir_option
@click.pass_context
def command(ctx: click.Context, what: str) -> int:
    """Confirm once that results about images are for research and development. Kept in the log."""
    from assistant.confirmations import TEXTS, confirm
    from assistant.sessions import SessionLog
    from assistant.users import user_name

    with SessionLog.open(settings_of(ctx).data_dir) as log:
        new = confirm(log, what)
    click.echo(TEXTS[what])
    click.echo(f"{'Confirmed' if new else 'Confirmed before'} by {user_name()}.")
    return 0
