"""Demanding a right before an action."""

from __future__ import annotations

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.errors import Forbidden
from helpdesk.tickets.models import Ticket


def demand(actor: Actor, permission: Permission, ticket: Ticket) -> None:
    """Raise Forbidden unless ``actor`` has ``permission`` on a ticket of this kind."""
    if not actor.may(permission, ticket.kind):
        raise Forbidden(_("Your role doesn’t include this."))
