"""Keeping the valid uploads of a form that came back, so that correcting it costs nobody their files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.leftovers import STAGED_FOR
from helpdesk.tickets.models import StagedFile

QUOTA_BYTES = 200 * 1024 * 1024
QUOTA_FILES = 100
"""What one address may keep staged at a time: enough for an office behind one address, no storage for strangers."""


def stage(draft_id: str, address: str, files: Iterable[StoredFile], now: datetime) -> list[StoredFile]:
    """Write a row for each file that the quota of ``address`` (a hash) has room for; returns those.

    A file left out has no row: it is swept like any orphan.
    """
    count, size = _used(address, now)
    kept: list[StoredFile] = []
    for file in files:
        count, size = count + 1, size + file.size_bytes
        if count > QUOTA_FILES or size > QUOTA_BYTES:
            break
        db.session.add(
            StagedFile(
                key=file.key,
                draft_id=draft_id,
                address=address,
                file_name=file.file_name,
                content_type=file.content_type,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                created_at=now,
            )
        )
        kept.append(file)
    return kept


def staged_files(draft_id: str, keys: Collection[str], now: datetime) -> list[StoredFile]:
    """The files among ``keys`` that are still staged under this draft, oldest first."""
    if not keys:
        return []
    of_draft = sa.select(StagedFile).where(
        StagedFile.draft_id == draft_id,
        StagedFile.key.in_(keys),
        StagedFile.created_at >= now - STAGED_FOR,
    )
    rows = db.session.scalars(of_draft.order_by(StagedFile.created_at, StagedFile.key))
    return [StoredFile(row.key, row.file_name, row.content_type, row.size_bytes, row.sha256) for row in rows]


def forget_others(draft_id: str, kept: Sequence[StoredFile]) -> None:
    """Give the quota back for files of the draft that the person took out again."""
    keys = [file.key for file in kept]
    others = sa.delete(StagedFile).where(StagedFile.draft_id == draft_id, StagedFile.key.not_in(keys))
    db.session.execute(others)


def _used(address: str, now: datetime) -> tuple[int, int]:
    of_address = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(StagedFile.size_bytes), 0)).where(
        StagedFile.address == address, StagedFile.created_at >= now - STAGED_FOR
    )
    count, size = db.session.execute(of_address).one()
    return int(count), int(size)
