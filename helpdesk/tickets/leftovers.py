"""Files that nobody will ask for: staged ones whose form was never accepted, and those that no row knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.tickets import files
from helpdesk.tickets.models import Attachment, StagedFile

STAGED_FOR = timedelta(hours=24)
ROUNDS = 144
"""A look at every folder takes so many rounds: a day's worth, ten minutes apart."""


def forget_staged(now: datetime) -> int:
    """Delete the rows of staged files older than a day inside the caller's transaction; their number.

    The files themselves are orphans from then on.
    """
    old = sa.delete(StagedFile).where(StagedFile.created_at < now - STAGED_FOR).returning(StagedFile.key)
    return len(db.session.scalars(old).all())


def remove_orphans(now: datetime) -> int:
    """Remove files that no row knows from this round's share of the folders; their number.

    A file younger than a day is let be: its row may be about to commit.
    """
    turn = int(now.timestamp()) // 600 % ROUNDS
    folders = sorted(path for path in files.folder().glob("*") if path.is_dir())
    removed = 0
    for folder in folders[turn::ROUNDS]:
        old = [path for path in folder.iterdir() if _is_older_than_a_day(path, now)]
        known = _known([path.name for path in old])
        for path in old:
            if path.name not in known:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _is_older_than_a_day(path: Path, now: datetime) -> bool:
    try:
        changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # another scheduler was quicker
        return False
    return now - changed_at > STAGED_FOR


def _known(keys: Sequence[str]) -> set[str]:
    if not keys:
        return set()
    rows = sa.union_all(
        sa.select(Attachment.key).where(Attachment.key.in_(keys)),
        sa.select(StagedFile.key).where(StagedFile.key.in_(keys)),
    )
    return set(db.session.scalars(rows))
