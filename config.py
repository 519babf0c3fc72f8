"""Every setting once: its environment name, type, default and one sentence.

``load(environ)`` gives the Flask configuration and fails loudly on nonsense. Nothing else reads the
environment.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parent


class ConfigurationError(ValueError):
    """A setting is missing or makes no sense; the sentence says how to mend it."""


def _text(value: str) -> str:
    return value.strip()


def _switch(value: str) -> bool:
    words = {"on": True, "1": True, "true": True, "yes": True, "off": False, "0": False, "false": False, "no": False}
    try:
        return words[value.strip().lower()]
    except KeyError:
        raise ValueError("say on or off") from None


def _whole(least: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value)
        if number < least:
            raise ValueError(f"must be at least {least}")
        return number

    return parse


def _zone(value: str) -> str:
    try:
        return ZoneInfo(value.strip()).key
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no IANA time zone such as Europe/Budapest") from None


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.strip() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value.strip()

    return parse


def _environment(value: str) -> str:
    if value not in ("production", "development", "testing"):
        raise ValueError("must be production, development or testing")
    return value


def _database(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
    return value


def _smtp(value: str) -> str:
    if not value.startswith(("smtp://", "smtps://")) or not urlsplit(value).hostname:
        raise ValueError("must look like smtp://user:password@mail.example.com:587, or smtps://")
    return value


def _vendor_desk(value: str) -> str:
    if value not in ("off", "console", "partner_center"):
        raise ValueError("must be off, console or partner_center")
    return value


def _fernet_keys(value: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    for key in keys:
        try:
            is_whole = len(base64.urlsafe_b64decode(key)) == 32
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ValueError("must be made by `helpdesk vendor new-key`; several are separated by commas")
    return keys


def _base_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


@dataclass(frozen=True)
class Setting:
    """One setting: the key in the Flask configuration, the environment name, how to read it, what it is for."""

    key: str
    env: str
    parse: Callable[[str], Any]
    default: Any
    comment: str
    is_secret: bool = False


DAY = 24 * 3600
MIB = 1024 * 1024

SETTINGS = (
    Setting("HELPDESK_ENV", "HELPDESK_ENV", _environment, "production", "production, development or testing"),
    Setting("SECRET_KEY", "SECRET_KEY", _text, None, "signs sessions and forms; required in production", True),
    Setting(
        "AUDIT_KEY",
        "HELPDESK_AUDIT_KEY",
        _text,
        None,
        "keys the event chain; required in production, never change it",
        True,
    ),
    Setting(
        "DATABASE_URL",
        "DATABASE_URL",
        _database,
        f"sqlite:///{ROOT / 'instance' / 'helpdesk.db'}",
        "where tickets are kept",
    ),
    Setting("DATABASE_POOL", "HELPDESK_DATABASE_POOL", _whole(1), 5, "database connections a process may hold"),
    Setting(
        "BASE_URL",
        "HELPDESK_BASE_URL",
        _base_url,
        "http://127.0.0.1:8000",
        "links in messages; https turns on Secure cookies and HSTS",
    ),
    Setting(
        "INSTANCE_DIR",
        "HELPDESK_INSTANCE_DIR",
        Path,
        ROOT / "instance",
        "database, attachments and bench results of this installation",
    ),
    Setting("DESK_NAME", "HELPDESK_DESK_NAME", _text, "Duna Cloud support", "the desk's name as customers read it"),
    Setting("DESK_EMAIL", "HELPDESK_DESK_EMAIL", _text, "support@desk.example", "the desk's address, sender of mail"),
    Setting(
        "DESK_PHONE", "HELPDESK_DESK_PHONE", _text, "+36 1 555 0100", "the desk's telephone number, shown to customers"
    ),
    Setting(
        "TIMEZONE", "HELPDESK_TIMEZONE", _zone, "Europe/Budapest", "the desk's own time zone, for people who chose none"
    ),
    Setting("LANGUAGE", "HELPDESK_LANGUAGE", _text, "en", "language when a browser asks for none that we speak"),
    Setting(
        "CLOSE_AFTER",
        "HELPDESK_CLOSE_AFTER_DAYS",
        lambda v: _whole(1)(v) * DAY,
        7 * DAY,
        "quiet days after which a resolved ticket closes",
    ),
    Setting(
        "HOLD_REMINDER_AFTER",
        "HELPDESK_HOLD_REMINDER_DAYS",
        lambda v: _whole(1)(v) * DAY,
        3 * DAY,
        "days a customer leaves us waiting before they are reminded, and again between two reminders",
    ),
    Setting(
        "HOLD_REMINDERS",
        "HELPDESK_HOLD_REMINDERS",
        _whole(0),
        2,
        "reminders to a customer who leaves us waiting; 0 sends none and closes nothing",
    ),
    Setting(
        "HOLD_CLOSE_AFTER",
        "HELPDESK_HOLD_CLOSE_DAYS",
        lambda v: _whole(0)(v) * DAY,
        3 * DAY,
        "days after the last reminder when an unanswered ticket closes; 0 lets it wait for ever",
    ),
    Setting(
        "REOPEN_WINDOW",
        "HELPDESK_REOPEN_DAYS",
        lambda v: _whole(1)(v) * DAY,
        30 * DAY,
        "days in which a closed ticket may be reopened",
    ),
    Setting(
        "TRACKER_LIFE",
        "HELPDESK_TRACKER_DAYS",
        lambda v: _whole(1)(v) * DAY,
        90 * DAY,
        "days a tracker link lives after closing",
    ),
    Setting(
        "PARTNER_KIND",
        "HELPDESK_PARTNER_KIND",
        _one_of("direct_bill", "indirect_provider", "indirect_reseller"),
        "direct_bill",
        "how the desk stands in the CSP programme; an indirect reseller opens no Azure requests",
    ),
    Setting(
        "INDIRECT_PROVIDER",
        "HELPDESK_INDIRECT_PROVIDER",
        _text,
        "",
        "an indirect reseller's provider: its name and how its support is reached",
    ),
    Setting(
        "TRACK_RIGHTS",
        "HELPDESK_TRACK_RIGHTS",
        _one_of("auto", "on", "off"),
        "auto",
        "whether a customer's grants are demanded before escalating; auto: once the first one is recorded",
    ),
    Setting(
        "ESCALATION_LANGUAGE",
        "HELPDESK_ESCALATION_LANGUAGE",
        _text,
        "English",
        "the language in which the desk wants to hear from Microsoft",
    ),
    Setting(
        "KEEP_SENT",
        "HELPDESK_KEEP_SENT_DAYS",
        lambda v: _whole(1)(v) * DAY,
        90 * DAY,
        "days the outbox remembers what it has sent",
    ),
    Setting(
        "KEEP_READ",
        "HELPDESK_KEEP_READ_DAYS",
        lambda v: _whole(1)(v) * DAY,
        180 * DAY,
        "days a line under the bell stays after it was read",
    ),
    Setting(
        "VENDOR_SILENCE",
        "HELPDESK_VENDOR_SILENCE_HOURS",
        lambda v: _whole(1)(v) * 3600,
        24 * 3600,
        "hours without a word after which a vendor case counts as silent where its channel times no word",
    ),
    Setting(
        "UPLOAD_FILE_BYTES", "HELPDESK_UPLOAD_FILE_MIB", lambda v: _whole(1)(v) * MIB, 25 * MIB, "largest attachment"
    ),
    Setting("UPLOAD_FILES", "HELPDESK_UPLOAD_FILES", _whole(1), 10, "attachments a message may carry"),
    Setting(
        "UPLOAD_HARD_CAP_BYTES",
        "HELPDESK_UPLOAD_CAP_MIB",
        lambda v: _whole(1)(v) * MIB,
        100 * MIB,
        "a request larger than this is cut off",
    ),
    Setting("RATE_LIMITS", "HELPDESK_RATE_LIMITS", _switch, True, "off only for benches"),
    Setting(
        "TRUSTED_PROXIES",
        "HELPDESK_TRUSTED_PROXIES",
        _whole(0),
        0,
        "reverse proxies in front whose X-Forwarded headers are believed",
    ),
    Setting(
        "DEMO_PASSWORD",
        "HELPDESK_DEMO_PASSWORD",
        _text,
        None,
        "password of the demo accounts; outside development the demo needs it",
        True,
    ),
    Setting(
        "SMTP_URL",
        "HELPDESK_SMTP_URL",
        _smtp,
        None,
        "smtp://user:password@host:port or smtps://; without it mail is printed to the log",
        True,
    ),
    Setting(
        "VENDOR_DESK",
        "HELPDESK_VENDOR_DESK",
        _vendor_desk,
        None,
        "partner_center mirrors cases by the vendor's API, console prints what it would send, off leaves it to pasting; "
        "when missing: partner_center with a client id, else console in development and off in production",
    ),
    Setting("VENDOR_TENANT", "HELPDESK_VENDOR_TENANT", _text, "", "the desk's own tenant at the vendor, id or domain"),
    Setting("VENDOR_CLIENT_ID", "HELPDESK_VENDOR_CLIENT_ID", _text, "", "the desk's application as registered there"),
    Setting("VENDOR_CLIENT_SECRET", "HELPDESK_VENDOR_CLIENT_SECRET", _text, "", "that application's secret", True),
    Setting(
        "VENDOR_KEYS",
        "HELPDESK_VENDOR_KEY",
        _fernet_keys,
        (),
        "seals the vendor's tokens in the database; the newest of several, separated by commas, comes first",
        True,
    ),
    Setting(
        "VENDOR_API_URL",
        "HELPDESK_VENDOR_API_URL",
        _base_url,
        "https://api.partnercenter.microsoft.com",
        "the vendor's API; national clouds have others",
    ),
    Setting(
        "VENDOR_LOGIN_URL",
        "HELPDESK_VENDOR_LOGIN_URL",
        _base_url,
        "https://login.microsoftonline.com",
        "where the vendor's tokens are bought",
    ),
    Setting(
        "VENDOR_POLL_SECONDS",
        "HELPDESK_VENDOR_POLL_SECONDS",
        _whole(30),
        300,
        "seconds between two looks at a vendor case",
    ),
    Setting("LOG_LEVEL", "HELPDESK_LOG_LEVEL", _text, "INFO", "least severe message that is logged"),
)
_BY_ENV = {setting.env for setting in SETTINGS}


def load(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read every setting from ``environ`` (the process's own when missing).

    Raises ConfigurationError naming the variable and how to mend it.
    """
    environ = os.environ if environ is None else environ
    values = {setting.key: _read(setting, environ) for setting in SETTINGS}
    _complain_of_unknown(environ)
    return _with_secrets(_with_vendor(values))


