"""Sign-in throttling, counted in the database so that every worker of every machine sees it.

Each try is counted before the password is looked at, so that many at once can't slip past the check; a
right password takes its count back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite

from helpdesk.accounts.models import SignInAttempt
from helpdesk.database import db, is_sqlite

WINDOW = timedelta(minutes=15)
FIRST_BLOCK = timedelta(minutes=1)
LONGEST_BLOCK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody whose failures count together. ``key`` is a keyed hash: addresses are personal data."""

    key: str
    failures_allowed: int


def subjects(email: str, address: str) -> tuple[Subject, Subject]:
    """The account asked for, existing or not, and the network address asking.

    An office shares one address, so more may fail there before everybody waits.
    """
    account, origin = f"account:{email.strip().lower()}", f"address:{address}"
    return Subject(_hashed(account), failures_allowed=5), Subject(_hashed(origin), failures_allowed=20)


def _hashed(text: str) -> str:
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def admit(who: Iterable[Subject], now: datetime) -> datetime | None:
    """Count a try of ``who`` at ``now`` (aware UTC); the moment to come back when blocked, else None.

    A refused try is not counted. Runs in the caller's unit of work.
    """
    rows = [(subject, _row_of(subject, now)) for subject in sorted(who, key=lambda each: each.key)]
    blocks = [row.blocked_until_at for _subject, row in rows if row.blocked_until_at is not None]
    if blocks and max(blocks) > now:
        return max(blocks)
    for subject, row in rows:
        _count(subject, row, now)
    return None


def _row_of(subject: Subject, now: datetime) -> SignInAttempt:
    """The subject's row, locked: written first where there is none, by whoever comes first."""
    insert: Any = (sqlite.insert if is_sqlite() else postgresql.insert)(SignInAttempt)
    row = insert.values(subject=subject.key, failures=0, window_began_at=now)
    db.session.execute(row.on_conflict_do_nothing())
    locked = sa.select(SignInAttempt).where(SignInAttempt.subject == subject.key).with_for_update()
    return db.session.scalars(locked.execution_options(populate_existing=True)).one()


def _count(subject: Subject, row: SignInAttempt, now: datetime) -> None:
    began = max(row.window_began_at, row.blocked_until_at or row.window_began_at)
    if now >= began + WINDOW:
        row.failures, row.window_began_at, row.blocked_until_at = 0, now, None
    row.failures += 1
    beyond = row.failures - subject.failures_allowed
    if beyond >= 0:
        row.blocked_until_at = now + min(FIRST_BLOCK * 2 ** min(beyond, 10), LONGEST_BLOCK)


def blocked_until(who: Iterable[Subject], now: datetime) -> datetime | None:
    """The moment from which ``who`` may try again, None when that is now."""
    keys = [subject.key for subject in who]
    latest = db.session.scalar(
        sa.select(sa.func.max(SignInAttempt.blocked_until_at)).where(SignInAttempt.subject.in_(keys))
    )
    return latest if latest is not None and latest > now else None


def forgive(who: tuple[Subject, Subject]) -> None:
    """Take back the try that turned out right: the account starts afresh, the address by this one try."""
    account, origin = who
    db.session.execute(sa.delete(SignInAttempt).where(SignInAttempt.subject == account.key))
    fewer = sa.update(SignInAttempt).where(SignInAttempt.subject == origin.key, SignInAttempt.failures > 0)
    db.session.execute(fewer.values(failures=SignInAttempt.failures - 1, blocked_until_at=None))
