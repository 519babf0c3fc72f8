"""``helpdesk vendor``: the connection to Partner Center, and the stand-in for it."""

from __future__ import annotations

import os
import sys

import click

from helpdesk.commands import application


@click.group()
def vendor() -> None:
    """The connection to the vendor's Partner Center."""


@vendor.command("new-key")
def vendor_new_key() -> None:
    """Print a key for HELPDESK_VENDOR_KEY."""
    from cryptography.fernet import Fernet

    click.echo(Fernet.generate_key().decode())


@vendor.command("connect")
def vendor_connect() -> None:
    """Read the first refresh token from the standard input, keep it under seal, and try it."""
    from helpdesk.clock import now
    from helpdesk.database import unit_of_work
    from helpdesk.escalations.partner_center import connection, vault

    with application() as app:
        token = click.prompt("Refresh token", hide_input=True) if sys.stdin.isatty() else sys.stdin.read()
        with unit_of_work():
            vault.connect(token, app.config, now())
        count = connection.count_cases(app.config)
    click.echo(f"Connected: Partner Center shows {count} service requests.")


@vendor.command("disconnect")
def vendor_disconnect() -> None:
    """Forget the tokens; cases are then mirrored by pasting."""
    from helpdesk.database import unit_of_work
    from helpdesk.escalations.partner_center import vault

    with application(), unit_of_work():
        vault.disconnect()
    click.echo("Disconnected. Withdraw the consent at the vendor too.")


@vendor.command("stand-in")
@click.option("--port", default=8099, show_default=True, type=click.IntRange(1, 65535), help="On 127.0.0.1.")
def vendor_stand_in(port: int) -> None:
    """Play Microsoft beside a demo desk and connect it: what `helpdesk run --with-vendor` starts. Development only."""
    from helpdesk.demo.vendor.beside import serve
    from helpdesk.demo.vendor.joining import joined

    os.environ.update(joined(os.environ, port))
    with application() as app:
        serve(app, port)
