"""The ``helpdesk`` command. Each command imports what it needs, so that the others start at once."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

import config as settings
from helpdesk.commands import application
from helpdesk.vendor_commands import vendor
from workflows.vocabulary import Role

if TYPE_CHECKING:
    from flask import Flask


@click.group()
def cli() -> None:
    """The support desk: serve it, keep its promises, look after it."""


cli.add_command(vendor)


def main() -> None:
    """Entry point: a wrong setting or a refusal is a sentence, not a traceback."""
    try:
        cli()
    except settings.ConfigurationError as error:
        sys.exit(f"{error}")


# serving ----------------------------------------------------------------------------------------------------


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def web(host: str, port: int, workers: int) -> None:
    """Serve pages and API; no scheduler inside."""
    from helpdesk.serving import serve

    click.echo(f"Serving on http://{host}:{port}")
    serve(host, port, workers)


@cli.command()
def scheduler() -> None:
    """Keep the promises: warnings, breaches, holds, closing, deliveries. Any number may run at once."""
    from helpdesk import create_app
    from helpdesk.jobs.scheduler import run

    run(create_app())


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@click.option("--with-vendor", is_flag=True, help="Beside it a stand-in for Microsoft; development only.")
@click.option("--vendor-port", default=8099, show_default=True, type=click.IntRange(1, 65535), help="The stand-in's.")
def run(host: str, port: int, workers: int, with_vendor: bool, vendor_port: int) -> None:
    """Web and scheduler for one machine; either is started again when it dies."""
    beside = vendor_port if with_vendor else None
    run_together(prepared(host, port, beside), host, port, workers, beside)


def prepared(host: str, port: int, vendor_port: int | None) -> dict[str, str]:
    """The environment of the desk's processes; with ``vendor_port``, connected to a stand-in for the vendor on it.

    What is wrong is said once, here, not by every process again and again.
    """
    from helpdesk.supervisor import is_free

    environ = dict(os.environ)
    if vendor_port is not None:
        from helpdesk.demo.vendor.joining import joined

        environ = joined(environ, vendor_port)
    settings.load(environ)
    if not is_free(host, port):
        sys.exit(f"Somebody listens on port {port} already. Choose another: --port, or PORT= with make.")
    if vendor_port is not None and not is_free("127.0.0.1", vendor_port):
        sys.exit(f"Somebody listens on port {vendor_port} already. Choose another: --vendor-port.")
    return environ


def run_together(environ: dict[str, str], host: str, port: int, workers: int, vendor_port: int | None) -> None:
    """Serve until told to stop."""
    from helpdesk.supervisor import Child, supervise

    served = Child("web", "--host", host, "--port", str(port), "--workers", str(workers), env=environ)
    children = [served, Child("scheduler", env=environ)]
    if vendor_port is not None:
        children.append(Child("vendor", "stand-in", "--port", str(vendor_port), env=environ))
    supervise(children)


# data -------------------------------------------------------------------------------------------------------


@cli.group()
def db() -> None:
    """The database's schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Migrate to the newest revision and add what a new desk needs."""
    from helpdesk import create_app, schema

    migrate(create_app())
    click.echo(f"The database is at revision {schema.head()}.")


def migrate(app: Flask) -> None:
    from helpdesk import schema
    from helpdesk.clock import now
    from helpdesk.database import unit_of_work
    from helpdesk.demo.defaults import install_defaults

    schema.upgrade(app)
    with app.app_context(), unit_of_work():
        install_defaults(now())


