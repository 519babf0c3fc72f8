"""Tying stored files to the message they came with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from helpdesk.database import db
from helpdesk.tickets.files import StoredFile
from helpdesk.tickets.models import Attachment, Message, StagedFile


def attach(message: Message, files: Sequence[StoredFile], now: datetime) -> None:
    """Add a row per file; a file that was staged under a draft is no longer staged."""
    for file in files:
        db.session.add(
            Attachment(
                key=file.key,
                ticket_id=message.ticket_id,
                message_id=message.id,
                file_name=file.file_name,
                content_type=file.content_type,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                created_at=now,
            )
        )
    if files:
        db.session.execute(sa.delete(StagedFile).where(StagedFile.key.in_([file.key for file in files])))
