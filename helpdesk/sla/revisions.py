"""Changes of policies, their order and calendars: proposed, counted, confirmed, carried out on open tickets.

A change applies to nothing while it is a proposal. Once its effect is counted and somebody confirms it, the
policy or calendar itself changes at once, so that new tickets get it; then open tickets get it, some at a time.
Which tickets those are only ``helpdesk.tickets`` can see: here stand the rows, their states and their claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from helpdesk.database import db, is_sqlite
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.sla import drafts, editing, queries
from helpdesk.sla.drafts import CalendarDraft, Edit, Typed
from helpdesk.sla.editing import PolicyDraft
from helpdesk.sla.models import Calendar, PromiseRevision, SlaPolicy
from helpdesk.sla.queries import Promises
from workflows.vocabulary import OPEN_REVISIONS, RevisionState

LEASE = timedelta(seconds=30)
"""How long a process that died keeps others from its revision."""

MOST_FAILED = 100
"""Numbers of failed tickets that a revision lists."""


# proposing --------------------------------------------------------------------------------------------


def propose_policy(
    policy: SlaPolicy | None, draft: PolicyDraft, by_id: int, now: datetime, typed: Typed = (), back: str = ""
) -> PromiseRevision:
    """Propose that ``policy`` becomes ``draft``, or a new one (None). Raises Invalid as ``editing`` would.

    ``typed`` is what stands in the form and ``back`` its address, for whoever wants to go on editing.
    """
    editing.check_policy(policy or SlaPolicy(), draft)
    draft_id = policy.id if policy is not None else None
    return _propose(drafts.of_policy(draft, draft_id), by_id, now, policy=policy, typed=typed, back=back)


def propose_removal(policy: SlaPolicy, by_id: int, now: datetime) -> PromiseRevision:
    """Propose to take ``policy`` out of the order. Raises Invalid for the default."""
    if policy.is_default:
        raise Invalid(_("The default policy stays: without it some tickets would be promised nothing."))
    return _propose(drafts.of_removal(policy), by_id, now, policy=policy)


def propose_order(policy: SlaPolicy, by_id: int, now: datetime, *, up: bool) -> PromiseRevision | None:
    """Propose to swap ``policy`` with its neighbour; None where it has none on that side."""
    draft = drafts.of_order(policy, up=up)
    return _propose(draft, by_id, now, policy=policy) if draft is not None else None


def propose_calendar(
    calendar: Calendar, draft: CalendarDraft, by_id: int, now: datetime, typed: Typed = (), back: str = ""
) -> PromiseRevision:
    """Propose other hours or another name for ``calendar``. Raises Invalid at ``name`` or ``definition``."""
    definition = editing.check_calendar(calendar, draft.name, draft.definition)
    wanted = drafts.of_calendar(calendar.id, draft.name, definition)
    return _propose(wanted, by_id, now, calendar=calendar, typed=typed, back=back)


def _propose(
    draft: dict[str, Any],
    by_id: int,
    now: datetime,
    *,
    policy: SlaPolicy | None = None,
    calendar: Calendar | None = None,
    typed: Typed = (),
    back: str = "",
) -> PromiseRevision:
    _check_nothing_is_carried_out()
    revision = PromiseRevision(
        draft=draft | {"typed": [list(pair) for pair in typed], "back": back},
        policy_id=policy.id if policy is not None else None,
        calendar_id=calendar.id if calendar is not None else None,
        created_at=now,
        created_by_id=by_id,
    )
    _drop_earlier(revision)
    _begin_counting(revision)
    db.session.add(revision)
    db.session.flush()
    return revision


def _check_nothing_is_carried_out() -> None:
    other = in_progress()
    if other is not None:
        name = other.draft["name"]
        raise Invalid(_("The change of “%(name)s” is still being put in force. Wait until it is done.", name=name))


def _drop_earlier(revision: PromiseRevision) -> None:
    """Whoever proposes a thing again has thought better of their proposal before."""
    own = sa.select(PromiseRevision).where(
        PromiseRevision.state.in_((RevisionState.COUNTING, RevisionState.COUNTED)),
        PromiseRevision.created_by_id == revision.created_by_id,
        PromiseRevision.policy_id.is_not_distinct_from(revision.policy_id),
        PromiseRevision.calendar_id.is_not_distinct_from(revision.calendar_id),
    )
    for earlier in db.session.scalars(own):
        earlier.state = RevisionState.DROPPED


def _begin_counting(revision: PromiseRevision) -> None:
    revision.state, revision.stamp, revision.counts = RevisionState.COUNTING, queries.stamp(), {}
    _begin_walk(revision)


def _begin_walk(revision: PromiseRevision) -> None:
    revision.seen_count = revision.changed_count = revision.failed_count = revision.last_ticket_id = 0
    revision.ticket_count, revision.claimed_until = 0, None


# deciding ---------------------------------------------------------------------------------------------


def confirm(revision_id: int, by_id: int, now: datetime) -> PromiseRevision:
    """Put the draft in force for new tickets, and let open ones follow.

    Raises Invalid when it can't be confirmed (any more), and Conflict when policies or calendars changed since
    it was counted: then it must be counted anew.
    """
    _check_nothing_is_carried_out()  # before waiting for anybody
    queries.change_promises()
    revision = _locked(revision_id)
    if revision.state is not RevisionState.COUNTED:
        raise Invalid(_("This change waits for no confirmation."))
    _check_nothing_is_carried_out()  # the other of two who confirmed at once
    if revision.stamp != queries.stamp():
        raise Conflict(_("Policies or calendars changed since this was counted."))
    _carry_out(revision, now)
    _begin_walk(revision)
    revision.state, revision.confirmed_at, revision.confirmed_by_id = RevisionState.APPLYING, now, by_id
    return revision


def recount(revision_id: int) -> None:
    """Count a proposal anew, against policies and calendars as they are now."""
    revision = _locked(revision_id)
    if revision.state in (RevisionState.COUNTED, RevisionState.COUNTING):
        _begin_counting(revision)


def drop(revision_id: int) -> None:
    """Forget a proposal; one that is confirmed goes its way."""
    revision = _locked(revision_id)
    if revision.state in (RevisionState.COUNTED, RevisionState.COUNTING):
        revision.state = RevisionState.DROPPED


def _carry_out(revision: PromiseRevision, now: datetime) -> None:
    draft = revision.draft
    match Edit(draft["edit"]):
        case Edit.POLICY:
            wanted = drafts.policy_draft(draft["policy"])
            if revision.policy_id is None:
                created = editing.create_policy(wanted, now)
                revision.policy_id, revision.draft = created.id, draft | {"scope": [created.id]}
            else:
                editing.edit_policy(queries.policy(revision.policy_id), wanted, now)
        case Edit.REMOVAL if revision.policy_id is not None:
            editing.remove_policy(queries.policy(revision.policy_id))
        case Edit.ORDER if revision.policy_id is not None:
            editing.move_policy(queries.policy(revision.policy_id), up=draft["up"])
        case Edit.CALENDAR if revision.calendar_id is not None:
            calendar, wanted_hours = queries.calendar(revision.calendar_id), draft["calendar"]
            by_id = revision.created_by_id
            editing.edit_calendar(calendar, wanted_hours["name"], wanted_hours["definition"], by_id, now)


# carrying out, some tickets at a time -------------------------------------------------------------------


@dataclass
class Claim:
    """One process's hold on a revision; no other works on it until ``until`` (aware UTC)."""

    revision_id: int
    until: datetime


