"""The starting set of a fresh installation, room by room."""

from __future__ import annotations

from datetime import datetime

from helpdesk.accounts import defaults as accounts
from helpdesk.customers import defaults as customers
from helpdesk.escalations import defaults as escalations
from helpdesk.sla import defaults as sla
from helpdesk.tickets import defaults as tickets


def install_defaults(now: datetime) -> None:
    """Give an empty desk a team, plans, calendars, policies, channels and topics.

    ``now`` is aware UTC. Call it inside a unit of work, as often as you like: a room that holds anything of
    its own is left alone.
    """
    for room in (accounts, customers, sla, escalations, tickets):
        room.install(now)