@cli.command()
@click.option("--tickets", default=400, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same world.")
@click.option("--if-empty", is_flag=True, help="Leave a desk that has tickets alone.")
@click.option("--migrate", "is_to_migrate", is_flag=True, help="Bring the database to the newest revision first.")
@click.option("--with-vendor", is_flag=True, help="Then run the desk beside a stand-in for Microsoft; implies both.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The desk's, to run on.")
@click.option("--vendor-port", default=8099, show_default=True, type=click.IntRange(1, 65535), help="The stand-in's.")
def demo(
    tickets: int, seed: int, if_empty: bool, is_to_migrate: bool, with_vendor: bool, port: int, vendor_port: int
) -> None:
    """Load a demo world through the product's own verbs and print its accounts."""
    if not with_vendor:
        load_demo(tickets, seed, if_empty=if_empty, is_to_migrate=is_to_migrate)
        return
    os.environ.setdefault("HELPDESK_BASE_URL", f"http://127.0.0.1:{port}")
    environ = prepared("127.0.0.1", port, vendor_port)
    load_demo(tickets, seed, if_empty=True, is_to_migrate=True)
    click.echo(f"Microsoft is played on port {vendor_port}. Ctrl+C stops all of it.")
    run_together(environ, "127.0.0.1", port, 2, vendor_port)


def load_demo(tickets: int, seed: int, *, if_empty: bool, is_to_migrate: bool) -> None:
    """Build the demo world, unless the desk has tickets and ``if_empty``; print the accounts in either case."""
    from helpdesk.demo import world
    from helpdesk.demo.people import PRINTED

    with application() as app:
        if is_to_migrate:
            migrate(app)
        password = world.demo_password(app)
        if world.is_empty() or not if_empty:
            with click.progressbar(length=tickets, label="Demo world", file=sys.stderr) as bar:
                world.build(app, tickets=tickets, seed=seed, progress=bar.update)
    click.echo(f"Demo accounts, password {password}:")
    for colleague in PRINTED:
        click.echo(f"  {colleague.email:<20} {', '.join(colleague.roles)}")


@cli.group()
def user() -> None:
    """Staff accounts."""


@user.command("add")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--name", help="As colleagues and customers read it; made from the address when missing.")
@click.option("--password", help="Visible to others on this machine; --password-stdin is not.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input.")
def user_add(email: str, roles: tuple[str, ...], name: str | None, password: str | None, password_stdin: bool) -> None:
    """Give EMAIL an account with one or several roles."""
    from helpdesk.accounts.actions import Profile, add_user
    from helpdesk.accounts.actor import COMMAND_LINE
    from helpdesk.accounts.passwords import check_password, hash_password
    from helpdesk.accounts.queries import default_team_id
    from helpdesk.clock import now
    from helpdesk.database import unit_of_work

    if (password is None) != password_stdin:
        raise click.UsageError("Give the password by --password or by --password-stdin.")
    secret = sys.stdin.readline().rstrip("\n") if password is None else password
    with application():
        check_password(secret, email)
        hashed = hash_password(secret)  # slow on purpose, so before the database is asked to wait
        called = name or email.partition("@")[0].replace(".", " ").title()
        with unit_of_work():
            profile = Profile(called, team_id=default_team_id())
            add_user(email, profile, [Role(role) for role in roles], COMMAND_LINE, now(), hashed)
    click.echo(f"{email} may sign in as {', '.join(roles)}.")


@cli.group()
def audit() -> None:
    """The tickets' histories."""


@audit.command("verify")
def audit_verify() -> None:
    """Check every ticket's event chain; exit 1 and name the first bad row."""
    from helpdesk.tickets.history import verify

    count = 0
    with application():
        for count, (number, broken) in enumerate(verify(), start=1):  # noqa: B007 (counts)
            if broken is not None:
                sys.exit(f"Ticket #{number}, event {broken.seq}: {broken.reason}.")
    click.echo(f"{count} tickets verified: every chain is whole.")


# looking after it -------------------------------------------------------------------------------------------


@cli.command()
def check() -> None:
    """Say what is wrong with this installation and how to mend it; exit 1 if anything is."""
    from helpdesk.jobs.readiness import examine

    with application() as app:
        findings = examine(app)
    for finding in findings:
        click.echo(f"{'ok' if finding.is_well else '!!':3} {finding.name}: {finding.sentence}")
    if not all(finding.is_well for finding in findings):
        sys.exit(1)


@cli.command("config")
def show_config() -> None:
    """List every setting: its environment name, its value in force, what it is for."""
    complaint = None
    try:
        values: dict[str, Any] = settings.load()
    except settings.ConfigurationError as error:  # all the more reason to show what there is
        complaint, values = error, {setting.key: setting.default for setting in settings.SETTINGS}
        click.echo("These are the defaults, since something is wrong:\n")
    for setting in settings.SETTINGS:
        value = values[setting.key]
        shown = "***" if setting.is_secret and value is not None else "-" if value is None else value
        click.echo(f"{setting.env}={shown}\n    {setting.comment}")
    if complaint is not None:
        sys.exit(f"\n{complaint}")


if __name__ == "__main__":
    main()