def _read(setting: Setting, environ: Mapping[str, str]) -> Any:
    raw = environ.get(setting.env)
    if raw is None or raw == "":
        return setting.default
    try:
        return setting.parse(raw)
    except ValueError as error:
        shown = "its value" if setting.is_secret else repr(raw)
        raise ConfigurationError(f"{setting.env}: {shown} {error}. It is {setting.comment}.") from None


def _complain_of_unknown(environ: Mapping[str, str]) -> None:
    """A mistyped name would be ignored in silence; say so instead."""
    unknown = sorted(name for name in environ if name.startswith("HELPDESK_") and name not in _BY_ENV)
    if unknown:
        raise ConfigurationError(f"{', '.join(unknown)}: no such setting. `helpdesk config` lists them all.")


def _with_vendor(values: dict[str, Any]) -> dict[str, Any]:
    """Partner Center needs all four, and tokens travel encrypted unless the other end is a stand-in on this machine."""
    if values["VENDOR_DESK"] is None:
        is_ours = values["HELPDESK_ENV"] == "development"
        values["VENDOR_DESK"] = "partner_center" if values["VENDOR_CLIENT_ID"] else "console" if is_ours else "off"
    if values["VENDOR_DESK"] != "partner_center":
        return values
    for key in ("VENDOR_TENANT", "VENDOR_CLIENT_ID", "VENDOR_CLIENT_SECRET", "VENDOR_KEYS"):
        if not values[key]:
            setting = next(one for one in SETTINGS if one.key == key)
            raise ConfigurationError(f"{setting.env} is not set. Partner Center can't be asked without it.")
    for key in ("VENDOR_API_URL", "VENDOR_LOGIN_URL"):
        address = urlsplit(values[key])
        is_here = address.hostname in ("127.0.0.1", "localhost") and values["HELPDESK_ENV"] != "production"
        if address.scheme != "https" and not is_here:
            raise ConfigurationError(f"HELPDESK_{key} is not https: tokens would travel in the clear.")
    return values


def _with_secrets(values: dict[str, Any]) -> dict[str, Any]:
    """Outside production the two keys have fixed defaults; in production their absence stops the start."""
    for key, env in (("SECRET_KEY", "SECRET_KEY"), ("AUDIT_KEY", "HELPDESK_AUDIT_KEY")):
        if values[key] is None:
            if values["HELPDESK_ENV"] == "production":
                raise ConfigurationError(f"{env} is not set. Production needs a long random value for it.")
            values[key] = f"only-for-{values['HELPDESK_ENV']}-{key.lower()}"
    return values
