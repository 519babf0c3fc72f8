"""What a manager may do about a row of Today: give it to somebody, ask whoever has it, chase the vendor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.permissions import Permission, may
from helpdesk.escalations.partner_center import connection
from helpdesk.management.queries import LOAD_TO, Colleague
from helpdesk.tickets.chasing import chase_text
from workflows.vocabulary import Kind, Role, SlaParty


@dataclass(frozen=True, slots=True)
class Act:
    """One button: a form posted to ``post``; with ``choices`` (or a ``sentence``) a sheet opens before.

    ``next``: the page to come back to. ``hint``: a word about it for the row's second line. ``words``: a text to
    look over and copy in that sheet, sent along as ``body``.
    """

    text: str
    post: str
    next: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    name: str = ""
    choices: list[tuple[int, str]] = field(default_factory=list)
    sentence: str = ""
    confirm: str = ""
    hint: str = ""
    words: str = ""


class Crew:
    """Who could take a ticket, those with the fewest open ones first, as far as ``actor`` may decide it."""

    def __init__(self, people: Sequence[Colleague], actor: Actor, here: str) -> None:
        self._people, self._actor, self._here = people, actor, here
        self._proposed: Counter[int] = Counter()

    def ask(self, row: Any) -> Act | None:
        """Ask the owner by an internal note; nobody asks themselves."""
        if row.assignee_id == self._actor.user_id or not self._actor.may(Permission.NOTE, row.kind):
            return None
        text = _("Ask %(name)s", name=row.assignee_name.split(" ")[0])
        return Act(text, "/today/questions", self._here, [("number", str(row.id))])

    def assign(self, row: Any) -> Act | None:
        """Choose an owner from all who may work on it."""
        able = self._able(row.kind)
        if not able or not self._actor.may(Permission.ASSIGN, row.kind):
            return None
        choices = [(one.id, f"{one.name}, {_open(one.load)}") for one in able]
        return Act(_("Assign"), _assignment(row), self._here, name="assignee", choices=choices, confirm=_("Give"))

    def give(self, row: Any) -> Act | None:
        """Give it in one click to whoever of its team has the fewest open tickets; leads only where no agent is.

        Each proposal counts as given, so that five tickets don't all go to one person.
        """
        able = self._able(row.kind)
        if not able or not self._actor.may(Permission.ASSIGN, row.kind):
            return None
        near = [one for one in able if one.team_id == row.team_id] or able
        agents = [one for one in near if one.roles - {Role.LEAD}] or near
        one = min(agents, key=lambda one: one.load + self._proposed[one.id])
        self._proposed[one.id] += 1
        first_name = one.name.split(" ")[0]
        hint = _("%(name)s has %(open)s", name=first_name, open=_open(one.load))
        text = _("Give to %(name)s", name=first_name)
        return Act(text, _assignment(row), self._here, [("assignee", str(one.id))], hint=hint)

    def _able(self, kind: Kind) -> list[Colleague]:
        return [one for one in self._people if may(one.roles, Permission.MOVE_TICKETS, kind)]


def chase(row: Any, actor: Actor, here: str) -> Act | None:
    """Remind the vendor by a prepared text: sent now where Partner Center is connected, else pasted there."""
    if not actor.may(Permission.CHASE_VENDOR, row.kind):
        return None
    can_send = connection.is_connected(current_app.config)
    sentence, confirm = _("Look it over, then send it to Microsoft."), _("Send it to Microsoft")
    if not can_send:
        sentence = _("Paste it at Microsoft under case %(number)s, then keep it as our note.", number=row.case_number)
        confirm = _("Keep it as our note")
    return Act(
        _("Remind them"),
        f"/tickets/{row.id}/vendor-cases/{row.case_id}/chase",
        here,
        [("by", "send" if can_send else SlaParty.DESK.value)],
        sentence=sentence,
        confirm=confirm,
        words=chase_text(row.case_number, row.severity, row.last_word_at, row.pack),
    )


def _assignment(row: Any) -> str:
    return f"/tickets/{row.id}/assignment"


def _open(load: int) -> str:
    if load >= LOAD_TO:
        return _("%(count)s+ open", count=LOAD_TO)
    return ngettext("%(num)s open", "%(num)s open", load)
