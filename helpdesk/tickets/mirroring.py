"""The door between vendor cases and the vendor's API: notes and states come in, notes of ours go out.

The manner is the outbox's: claim in one transaction, talk in none, note the result in another. Whoever is
killed in between leaves a leased row, which comes due again. What comes in is written by the agents' own
actions under the ticket's lock, so that two pollers can't write it twice; what goes out is looked for at the
vendor before it is sent a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from flask import current_app

from helpdesk import clock
from helpdesk.accounts.actor import SCHEDULER
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.escalations.actions import Seen
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import connection, matching, polls, posts
from helpdesk.escalations.partner_center.errors import Refused, VendorError
from helpdesk.escalations.partner_center.polls import PollClaim
from helpdesk.escalations.partner_center.posts import PostClaim
from helpdesk.escalations.partner_center.reading import ServiceRequest
from helpdesk.escalations.partner_center.vendor_desk import VendorDesk
from helpdesk.phrases import N_, Phrase
from helpdesk.tickets import deadlines
from helpdesk.tickets.actions import escalating
from helpdesk.tickets.models import Ticket
from workflows.vocabulary import VendorCaseState

RESERVE = timedelta(minutes=2)
"""Before a lease ends nothing is begun that might outlast it: a call may try three times."""

log = structlog.get_logger()


# notes that leave -------------------------------------------------------------------------------------------


def send_due(at: datetime, limit: int = 20, desk: VendorDesk | None = None) -> int:
    """Send up to ``limit`` notes that wait and return how many are done with: arrived, or given up.

    Any number may run at once. ``desk`` is whom to send to (the configuration's when missing). Zero also while
    the vendor is away.
    """
    if db.session.scalar(posts.due_now(at, 1)) is None or not connection.may_ask(current_app.config, at):
        return 0
    with unit_of_work():
        claims = posts.claim(at, limit)
    with closing(desk or connection.open_desk(current_app.config)) as line:
        return _send_all(claims, line, at + posts.LEASE - RESERVE)


def _send_all(claims: Sequence[PostClaim], line: VendorDesk, until: datetime) -> int:
    done = 0
    for place, claim in enumerate(claims):
        if clock.now() >= until:  # what is left comes back by itself when its lease ends
            break
        try:
            done += _send_one(claim, line)
        except VendorError as error:
            if connection.concerns_all(error):
                _vendor_is_away(error, waiting=claims[place:])
                break
            done += _not_sent(claim, error.phrase, is_final=error.permanent)
        except Exception as error:  # a fault of ours in one note must not stop the others
            log.exception("vendor_note_broken", note=claim.note_id)
            fault = Phrase(N_("%(why)s while sending it"), {"why": type(error).__name__})
            done += _not_sent(claim, fault, is_final=False)
    return done


def _send_one(claim: PostClaim, line: VendorDesk) -> bool:
    """Send a note unless an earlier attempt has: nobody heard how that one ended."""
    request, found = None, None  # what the vendor shows, and our note in it
    if claim.attempts > 1:
        request = line.case(claim.number)
        found = matching.find_sent(request.notes, claim.stable_id)
    if request is None or found is None:
        note = matching.signed(claim.body, claim.stable_id)
        request = line.write(claim.number, claim.stable_id, note=note, state=claim.becomes, severity=claim.severity)
        found = matching.find_sent(request.notes, claim.stable_id)
    with unit_of_work():
        posts.mark_sent(claim, found, clock.now(), _undone(claim, request))
        if claim.is_request:  # what has come of it is read with everything else the vendor says
            polls.hasten([claim.case_id], clock.now())
    return True


def _undone(claim: PostClaim, request: ServiceRequest) -> str:
    """What the vendor took the note for, yet did not do."""
    if claim.becomes is not None and request.state is not claim.becomes:
        return N_("Partner Center took the note, but left the case’s state as it was.")
    if claim.severity is not None and request.severity is not claim.severity:
        return N_("Partner Center took the note, but left the case’s severity as it was.")
    return ""


def _not_sent(claim: PostClaim, reason: Phrase, *, is_final: bool) -> bool:
    is_over = is_final or claim.attempts >= posts.MOST_ATTEMPTS
    with unit_of_work():
        if is_over:
            posts.fail(claim, reason.kept())
        else:
            posts.put_off(claim, clock.now(), reason.kept())
    say = log.error if is_over else log.warning
    say("vendor_note_failed" if is_over else "vendor_note_put_off", note=claim.note_id, reason=str(reason))
    return is_over


# what comes in ----------------------------------------------------------------------------------------------


def poll_due(at: datetime, limit: int = 20, desk: VendorDesk | None = None) -> int:
    """Ask after up to ``limit`` cases whose turn it is and return how many were read."""
    if db.session.scalar(polls.due_now(at, 1)) is None or not connection.may_ask(current_app.config, at):
        return 0
    with unit_of_work():
        claims = polls.claim(at, limit)
    every = polls.pace(usual_pace())
    with closing(desk or connection.open_desk(current_app.config)) as line:
        done = _poll_all(claims, line, at + polls.LEASE - RESERVE, every)
    if done:
        with unit_of_work():
            connection.answered(clock.now())
    return done


def _poll_all(claims: Sequence[PollClaim], line: VendorDesk, until: datetime, every: timedelta) -> int:
    done = 0
    for place, claim in enumerate(claims):
        if clock.now() >= until:
            break
        try:
            _poll_one(claim, line, every)
            done += 1
        except VendorError as error:
            if connection.concerns_all(error):
                _vendor_is_away(error, unread=claims[place:])
                return 0
            _not_read(claim, error.phrase, every)
        except Exception as error:  # one case must not stop the others
            log.exception("vendor_case_broken", case=claim.case_id)
            _not_read(claim, Phrase(N_("%(why)s while mirroring it"), {"why": type(error).__name__}), every)
    return done


def _poll_one(claim: PollClaim, line: VendorDesk, every: timedelta) -> None:
    request = line.case(claim.number)
    _demand_same_customer(claim, request)
    with unit_of_work():
        mirror(claim, request, clock.now())
        polls.seen(claim, clock.now(), every, request.raw_state)


def _demand_same_customer(claim: PollClaim, request: ServiceRequest) -> None:
    """Raises Refused for a case of another customer's tenant: most likely the number was mistyped.

    A tenant that no customer of ours has says nothing: it may be the desk's own, or not be written down yet.
    """
    spellings = {request.tenant_id, request.tenant_id.lower(), request.tenant_id.upper()}  # each by the index
    rows = sa.select(Customer.id).where(Customer.tenant_id.in_(spellings))
    known = set(db.session.scalars(rows)) if request.tenant_id else set()
    own = db.session.scalar(sa.select(Ticket.customer_id).where(Ticket.id == claim.ticket_id))
    if known and own is not None and own not in known:
        sentence = N_("In Partner Center this is a case of another customer: check the number.")
        raise Refused(sentence, permanent=True)


def _not_read(claim: PollClaim, reason: Phrase, every: timedelta) -> None:
    with unit_of_work():
        polls.put_off(claim, clock.now(), every, reason.kept())
    log.warning("vendor_case_put_off", case=claim.case_id, reason=str(reason))


def usual_pace() -> timedelta:
    """Between two looks at the vendor: at one case, and at its list."""
    return timedelta(seconds=current_app.config["VENDOR_POLL_SECONDS"])


def mirror(claim: PollClaim, request: ServiceRequest, now: datetime) -> None:
    """Bring what is new at the vendor into the ticket. Runs in the caller's unit of work."""
    deadlines.lock(claim.ticket_id)  # before reading what we have: another poller may just be writing it
    case = db.session.get(VendorCase, claim.case_id, populate_existing=True)
    if case is None or case.number != claim.number or case.state is VendorCaseState.CLOSED:
        return
    matched = matching.match(request.notes, _known(case.id))
    for note_id, external_id in matched.ties:
        posts.tie(case.id, note_id, external_id, now)
    for named in matched.fresh:
        escalating.note_vendor(
            case.ticket_id,
            case.id,
            SCHEDULER,
            matching.plain(named.note.text),
            now,
            is_ours=_is_ours(named, request),
            needs_us=request.state is VendorCaseState.ATTENTION_NEEDED,
            seen=Seen(named.external_id, named.note.written_at),
        )
    _list_files(case, request, now)
    _follow(case, claim, request, now)


def _known(case_id: int) -> list[matching.Known]:
    sent = {note_id: matching.reference_of(post.stable_id) for note_id, post in posts.of_case(case_id).items()}
    columns = sa.select(VendorNote.id, VendorNote.body, VendorNote.external_id, VendorNote.at)
    rows = db.session.execute(columns.where(VendorNote.vendor_case_id == case_id).order_by(VendorNote.id))
    return [matching.Known(row.id, row.body, row.external_id, sent.get(row.id), row.at) for row in rows]


def _list_files(case: VendorCase, request: ServiceRequest, now: datetime) -> None:
    """An address that is signed anew at each reading is no change of the ticket, so it is written by itself."""
    kept = matching.keep_files(case.files, request.files)
    if kept.fresh:
        escalating.list_files(case.ticket_id, case.id, SCHEDULER, kept, now)
    elif kept.files != case.files:
        case.files = kept.files
    if kept.fresh and kept.left_out:
        log.warning("vendor_files_left_out", case=case.id, files=kept.left_out)


def _is_ours(named: matching.Named, request: ServiceRequest) -> bool:
    """Written by the desk: it bears our mark, or the case's contact, who is always one of us, wrote it there."""
    author = named.note.author.casefold()
    return matching.reference_in(named.note.text) is not None or (author != "" and author == request.contact.casefold())


def _follow(case: VendorCase, claim: PollClaim, request: ServiceRequest, now: datetime) -> None:
    """Mirror severity, and a state that has changed at the vendor since we last looked."""
    if request.severity is not None and request.severity is not case.severity:
        escalating.change_severity(case.ticket_id, case.id, SCHEDULER, request.severity, now)
    is_news = request.raw_state != claim.vendor_state
    if is_news and request.state is not None and request.state is not case.state:
        escalating.change_vendor_case(case.ticket_id, case.id, SCHEDULER, request.state, now)


def _vendor_is_away(error: VendorError, *, waiting: Sequence[PostClaim] = (), unread: Sequence[PollClaim] = ()) -> None:
    with unit_of_work():
        until = connection.failed(error, clock.now())
        posts.release(waiting, until, error.phrase.kept())
        polls.release(unread, until)
    log.error("vendor_away", waiting=len(waiting) + len(unread), reason=error.sentence)
