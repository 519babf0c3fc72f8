"""Who may do what: one table. Deny by default; several roles add up."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from workflows.vocabulary import Kind, Role

AGENT, LEAD, MANAGER = Role.AGENT, Role.LEAD, Role.MANAGER
BILLING, SALES, USERS, ADMIN = Role.BILLING_ADMIN, Role.SALES_AGENT, Role.USER_ADMIN, Role.ADMIN


class Permission(StrEnum):
    SEE_TICKETS = "see_tickets"
    OPEN_TICKETS = "open_tickets"
    MOVE_TICKETS = "move_tickets"
    REPLY = "reply"
    NOTE = "note"
    ASSIGN = "assign"
    EDIT_TICKETS = "edit_tickets"
    OVERRIDE = "override"
    CHASE_VENDOR = "chase_vendor"
    SEE_CUSTOMERS = "see_customers"
    EDIT_CUSTOMERS = "edit_customers"
    SEE_TODAY = "see_today"
    REVIEW_BREACHES = "review_breaches"
    EDIT_PROMISES = "edit_promises"
    EDIT_USERS = "edit_users"
    GRANT_ADMIN = "grant_admin"
    EDIT_CONFIGURATION = "edit_configuration"


GRANTS: dict[Permission, frozenset[Role]] = {
    #                                         agent  lead  manager  billing  sales  users  admin
    Permission.SEE_TICKETS: frozenset({AGENT, LEAD, MANAGER, BILLING, SALES, ADMIN}),
    Permission.OPEN_TICKETS: frozenset({AGENT, LEAD, BILLING}),
    Permission.MOVE_TICKETS: frozenset({AGENT, LEAD, BILLING}),
    Permission.REPLY: frozenset({AGENT, LEAD, BILLING}),
    Permission.NOTE: frozenset({AGENT, LEAD, MANAGER, BILLING, SALES}),
    Permission.ASSIGN: frozenset({AGENT, LEAD, MANAGER, BILLING}),
    Permission.EDIT_TICKETS: frozenset({AGENT, LEAD, BILLING}),
    Permission.OVERRIDE: frozenset({LEAD}),
    Permission.CHASE_VENDOR: frozenset({AGENT, LEAD, MANAGER, BILLING}),
    Permission.SEE_CUSTOMERS: frozenset({AGENT, LEAD, MANAGER, BILLING, SALES, ADMIN}),
    Permission.EDIT_CUSTOMERS: frozenset({SALES, ADMIN}),
    Permission.SEE_TODAY: frozenset({AGENT, LEAD, MANAGER, BILLING, ADMIN}),
    Permission.REVIEW_BREACHES: frozenset({MANAGER}),
    Permission.EDIT_PROMISES: frozenset({MANAGER, ADMIN}),
    Permission.EDIT_USERS: frozenset({USERS, ADMIN}),
    Permission.GRANT_ADMIN: frozenset({ADMIN}),
    Permission.EDIT_CONFIGURATION: frozenset({ADMIN}),
}

BILLING_TICKETS_ONLY = frozenset(
    {
        Permission.OPEN_TICKETS,
        Permission.MOVE_TICKETS,
        Permission.REPLY,
        Permission.ASSIGN,
        Permission.EDIT_TICKETS,
        Permission.CHASE_VENDOR,
    }
)
"""What a billing admin may do on billing tickets only."""


def may(roles: Iterable[Role], permission: Permission, kind: Kind | None = None) -> bool:
    """Whether somebody with ``roles`` has ``permission``, on a ticket of ``kind`` where that matters."""
    granted = GRANTS[permission] & frozenset(roles)
    if permission in BILLING_TICKETS_ONLY and kind is Kind.TECHNICAL:
        granted -= {Role.BILLING_ADMIN}
    return bool(granted)
