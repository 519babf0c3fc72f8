"""Where a person's rights lead: the doors of the rail, the areas of Admin, their own first page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from helpdesk.accounts.permissions import Permission, may
from workflows.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Section:
    """An area of Admin: its address, name and icon, one sentence, and who may go there."""

    path: str
    name: LazyString
    icon: str
    sentence: LazyString
    permission: Permission


SECTIONS = (
    Section("/admin/users", _l("People"), "users", _l("Who works here and what each may do."), Permission.EDIT_USERS),
    Section(
        "/admin/permissions",
        _l("Permissions"),
        "shield-check",
        _l("What every role may do, on one page."),
        Permission.EDIT_USERS,
    ),
    Section(
        "/admin/teams",
        _l("Teams"),
        "users-group",
        _l("Groups of agents; new tickets go to the default one."),
        Permission.EDIT_CONFIGURATION,
    ),
    Section(
        "/admin/plans",
        _l("Support plans"),
        "list-details",
        _l("What the desk offers its customers and publishes."),
        Permission.EDIT_CONFIGURATION,
    ),
    Section(
        "/admin/calendars",
        _l("Calendars"),
        "calendar-time",
        _l("Opening hours and holidays that promises count in."),
        Permission.EDIT_PROMISES,
    ),
    Section(
        "/admin/policies",
        _l("SLA policies"),
        "clock",
        _l("What is promised to whom, and when people are warned."),
        Permission.EDIT_PROMISES,
    ),
    Section(
        "/admin/topics",
        _l("Topics"),
        "tag",
        _l("What tickets of each kind are about."),
        Permission.EDIT_CONFIGURATION,
    ),
    Section(
        "/admin/channels",
        _l("Channels"),
        "arrow-up-right",
        _l("The ways to Microsoft and the desk’s right to use them."),
        Permission.EDIT_CONFIGURATION,
    ),
    Section(
        "/admin/pack",
        _l("Escalation pack"),
        "checklist",
        _l("What must be known before Microsoft is asked."),
        Permission.EDIT_CONFIGURATION,
    ),
    Section(
        "/admin/windows",
        _l("Money windows"),
        "receipt",
        _l("How long Microsoft takes back, refunds and credits."),
        Permission.EDIT_CONFIGURATION,
    ),
    Section(
        "/admin/jobs",
        _l("Scheduler"),
        "server",
        _l("Whether warnings, breaches and mail go out by themselves."),
        Permission.EDIT_CONFIGURATION,
    ),
)

DOORS = {
    "queue": Permission.SEE_TICKETS,
    "today": Permission.SEE_TODAY,
    "breaches": Permission.SEE_TODAY,
    "outages": Permission.SEE_TICKETS,
    "customers": Permission.SEE_CUSTOMERS,
}

_HOMES = (  # the first that fits: who moves tickets works in the queue, whatever else they are
    ({Role.AGENT, Role.LEAD, Role.BILLING_ADMIN}, "/queue"),
    ({Role.MANAGER}, "/today"),
    ({Role.SALES_AGENT}, "/customers"),
    ({Role.ADMIN, Role.USER_ADMIN}, "/admin"),
)


def sections_for(roles: Iterable[Role]) -> list[Section]:
    held = frozenset(roles)
    return [section for section in SECTIONS if may(held, section.permission)]


def doors_for(roles: Iterable[Role]) -> list[str]:
    """The rail's entries, by the names that ``desk.html`` gives them."""
    held = frozenset(roles)
    open_doors = [door for door, permission in DOORS.items() if may(held, permission)]
    return [*open_doors, "admin"] if sections_for(held) else open_doors


def home_of(roles: Iterable[Role]) -> str:
    held = frozenset(roles)
    return next((path for wanted, path in _HOMES if wanted & held), "/account/settings")