def claim(now: datetime, revision_id: int | None = None) -> Claim | None:
    """Claim the oldest unfinished revision, or ``revision_id``; None when there is none or another has it."""
    free = sa.or_(PromiseRevision.claimed_until.is_(None), PromiseRevision.claimed_until <= now)
    rows = sa.select(PromiseRevision).where(IS_UNFINISHED, free)
    if revision_id is not None:
        rows = rows.where(PromiseRevision.id == revision_id)
    rows = rows.order_by(PromiseRevision.id).limit(1).execution_options(populate_existing=True)
    revision = db.session.scalars(rows if is_sqlite() else rows.with_for_update(skip_locked=True)).one_or_none()
    if revision is None:
        return None
    revision.claimed_until = now + LEASE
    return Claim(revision.id, revision.claimed_until)


def held(claim: Claim, now: datetime) -> PromiseRevision | None:
    """The claimed revision, its row locked and the claim prolonged; None when another process has it by now."""
    revision = _locked(claim.revision_id)
    if revision.claimed_until != claim.until or revision.state not in OPEN_REVISIONS:
        return None
    claim.until = revision.claimed_until = max(now + LEASE, claim.until)
    return revision


def release(claim: Claim) -> None:
    """Let others go on at once."""
    revision = _locked(claim.revision_id)
    if revision.claimed_until == claim.until:
        revision.claimed_until = None


def finish_walk(revision: PromiseRevision, now: datetime) -> None:
    """Every open ticket was looked at."""
    if revision.state is RevisionState.APPLYING:
        revision.state, revision.finished_at = RevisionState.APPLIED, now
    else:
        revision.state = RevisionState.COUNTED
    revision.claimed_until = None


def note_failure(revision: PromiseRevision, ticket_id: int) -> None:
    """A ticket that could not be given its new terms: counted, listed, and passed by."""
    revision.failed_count += 1
    failed = [*revision.counts.get("failed", []), ticket_id][:MOST_FAILED]
    revision.counts = revision.counts | {"failed": failed}


def book_of(revision: PromiseRevision) -> Promises:
    """The book of promises as the revision would make it; nothing is written."""
    return drafts.book_with(revision.draft, revision.policy_id, revision.calendar_id)


# reading ----------------------------------------------------------------------------------------------

_STATES = ", ".join(f"'{state}'" for state in sorted(OPEN_REVISIONS))
IS_UNFINISHED: sa.ColumnElement[Any] = sa.literal_column(f"promise_revision.state IN ({_STATES})")
"""The condition of the partial index, word for word; without a Boolean type, which SQLite would spell "= 1"."""


def revision_of(revision_id: int) -> PromiseRevision:
    """Raises NotFound."""
    found = db.session.get(PromiseRevision, revision_id, populate_existing=True)
    if found is None:
        raise NotFound(_("There is no such change."))
    return found


def in_progress() -> PromiseRevision | None:
    """The confirmed change that open tickets are being given, if any."""
    rows = sa.select(PromiseRevision).where(IS_UNFINISHED, PromiseRevision.state == RevisionState.APPLYING)
    return db.session.scalars(rows.limit(1)).one_or_none()


def recent(limit: int = 10) -> list[PromiseRevision]:
    """The newest changes that were confirmed."""
    rows = sa.select(PromiseRevision).where(PromiseRevision.confirmed_at.is_not(None))
    return list(db.session.scalars(rows.order_by(PromiseRevision.id.desc()).limit(limit)))


def _locked(revision_id: int) -> PromiseRevision:
    rows = sa.select(PromiseRevision).where(PromiseRevision.id == revision_id)
    rows = rows.execution_options(populate_existing=True)
    found = db.session.scalars(rows if is_sqlite() else rows.with_for_update()).one_or_none()
    if found is None:
        raise NotFound(_("There is no such change."))
    return found
