"""One shallow function a job.

Each is a generator that yields after every transaction: there the scheduler may stop it, so that SIGTERM
ends a run between two tickets and never inside one. The value says whether something was done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.escalations import ledger
from helpdesk.notifications import delivery, retention
from helpdesk.sla import tally
from helpdesk.tickets import (
    claim_sweep,
    credit_queries,
    deadlines,
    leftovers,
    lifecycle,
    mirroring,
    money_sweep,
    outage_queries,
    overtaken,
    renewing,
    revising,
    surveying,
)
from helpdesk.tickets.actions import telling
from helpdesk.tickets.facts import desk_day

Steps = Iterator[bool]
Due = Callable[[datetime, int], list[int]]
Act = Callable[[int, datetime], bool]
ActOnMany = Callable[[list[int], datetime], set[int]]
PutOff = Callable[[int, datetime], None]

BATCH = 100
"""Rows a query fetches at a time: small, so that several schedulers seldom try for the same ones."""

TOGETHER = 32
"""Tickets that one transaction settles: enough to share its statements, few enough that an agent waits for none."""

LETTERS = 20
"""Letters between two looks at the signal to stop: a slow mail server may take seconds for each."""

CALLS = 10
"""Calls to the vendor's API between two looks at the signal to stop."""

MOST_CALLS = 100
"""Cases asked after in one run: four runs a minute stay under the 500 requests a minute that the vendor grants."""

REST = 0.005
"""Seconds of breath between two batches of tickets that get new promises, for people's own requests."""

log = structlog.get_logger()


def sweep_clocks() -> Steps:
    """Warn and breach what is due, oldest first, a few dozen tickets in one transaction."""
    yield from _together(deadlines.due, deadlines.settle_due_many, deadlines.settle_due, deadlines.put_off)


def sweep_money() -> Steps:
    """Warn of the refund, cancellation and claim windows that end soon, and write down those that were missed."""
    yield from _each(money_sweep.due, money_sweep.settle, money_sweep.put_off)


def tell_outages() -> Steps:
    """Make each update about an incident a reply on every ticket it is for."""
    while outage_queries.is_to_spread():
        with unit_of_work():
            is_done = telling.spread_one(now())
        yield is_done
        if not is_done:  # another scheduler has it
            break
    yield from _each(outage_queries.due_to_tell, telling.tell_one, outage_queries.put_off)


def sweep_claims() -> Steps:
    """Warn the lead of service credits that nobody has claimed and no ticket counts the days for."""
    yield from _each(credit_queries.due_to_warn, claim_sweep.settle, claim_sweep.put_off)


def wake_holds() -> Steps:
    """End the scheduled holds whose moment has come."""
    yield from _each(lifecycle.due_to_wake, lifecycle.wake)


def remind_customers() -> Steps:
    """Remind customers who leave us waiting, and close the tickets that stayed idle all the same."""
    yield from _each(lifecycle.due_to_remind, lifecycle.remind, lifecycle.put_off_reminder)


def close_resolved() -> Steps:
    """Close the resolved tickets whose quiet period is over."""
    yield from _each(lifecycle.due_to_close, lifecycle.close_quiet)


def deliver_outbox() -> Steps:
    """Send what is waiting in the outbox; alarms not before the sweep knows all of them, and none that is moot."""
    yield from _withdraw_moot(now())
    while delivery.deliver_due(now(), LETTERS, is_catching_up=deadlines.is_behind(now())):
        yield True


def _withdraw_moot(moment: datetime) -> Steps:
    """All that is moot at ``moment``, a page in each transaction; yields between two pages only."""
    page = overtaken.Page(0, None)
    while True:
        with unit_of_work():
            page = overtaken.withdraw(moment, page.end)
        if page.end is None:
            return
        yield page.withdrawn > 0


def forget_told() -> Steps:
    """Remove what was sent, or read under a bell, long ago."""
    for forget in (retention.forget_sent, retention.forget_read):
        more = True
        while more:
            with unit_of_work():
                more = forget(now()) > 0
            yield more


def send_vendor_notes() -> Steps:
    """Send our notes to the vendor's API, where one is connected."""
    while mirroring.send_due(now(), CALLS):
        yield True


