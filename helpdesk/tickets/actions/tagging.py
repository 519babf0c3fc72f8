"""Words put on a ticket: for finding it again, and for policies that ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission
from helpdesk.errors import Invalid
from helpdesk.sla.tags import fold
from helpdesk.tickets.actions.allowed import demand
from helpdesk.tickets.change import changing
from helpdesk.tickets.models import TicketTag
from helpdesk.tickets.terms import renew_terms
from workflows.vocabulary import EventKind

MOST_TAGS = 20


def tag(
    ticket_id: int,
    actor: Actor,
    add: Iterable[str],
    remove: Iterable[str],
    now: datetime,
    version: int | None = None,
) -> None:
    """Put the tags ``add`` on a ticket and take ``remove`` away; the promises follow where a policy asks for them.

    Tags are folded to lower case. What is there already, or not there, is no change. Raises Invalid at the field
    ``add`` for a tag of no or more than 40 characters, and when the ticket would have more than MOST_TAGS.
    """
    wanted, unwanted = list(map(fold, add)), set(map(fold, remove))
    with changing(ticket_id, actor, now, version) as change:
        ticket = change.ticket
        demand(actor, Permission.EDIT_TICKETS, ticket)
        there = {each.name for each in ticket.tags}
        added = sorted(set(wanted) - there - unwanted)
        removed = sorted(unwanted & there)
        if not added and not removed:
            return
        if len(there) + len(added) - len(removed) > MOST_TAGS:
            raise Invalid(_("A ticket has %(most)s tags at most.", most=MOST_TAGS), "add")
        kept = [each for each in ticket.tags if each.name not in unwanted]
        ticket.tags = kept + [TicketTag(name=name) for name in added]
        change.record(EventKind.TAGS_CHANGED, added=added, removed=removed)
        renew_terms(change)
        change.edited()
