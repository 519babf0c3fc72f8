"""Who stands how to tickets whose clocks have news: read by one statement for any number of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa

from helpdesk.accounts import rota
from helpdesk.accounts.models import OnCallTurn, Team, User, UserRole
from helpdesk.customers.models import Customer
from helpdesk.database import Moment, db
from helpdesk.notifications.recipients import Recipient, Standings
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import Role


class _Is(StrEnum):
    """What a line of the statement says."""

    ASSIGNEE = "assignee"
    LEAD = "lead"
    ON_CALL = "on_call"
    MANAGER = "manager"
    CUSTOMER = "customer"


@dataclass(slots=True)
class Concerned:
    """The people around some tickets, and the names that stand in what they read."""

    people: dict[int, Recipient] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    leads: dict[int, int] = field(default_factory=dict)  # team id -> user id
    on_call: dict[int, int] = field(default_factory=dict)  # team id -> user id
    manager_ids: list[int] = field(default_factory=list)
    customers: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tickets: Collection[Ticket], now: datetime) -> Self:
        """Read whom the clocks of ``tickets`` concern at ``now``, aware UTC."""
        found = cls()
        asked = {
            "assignee_ids": _known(ticket.assignee_id for ticket in tickets),
            "team_ids": _known(ticket.team_id for ticket in tickets),
            "customer_ids": _known(ticket.customer_id for ticket in tickets),
            "now": now,
            "now_less_a_turn": now - rota.LONGEST_TURN,
        }
        for is_, about, name, user_id, email, language, zone, is_enabled, calendar_id in db.session.execute(
            _STATEMENT, asked
        ):
            if user_id is not None:
                found.people[user_id] = Recipient(email, language, zone, user_id, is_enabled, calendar_id)
                found.names[user_id] = name
            found._note(_Is(is_), about, name, user_id)
        return found

    def _note(self, is_: _Is, about: int, name: str, user_id: int) -> None:
        match is_:
            case _Is.LEAD:
                self.leads[about] = user_id
            case _Is.ON_CALL:
                self.on_call[about] = user_id  # the last line counts: of overlapping turns the one that began last
            case _Is.MANAGER:
                self.manager_ids.append(user_id)
            case _Is.CUSTOMER:
                self.customers[about] = name
            case _Is.ASSIGNEE:
                pass

    def standings(self, ticket: Ticket) -> Standings:
        return Standings(
            self._person(ticket.assignee_id),
            self._person(self.leads.get(ticket.team_id)),
            self._person(self.on_call.get(ticket.team_id)),
            tuple(self.people[user_id] for user_id in self.manager_ids),
        )

    def named(self, ticket: Ticket) -> dict[str, str]:
        """The names that a notice about ``ticket`` carries, as far as there are any."""
        customer_name = self.customers.get(ticket.customer_id or 0)
        assignee_name = self.names.get(ticket.assignee_id or 0)
        named = {"customer_name": customer_name, "assignee_name": assignee_name}
        return {name: text for name, text in named.items() if text is not None}

    def _person(self, user_id: int | None) -> Recipient | None:
        return self.people.get(user_id) if user_id is not None else None


def _known(ids: Iterable[int | None]) -> list[int]:
    return sorted({found for found in ids if found is not None})


# the statement ----------------------------------------------------------------------------------------


def _ids(name: str) -> Any:
    return sa.bindparam(name, type_=sa.Integer, expanding=True)


def _lines(
    is_: _Is, about: Any, user_id: Any, *, began: Any = None, turn_id: Any = None, name: Any = None
) -> sa.Select[Any]:
    nothing = sa.null()
    return sa.select(
        sa.literal(is_.value, sa.String(16)).label("is_"),
        about.label("about"),
        sa.cast(nothing if user_id is None else user_id, sa.Integer).label("user_id"),
        sa.cast(nothing if began is None else began, Moment).label("began"),
        sa.cast(nothing if turn_id is None else turn_id, sa.Integer).label("turn_id"),
        sa.cast(nothing if name is None else name, sa.String(200)).label("name"),
    )


_NOW = sa.bindparam("now", type_=Moment)
_NOW_LESS_A_TURN = sa.bindparam("now_less_a_turn", type_=Moment)
_NONE = sa.literal(0, sa.Integer)
_STANDING = sa.union_all(
    _lines(_Is.ASSIGNEE, _NONE, User.id).where(User.id.in_(_ids("assignee_ids"))),
    _lines(_Is.LEAD, Team.id, Team.lead_id).where(Team.id.in_(_ids("team_ids")), Team.lead_id.is_not(None)),
    _lines(
        _Is.ON_CALL, OnCallTurn.team_id, OnCallTurn.user_id, began=OnCallTurn.starts_at, turn_id=OnCallTurn.id
    ).where(
        OnCallTurn.team_id.in_(_ids("team_ids")),
        OnCallTurn.starts_at > _NOW_LESS_A_TURN,  # no turn is longer: the index needn't be read from its beginning
        OnCallTurn.starts_at <= _NOW,
        OnCallTurn.ends_at > _NOW,
    ),
    _lines(_Is.MANAGER, _NONE, UserRole.user_id).where(UserRole.role == Role.MANAGER),
    _lines(_Is.CUSTOMER, Customer.id, None, name=Customer.name).where(Customer.id.in_(_ids("customer_ids"))),
).subquery()
_STATEMENT = (
    sa.select(
        _STANDING.c.is_,
        _STANDING.c.about,
        sa.func.coalesce(User.name, _STANDING.c.name),
        User.id,
        User.email,
        User.language,
        User.timezone,
        User.is_enabled,
        User.calendar_id,
    )
    .outerjoin_from(_STANDING, User, User.id == _STANDING.c.user_id)
    .order_by(_STANDING.c.began, _STANDING.c.turn_id, User.id)
)
