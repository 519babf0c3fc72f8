"""Mails the link of an invitation, when the accounts' room says that there is one."""

from __future__ import annotations

from datetime import datetime

from helpdesk.accounts.invitations import made
from helpdesk.accounts.models import User
from helpdesk.notifications.actions import queue_many
from helpdesk.notifications.notices import tell
from helpdesk.notifications.recipients import Recipient
from helpdesk.notifications.topics import NoticeTopic


@made.connect
def mail(user: User, *, path: str, by: str, expires_at: datetime, now: datetime) -> None:
    """Queue the mail in the transaction that invites; the session epoch tells one invitation from the next."""
    cause = f"invitation:{user.id}:{user.session_epoch}"
    params = {"secret_path": path, "expires_at": expires_at, "by": by}
    queue_many(tell(NoticeTopic.INVITATION, [Recipient.of_user(user)], cause=cause, params=params), now)
