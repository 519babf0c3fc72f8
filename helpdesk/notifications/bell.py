"""The bell in the frame: how much is unread, asked for only when a template shows it, and once a request."""

from __future__ import annotations

from flask import g

from helpdesk.accounts.session import visitor
from helpdesk.notifications import queries


class Bell:
    """What ``desk.html`` shows: ``bell.url``, and ``bell.count`` as "", "1" to "9", or "9+"."""

    url = "/notifications"

    @property
    def count(self) -> str:
        if "bell_count" not in g:
            g.bell_count = self._ask()
        return str(g.bell_count)

    @staticmethod
    def _ask() -> str:
        user = visitor()
        found = queries.unread_count(user.id) if user is not None else 0
        if found > queries.UNREAD_SHOWN:
            return f"{queries.UNREAD_SHOWN}+"
        return str(found or "")
