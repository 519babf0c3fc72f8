"""The commands as a person types them, each in a fresh installation of its own."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

import config
from helpdesk import create_app, schema
from helpdesk.accounts.models import User
from helpdesk.cli import cli
from helpdesk.database import db
from helpdesk.demo.vendor.server import VendorServer
from tests.fakes.partner_center import KEY, settings, vendor

__all__ = ["vendor"]

PASSWORD = "correct horse battery"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and an environment that points there."""
    url = f"sqlite:///{tmp_path / 'desk' / 'helpdesk.db'}"
    monkeypatch.setenv("HELPDESK_ENV", "testing")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("HELPDESK_INSTANCE_DIR", str(tmp_path / "desk"))
    return tmp_path


@pytest.fixture
def migrated(installation: Path) -> Path:
    assert helpdesk("db", "upgrade").exit_code == 0
    return installation


def helpdesk(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, words, input=typed)


def test_upgrade_makes_the_folder_the_tables_and_the_defaults(installation: Path) -> None:
    done = helpdesk("db", "upgrade")
    assert (done.exit_code, done.output) == (0, f"The database is at revision {schema.head()}.\n")
    with create_app().app_context():
        assert db.session.scalar(sa.text("SELECT count(*) FROM team WHERE is_default")) == 1
        db.engine.dispose()


def test_upgrade_may_be_said_twice(migrated: Path) -> None:
    assert helpdesk("db", "upgrade").exit_code == 0


def test_a_user_may_have_several_roles(migrated: Path) -> None:
    done = helpdesk("user", "add", "Lea@desk.example", "--role", "agent", "--role", "lead", "--password", PASSWORD)
    assert done.exit_code == 0, done.output
    with create_app().app_context():
        lea = db.session.scalars(sa.select(User)).one()
        assert (lea.email, lea.name, lea.roles) == ("lea@desk.example", "Lea", {"agent", "lead"})
        db.engine.dispose()


def test_a_password_may_come_by_the_standard_input(migrated: Path) -> None:
    words = ("user", "add", "ana@desk.example", "--role", "agent", "--password-stdin")
    assert helpdesk(*words, typed=f"{PASSWORD}\n").exit_code == 0


@pytest.mark.parametrize("passwords", [[], ["--password", PASSWORD, "--password-stdin"]])
def test_one_password_is_wanted(migrated: Path, passwords: list[str]) -> None:
    done = helpdesk("user", "add", "ana@desk.example", "--role", "agent", *passwords)
    assert done.exit_code == 2
    assert "--password-stdin" in done.output


def test_a_refusal_is_a_sentence(migrated: Path) -> None:
    words = ("user", "add", "ana@desk.example", "--role", "agent", "--password", PASSWORD)
    helpdesk(*words)
    done = helpdesk(*words)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert "already" in done.output


def test_an_unknown_role_is_answered_with_those_there_are(migrated: Path) -> None:
    done = helpdesk("user", "add", "ana@desk.example", "--role", "king", "--password", PASSWORD)
    assert done.exit_code == 2
    assert "billing_admin" in done.output


def test_an_empty_desk_verifies(migrated: Path) -> None:
    done = helpdesk("audit", "verify")
    assert (done.exit_code, done.output) == (0, "0 tickets verified: every chain is whole.\n")


def test_check_names_what_is_missing_and_how_to_mend_it(installation: Path) -> None:
    done = helpdesk("check")
    assert done.exit_code == 1
    assert "helpdesk db upgrade" in done.output


def test_check_misses_the_scheduler(migrated: Path) -> None:
    done = helpdesk("check")
    assert done.exit_code == 1
    assert "ok  migrations" in done.output
    assert "!!  scheduler: no scheduler is running" in done.output


def test_config_lists_every_setting_and_no_secret(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "tell-nobody")
    done = helpdesk("config")
    assert done.exit_code == 0
    assert "tell-nobody" not in done.output
    assert "SECRET_KEY=***" in done.output
    assert all(f"{setting.env}=" in done.output for setting in config.SETTINGS)


