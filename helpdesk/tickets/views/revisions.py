"""A change of promises before it is in force: what it would do to open tickets, yes or no, and how far it has come."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, render_template
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.queries import names_of
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.sla import previews, revisions
from helpdesk.sla.drafts import Edit
from helpdesk.sla.models import PromiseRevision
from helpdesk.tickets import revising
from helpdesk.tickets.effects import Counts
from helpdesk.tickets.models import Ticket
from helpdesk.web import moments
from helpdesk.web.forms import see_other
from helpdesk.web.fragments import swapped_id
from workflows.vocabulary import ClockKind, RevisionEffect, RevisionState

WAITED = 1.0
"""Seconds that a request spends on counting or carrying out; the scheduler does what is left."""

revision_pages = Blueprint("revisions", __name__, url_prefix="/admin/revisions")


def register(blueprint: Blueprint) -> None:
    blueprint.register_blueprint(revision_pages)


@revision_pages.record_once
def _answer_proposals(state: BlueprintSetupState) -> None:
    previews.answer_by(state.app, answer)


def answer(revision_id: int) -> Response:
    """Count a proposal. Where no open ticket would change it is in force at once, else its preview asks.

    A removal is always asked about: nothing brings the policy back.
    """
    _work_on(revision_id)
    revision = revisions.revision_of(revision_id)
    is_harmless = revision.state is RevisionState.COUNTED and revision.changed_count == 0 and not _is_removal(revision)
    if is_harmless and _confirm(revision_id) is None:
        flash(_("Saved. No open ticket is promised anything else."), "done")
        return see_other(_home(revision))
    return see_other(_address(revision_id))


def _is_removal(revision: PromiseRevision) -> bool:
    return bool(revision.draft["edit"] == Edit.REMOVAL)


def _work_on(revision_id: int) -> None:
    """Go on with a revision for a second at most."""
    until = time.monotonic() + WAITED
    steps = revising.work(unit_of_work, now, revision_id)
    for _step in steps:
        if time.monotonic() > until:
            break
    steps.close()  # type: ignore[attr-defined]


def _confirm(revision_id: int) -> str | None:
    """Put a revision in force; a sentence where that is refused. One counted against other policies is recounted."""
    try:
        with unit_of_work():
            revisions.confirm(revision_id, person().id, now())
    except Conflict as error:
        with unit_of_work():
            revisions.recount(revision_id)
        _work_on(revision_id)
        return _("%(reason)s It was counted again: look before you confirm.", reason=error.sentence)
    except Invalid as error:
        return error.sentence
    _work_on(revision_id)
    return None


def _address(revision_id: int) -> str:
    return f"/admin/revisions/{revision_id}"


def _home(revision: PromiseRevision) -> str:
    return "/admin/calendars" if revision.calendar_id is not None else "/admin/policies"


# the pages --------------------------------------------------------------------------------------------


@revision_pages.get("/<int:revision_id>")
@requires(Permission.EDIT_PROMISES)
def show(revision_id: int) -> ResponseReturnValue:
    revision = revisions.revision_of(revision_id)
    template = "admin/_revision.html" if swapped_id() == "revision" else "admin/revision.html"
    return render_template(template, **_shown(revision))


@revision_pages.post("/<int:revision_id>/confirmation")
@requires(Permission.EDIT_PROMISES)
def confirm(revision_id: int) -> ResponseReturnValue:
    refusal, revision = _confirm(revision_id), revisions.revision_of(revision_id)
    if refusal is not None:
        flash(refusal, "error")
    elif _is_removal(revision):
        flash(_("The policy “%(name)s” is removed.", name=revision.draft["name"]), "done")
    return see_other(_address(revision_id))


@revision_pages.post("/<int:revision_id>/count")
@requires(Permission.EDIT_PROMISES)
def count(revision_id: int) -> ResponseReturnValue:
    with unit_of_work():
        revisions.recount(revision_id)
    _work_on(revision_id)
    return see_other(_address(revision_id))


@revision_pages.post("/<int:revision_id>/removal")
@requires(Permission.EDIT_PROMISES)
def drop(revision_id: int) -> ResponseReturnValue:
    with unit_of_work():
        revisions.drop(revision_id)
    revision = revisions.revision_of(revision_id)
    if revision.state is RevisionState.DROPPED:
        flash(_("The change of “%(name)s” is dropped. Nothing changed.", name=revision.draft["name"]), "done")
    return see_other(_home(revision))


def _shown(revision: PromiseRevision) -> dict[str, Any]:
    counts = Counts.of(revision.counts)
    people = {user_id for user_id in (revision.created_by_id, revision.confirmed_by_id) if user_id is not None}
    back = revision.draft.get("back")
    return {
        "revision": revision,
        "name": revision.draft["name"],
        "state": revision.state,
        "is_removal": _is_removal(revision),
        "tickets": _in_order(counts.tickets),
        "kept_count": counts.kept,
        "clocks": [(clock, counts.clocks[clock]) for clock in ClockKind if _is_told(counts.clocks.get(clock, {}))],
        "effects": [effect for effect in RevisionEffect if effect is not RevisionEffect.SAME],
        "examples": _examples(counts.examples),
        "per_cent": min(100, 100 * revision.seen_count // revision.ticket_count) if revision.ticket_count else 0,
        "failed": revision.counts.get("failed", []),
        "people": names_of(people),
        "back": f"{back}?draft={revision.id}" if back else None,
        "home": _home(revision),
    }


def _in_order(tickets: dict[str, int]) -> list[tuple[RevisionEffect, int]]:
    """How the tickets change that do."""
    told = (effect for effect in RevisionEffect if effect is not RevisionEffect.SAME)
    return [(effect, tickets[effect]) for effect in told if tickets.get(effect)]


def _is_told(effects: dict[str, int]) -> bool:
    return any(count for effect, count in effects.items() if effect != RevisionEffect.SAME)


def _examples(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The examples with their subjects as they are now; a line for each promise that changes."""
    ids = [example["ticket"] for example in kept]
    rows = db.session.execute(sa.select(Ticket.id, Ticket.subject).where(Ticket.id.in_(ids)))
    subjects = {number: subject for number, subject in rows}  # noqa: C416 - rows are no pairs to a type checker
    return [
        {
            "number": example["ticket"],
            "subject": subjects.get(example["ticket"], ""),
            "effect": RevisionEffect(example["effect"]),
            "clocks": [_clock(*clock) for clock in example["clocks"]],
        }
        for example in kept
    ]


def _clock(
    clock: str,
    effect: str,
    before: str | None,
    after: str | None,
    left_before: int | None = None,  # an older preview has neither
    left_after: int | None = None,
) -> tuple[Any, ...]:
    left = (None if seconds is None else moments.left(seconds) for seconds in (left_before, left_after))
    return ClockKind(clock), RevisionEffect(effect), _read(before), _read(after), *left


def _read(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment) if moment else None