def poll_vendor_cases() -> Steps:
    """Read the vendor's list when it is time, then ask after the cases whose turn it is, so many a run at most."""
    yield surveying.survey_due(now())
    for _call in range(MOST_CALLS // CALLS):
        if not mirroring.poll_due(now(), CALLS):
            return
        yield True


def apply_revisions() -> Steps:
    """Count what proposed changes of promises would do, and give open tickets those that were confirmed."""
    for is_done in revising.work(unit_of_work, now):
        yield is_done
        time.sleep(REST)


def renew_promises() -> Steps:
    """Let open tickets follow a customer's new plan, and open vendor cases the times the vendor promises now."""
    for walk in (renewing.PLANS, renewing.VENDOR_TIMES):
        while _renewed(walk):
            yield True
            time.sleep(REST)


def _renewed(walk: renewing.Walk) -> bool:
    """A batch; where one fails its first ticket goes alone, and what fails alone is passed by with a word in the log.

    Raises OperationalError when the database is away, or chose us to end a deadlock: then nothing is passed by.
    """
    for limit in (renewing.BATCH, 1):
        try:
            with unit_of_work():
                return renewing.step(walk, now(), limit)
        except OperationalError:
            raise
        except Exception:
            log.exception("renewal_undone", at_once=limit)
    with unit_of_work():
        left = renewing.pass_by(walk)
    if left is not None:
        log.error("ticket_keeps_its_terms", ticket=left)
    return left is not None


def fold_tally() -> Steps:
    """Add up what was kept and missed, so that the manager's figures stay a few hundred rows."""
    more = True
    while more:
        with unit_of_work():
            more = tally.fold()
        yield more


def expire_entitlements() -> Steps:
    """Write down the incidents that ended with their contract's term."""
    with unit_of_work():
        ended = ledger.expire(desk_day(now()), now())
    yield ended > 0


def sweep_staged_files() -> Steps:
    """Remove uploads whose form was never accepted, and files that no row knows."""
    with unit_of_work():
        forgotten = leftovers.forget_staged(now())
    yield forgotten > 0
    yield leftovers.remove_orphans(now()) > 0


def _each(due: Due, act: Act, put_off: PutOff | None = None) -> Steps:
    """``act`` on every ticket that is ``due``, each in a transaction of its own and at most once a run.

    Tickets that stay due (they failed, or another scheduler has them) don't count towards the batch, so
    that however many they are, the ones behind them get their turn.
    """
    tried: set[int] = set()
    stuck = 0
    while fresh := [ticket_id for ticket_id in due(now(), BATCH + stuck) if ticket_id not in tried]:
        for ticket_id in fresh:
            tried.add(ticket_id)
            is_done = _one(ticket_id, act, put_off)
            stuck += not is_done
            yield is_done


def _together(due: Due, act_on_many: ActOnMany, act: Act, put_off: PutOff) -> Steps:
    """As ``_each``, but ``act_on_many`` takes TOGETHER tickets in one transaction and says which it did.

    When one of them raises, all are taken again one by one, so that only the culprit is put off.
    """
    tried: set[int] = set()
    stuck = 0
    while fresh := [ticket_id for ticket_id in due(now(), TOGETHER * 8 + stuck) if ticket_id not in tried]:
        tried.update(fresh)
        for first in range(0, len(fresh), TOGETHER):
            some = fresh[first : first + TOGETHER]
            done = _many(some, act_on_many)
            if done is not None:
                stuck += len(some) - len(done)
                yield bool(done)
                continue
            for ticket_id in some:
                is_done = _one(ticket_id, act, put_off)
                stuck += not is_done
                yield is_done


def _many(ticket_ids: list[int], act: ActOnMany) -> set[int] | None:
    """Which of the tickets were done; None when one of them raised, and so nothing was."""
    try:
        with unit_of_work():
            return act(ticket_ids, now())
    except Exception as error:
        log.warning("batch_undone", tickets=len(ticket_ids), job=getattr(act, "__name__", ""), error=repr(error))
        return None


def _one(ticket_id: int, act: Act, put_off: PutOff | None) -> bool:
    """One ticket; a failure is logged with its reason and the ticket put off.

    Raises OperationalError when the database is away, since then it can't be put off either.
    """
    moment = now()
    try:
        with unit_of_work():
            return act(ticket_id, moment)
    except Exception:
        log.exception("ticket_put_off", ticket=ticket_id, job=getattr(act, "__name__", ""))
        if put_off is not None:
            with unit_of_work():
                put_off(ticket_id, moment)
        return False