def test_config_lists_them_even_when_one_is_wrong(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_TIMEZONE", "Atlantis")
    done = helpdesk("config")
    assert done.exit_code == 1
    assert "HELPDESK_UPLOAD_FILES=10" in done.output
    assert "'Atlantis' is no IANA time zone" in done.output


def test_every_command_of_the_contract_is_there() -> None:
    said = helpdesk("--help").output
    for command in ("db", "web", "scheduler", "run", "demo", "user", "audit", "check", "config"):
        assert f"\n  {command} " in said


def test_run_does_not_share_a_port_with_somebody(installation: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = helpdesk("run", "--port", str(port))
    assert done.exit_code == 1
    assert f"port {port} already" in done.output


@pytest.fixture
def connected(migrated: Path, vendor: VendorServer, monkeypatch: pytest.MonkeyPatch) -> VendorServer:
    """An installation whose settings name the vendor's stand-in; nobody has consented yet."""
    key = helpdesk("vendor", "new-key").output.strip()
    for name, value in (settings(vendor) | {"VENDOR_KEYS": key}).items():
        monkeypatch.setenv({"VENDOR_KEYS": "HELPDESK_VENDOR_KEY"}.get(name, f"HELPDESK_{name}"), str(value))
    return vendor


def test_the_vendor_is_connected_by_a_token_that_is_not_shown(connected: VendorServer) -> None:
    assert "!!  vendor: nobody has given a refresh token" in helpdesk("check").output
    token = connected.world.first_refresh_token
    done = helpdesk("vendor", "connect", typed=f"{token}\n")
    assert (done.exit_code, done.output) == (0, "Connected: Partner Center shows 0 service requests.\n")
    assert "ok  vendor" in helpdesk("check").output
    assert helpdesk("vendor", "disconnect").exit_code == 0
    assert "!!  vendor" in helpdesk("check").output


def test_a_token_that_opens_nothing_is_said(connected: VendorServer) -> None:
    done = helpdesk("vendor", "connect", typed="not a token")
    assert done.exit_code == 1
    assert "renew the consent by" in done.output
    assert helpdesk("vendor", "connect", typed=" \n").exit_code == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HELPDESK_VENDOR_KEY", "short", "helpdesk vendor new-key"),
        ("HELPDESK_VENDOR_KEY", "", "HELPDESK_VENDOR_KEY is not set"),
        ("HELPDESK_VENDOR_TENANT", "", "HELPDESK_VENDOR_TENANT is not set"),
        ("HELPDESK_VENDOR_API_URL", "http://api.example", "not https"),
        ("HELPDESK_VENDOR_DESK", "maybe", "must be off, console or partner_center"),
    ],
)
def test_half_a_connection_stops_the_start(
    connected: VendorServer, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(config.ConfigurationError) as caught:
        config.load()
    assert said in str(caught.value)
    assert "short" not in str(caught.value).replace("shortly", "")


@pytest.mark.parametrize(
    ("environment", "client", "kind"),
    [("production", "", "off"), ("development", "", "console"), ("development", "id", "partner_center")],
)
def test_who_answers_when_nobody_is_named(environment: str, client: str, kind: str) -> None:
    names = {"HELPDESK_ENV": environment, "SECRET_KEY": "x", "HELPDESK_AUDIT_KEY": "y"}
    if client:
        names |= {"HELPDESK_VENDOR_CLIENT_ID": client, "HELPDESK_VENDOR_CLIENT_SECRET": "s"}
        names |= {"HELPDESK_VENDOR_TENANT": "t", "HELPDESK_VENDOR_KEY": KEY}
    assert config.load(names)["VENDOR_DESK"] == kind


@pytest.mark.parametrize(
    "words", [("run", "--with-vendor"), ("demo", "--with-vendor"), ("vendor", "stand-in")], ids=lambda words: words[0]
)
def test_the_stand_in_is_refused_outside_development(installation: Path, words: tuple[str, ...]) -> None:
    done = helpdesk(*words)
    assert isinstance(done.exception, config.ConfigurationError)
    assert "for development" in str(done.exception)
    assert not (installation / "desk" / "helpdesk.db").exists()
