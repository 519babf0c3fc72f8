"""What an action works with while it has a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.accounts.actor import Actor
from helpdesk.tickets import history
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows.vocabulary import EventKind, State


@dataclass
class Change:
    """What an action works with: the claimed ticket, who acts, and the one moment of everything it writes."""

    ticket: Ticket
    actor: Actor
    now: datetime

    def record(
        self,
        what: EventKind,
        *,
        from_state: State | None = None,
        to_state: State | None = None,
        **particulars: Any,
    ) -> TicketEvent:
        """Append to the ticket's history. Particulars are plain JSON values; never a message's text."""
        return history.append(
            self.ticket,
            self.actor,
            what,
            self.now,
            from_state=from_state,
            to_state=to_state,
            particulars=particulars,
        )

    def edited(self) -> None:
        """Say that a move or a field edit happened: pages made before it are out of date."""
        self.ticket.version = self.ticket.event_count
