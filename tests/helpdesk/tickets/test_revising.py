"""Changes of promises: what is counted is what then happens, once for every ticket, whoever is killed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.errors import Conflict, Invalid
from helpdesk.sla import queries, revisions
from helpdesk.sla.drafts import CalendarDraft
from helpdesk.sla.editing import PolicyDraft, Target
from helpdesk.sla.models import Breach, PromiseRevision, SlaClock, SlaPolicy
from helpdesk.sla.terms import load_terms
from helpdesk.tickets import revising
from helpdesk.tickets.actions import assigning, conversation, holding
from helpdesk.tickets.actions.tagging import tag
from helpdesk.tickets.deadlines import settle_due, settle_due_many
from helpdesk.tickets.effects import Counts
from helpdesk.tickets.history import verify
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows.vocabulary import (
    ClockKind,
    ClockState,
    EventKind,
    HoldCause,
    Kind,
    Level,
    Priority,
    RevisionEffect,
    RevisionState,
    Service,
)

from .conftest import Desk
from .test_climbing import promise_levels

HOUR = 3600
UNMET = (ClockState.RUNNING, ClockState.PAUSED)


def policy_called(name: str) -> SlaPolicy:
    return next(policy for policy in queries.policies() if policy.name == name)


def draft_of(policy: SlaPolicy, **changes: Any) -> PolicyDraft:
    """The policy as it is, but for ``changes``."""
    targets = tuple(Target(each.priority, each.clock, each.seconds, each.calendar_id) for each in policy.targets)
    parts = ("name", "kind", "service", "customer_id", "support_plan_id", "tag", "pause_on", "levels", "is_enabled")
    return PolicyDraft(**{part: getattr(policy, part) for part in parts} | {"targets": targets} | changes)


def stretched(policy: SlaPolicy, times: float, *clocks: ClockKind) -> PolicyDraft:
    """The policy with the targets of ``clocks`` (all of them when none is said) so many times as long."""
    draft = draft_of(policy)
    return replace(
        draft,
        targets=tuple(
            replace(each, seconds=int(each.seconds * times)) if each.clock in clocks or not clocks else each
            for each in draft.targets
        ),
    )


def propose(desk: Desk, policy: SlaPolicy | None, draft: PolicyDraft) -> int:
    with unit_of_work():
        return revisions.propose_policy(policy, draft, desk.max.id, now()).id


def work(revision_id: int | None = None, steps: int | None = None) -> int:
    """Go on as a scheduler would, at most so many steps; how many were done."""
    done = 0
    run = revising.work(unit_of_work, now, revision_id)
    for _step in run:
        done += 1
        if done == steps:
            break
    run.close()
    return done


def confirm(desk: Desk, revision_id: int) -> None:
    with unit_of_work():
        revisions.confirm(revision_id, desk.max.id, now())


def counted(desk: Desk, policy: SlaPolicy | None, draft: PolicyDraft) -> PromiseRevision:
    revision_id = propose(desk, policy, draft)
    work(revision_id)
    return revisions.revision_of(revision_id)


def deadlines() -> dict[tuple[int, ClockKind], Any]:
    """{(ticket, clock): (deadline, seconds left while paused)} of every unmet clock."""
    db.session.rollback()
    rows = (
        sa.select(SlaClock)
        .where(SlaClock.state.in_(UNMET), SlaClock.is_current)
        .execution_options(populate_existing=True)
    )
    return {
        (row.ticket_id, row.kind): (row.due_at, (row.target_seconds or 0) - (row.elapsed_seconds or 0))
        for row in db.session.scalars(rows)
    }


def terms_changes() -> Counter[int]:
    rows = sa.select(TicketEvent.ticket_id).where(TicketEvent.what == EventKind.TERMS_CHANGED)
    return Counter(db.session.scalars(rows))


def chains_hold() -> bool:
    return all(broken is None for _number, broken in verify())


@pytest.fixture
def plus(desk: Desk) -> SlaPolicy:
    """The policy of the customer's plan."""
    policy = policy_called("Business Plus")
    with unit_of_work() as session:
        session.get(Customer, desk.customer_id).support_plan_id = policy.support_plan_id
    return policy


@pytest.fixture
def crowd(desk: Desk, opened, hand: Hand) -> list[int]:
    """Tickets of every sort: answered, held, assigned, urgent or not, some hours old."""
    numbers = []
    levels = list(Level)
    for n in range(12):
        impact, urgency = levels[n % 3], levels[n // 3 % 3]
        kind = list(Kind)[n % 2]
        numbers.append(opened(kind=kind, service=list(Service)[n % 4], impact=impact, urgency=urgency).ticket.id)
        hand.advance(7 * 60)
    with unit_of_work():
        assigning.assign(numbers[0], desk.ana, desk.ana.id, now())
        conversation.reply(numbers[1], desk.ana, "We are looking.", now(), ())
        holding.hold(numbers[2], desk.ana, HoldCause.CUSTOMER, now())
    hand.advance(30 * 60)
    return numbers


# what is counted --------------------------------------------------------------------------------------


def compared(before: dict, after: dict) -> dict[str, dict[str, int]]:
    """What became of every promise, told from the stored clocks alone."""
    breached = {
        (row.ticket_id, row.kind)
        for row in db.session.scalars(sa.select(Breach).where(Breach.is_on_retarget.is_(True)))
    }
    found: dict[str, dict[str, int]] = {}
    for key in before.keys() | after.keys():
        was, is_ = before.get(key, (None, None)), after.get(key, (None, None))
        if key in breached:
            effect = RevisionEffect.BREACHES
        elif key not in before:
            effect = RevisionEffect.PROMISED
        elif key not in after:
            effect = RevisionEffect.UNPROMISED
        elif (was[0] is None) != (is_[0] is None):
            effect = RevisionEffect.EARLIER if was[0] is None else RevisionEffect.LATER
        else:
            pair = (was[0], is_[0]) if was[0] is not None else (was[1], is_[1])
            effect = (
                RevisionEffect.SAME
                if pair[0] == pair[1]
                else RevisionEffect.EARLIER
                if pair[1] < pair[0]
                else RevisionEffect.LATER
            )
        of_clock = found.setdefault(key[1], {})
        of_clock[effect] = of_clock.get(effect, 0) + 1
    return found


CHANGES: dict[str, Callable[[SlaPolicy], PolicyDraft]] = {
    "all later": lambda policy: stretched(policy, 2),
    "all earlier": lambda policy: stretched(policy, 0.5),
    "late at once": lambda policy: stretched(policy, 0.05, ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION),
    "one promised no longer": lambda policy: replace(
        draft_of(policy),
        targets=tuple(each for each in draft_of(policy).targets if each.clock is not ClockKind.PICKUP),
    ),
    "one newly promised": lambda policy: replace(
        draft_of(policy),
        targets=(
            *draft_of(policy).targets,
            *(
                Target(priority, ClockKind.PERIODIC_UPDATE, 40 * HOUR, policy.targets[0].calendar_id)
                for priority in Priority
            ),
        ),
    ),
    "the hold counts": lambda policy: replace(draft_of(policy), pause_on={clock.value: [] for clock in ClockKind}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_counted_is_what_happens(desk: Desk, crowd, change: str) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, CHANGES[change](standard))
    assert revision.state is RevisionState.COUNTED
    before = deadlines()
    events = db.session.scalar(sa.select(sa.func.count()).select_from(TicketEvent))
    assert events == sum(db.session.scalars(sa.select(Ticket.event_count)))
    assert not terms_changes()  # counting writes nothing
    counts, changed = Counts.of(revision.counts), revision.changed_count
    confirm(desk, revision.id)
    work(revision.id)
    done = revisions.revision_of(revision.id)
    touched = [number for number, _times in terms_changes().items()]
    of_touched = {key: value for key, value in before.items() if key[0] in touched}
    after = {key: value for key, value in deadlines().items() if key[0] in touched}
    assert done.state is RevisionState.APPLIED
    assert (done.changed_count, done.failed_count, done.seen_count) == (changed, 0, len(crowd))
    assert set(terms_changes().values()) == {1}
    assert counts.clocks == {str(clock): effects for clock, effects in compared(of_touched, after).items()}
    assert chains_hold()


def test_examples_tell_before_and_after(desk: Desk, crowd) -> None:
    standard = policy_called("Standard")
    before = deadlines()
    revision = counted(desk, standard, stretched(standard, 0.05, ClockKind.FIRST_RESPONSE))
    first = Counts.of(revision.counts).examples[0]
    assert first["effect"] == RevisionEffect.BREACHES
    clock, effect, was, then, *left = first["clocks"][0]
    assert (clock, effect) == (ClockKind.FIRST_RESPONSE, RevisionEffect.BREACHES)
    assert was == before[first["ticket"], ClockKind.FIRST_RESPONSE][0].isoformat()
    assert then < was
    assert left == [None, None]


def test_what_stands_still_tells_what_it_has_left(desk: Desk, crowd) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2, ClockKind.RESOLUTION))
    held = next(example for example in Counts.of(revision.counts).examples if example["ticket"] == crowd[2])
    clock, effect, was, then, left_before, left_after = held["clocks"][0]
    assert (clock, effect, was, then) == (ClockKind.RESOLUTION, RevisionEffect.LATER, None, None)
    assert left_before == deadlines()[crowd[2], ClockKind.RESOLUTION][1]
    assert left_after > left_before


def test_tickets_that_keep_their_deadlines_are_not_counted_as_changed(desk: Desk, crowd) -> None:
    """Their terms change, in the levels alone."""
    standard = policy_called("Standard")
    urgent = {number for number in crowd if db.session.get_one(Ticket, number).priority is Priority.P1}
    targets = tuple(
        replace(each, seconds=2 * each.seconds) if each.priority is Priority.P1 else each
        for each in draft_of(standard).targets
    )
    levels = {clock.value: [{"level": 1, "percent": 60}] for clock in ClockKind}
    revision = counted(desk, standard, draft_of(standard, targets=targets, levels=levels))
    counts = Counts.of(revision.counts)
    assert (revision.changed_count, counts.changed, counts.kept) == (len(urgent), len(urgent), len(crowd) - len(urgent))
    confirm(desk, revision.id)
    work()
    assert set(terms_changes()) == set(crowd)
    assert revisions.revision_of(revision.id).changed_count == len(urgent)


def test_a_name_alone_changes_no_ticket(desk: Desk, crowd) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, draft_of(standard, name="Usual"))
    assert (revision.changed_count, revision.seen_count) == (0, len(crowd))


def test_tickets_of_other_policies_are_left_alone(desk: Desk, opened, plus: SlaPolicy) -> None:
    guest, own = opened().ticket.id, opened(customer_id=desk.customer_id).ticket.id
    revision = counted(desk, plus, stretched(plus, 2))
    assert [example["ticket"] for example in Counts.of(revision.counts).examples] == [own]
    confirm(desk, revision.id)
    work()
    assert set(terms_changes()) == {own}
    assert guest not in terms_changes()


def test_a_new_policy_takes_over_what_it_matches(desk: Desk, opened) -> None:
    tagged, other = opened().ticket.id, opened().ticket.id
    with unit_of_work():
        tag(tagged, desk.ana, ["outage"], [], now())
    draft = replace(stretched(policy_called("Standard"), 0.5), name="Outages", tag="outage")
    revision = counted(desk, None, draft)
    assert revision.counts["tickets"] == {RevisionEffect.EARLIER: 1}
    confirm(desk, revision.id)
    work()
    names = {number: load_terms(db.session.get(Ticket, number).terms_id).policy_name for number in (tagged, other)}
    assert names == {tagged: "Outages", other: "Standard"}


def test_removal_and_order_are_changes_too(desk: Desk, opened, plus: SlaPolicy) -> None:
    number = opened(customer_id=desk.customer_id).ticket.id
    for_all = counted(
        desk, None, replace(stretched(plus, 3), name="Technical", kind=Kind.TECHNICAL, support_plan_id=None)
    )
    assert for_all.changed_count == 0  # behind Business Plus
    confirm(desk, for_all.id)
    work()
    with unit_of_work():
        up = revisions.propose_order(policy_called("Technical"), desk.max.id, now(), up=True)
    work(up.id)
    assert revisions.revision_of(up.id).counts["tickets"] == {RevisionEffect.LATER: 1}
    confirm(desk, up.id)
    work()
    assert load_terms(db.session.get(Ticket, number).terms_id).policy_name == "Technical"
    with unit_of_work():
        removal = revisions.propose_removal(policy_called("Technical"), desk.max.id, now())
    work(removal.id)
    confirm(desk, removal.id)
    work()
    db.session.expire_all()
    assert load_terms(db.session.get(Ticket, number).terms_id).policy_name == "Business Plus"


def test_a_calendar_moves_deadlines(desk: Desk, crowd) -> None:
    calendar = next(each for each in queries.calendars() if each.name == "Desk hours")
    definition = dict(calendar.version.definition)
    definition["week"] = {day: [["08:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    with unit_of_work():
        proposed = revisions.propose_calendar(calendar, CalendarDraft(calendar.name, definition), desk.max.id, now())
    work(proposed.id)
    revision, before = revisions.revision_of(proposed.id), deadlines()
    assert set(revision.counts["tickets"]) <= {RevisionEffect.EARLIER, RevisionEffect.SAME}
    assert revision.counts["tickets"][RevisionEffect.EARLIER] > 0
    counts = Counts.of(revision.counts)
    confirm(desk, revision.id)
    work()
    assert {str(clock): effects for clock, effects in compared(before, deadlines()).items()} == counts.clocks


# one by one, exactly once -------------------------------------------------------------------------------


@pytest.fixture
def small_steps(monkeypatch) -> None:
    monkeypatch.setattr(revising, "BATCH", 2)


def test_a_batch_writes_each_kind_of_row_by_one_statement(desk: Desk, crowd, statements) -> None:
    standard = policy_called("Standard")
    longer = stretched(standard, 3, ClockKind.PICKUP, ClockKind.FIRST_RESPONSE)  # on some another comes first now
    revision = counted(desk, standard, longer)
    confirm(desk, revision.id)
    with unit_of_work():
        settle_due_many(crowd, now())
    with statements() as ran:
        work()
    assert terms_changes() == Counter(crowd)
    written = Counter(
        words[2] if words[0] == "INSERT" else words[1] for words in map(str.split, ran) if is_write(words)
    )
    assert (written["ticket"], written["ticket_event"], written["sla_clock"]) == (1, 1, 1)


def is_write(words: list[str]) -> bool:
    return words[0] == "UPDATE" or words[:2] == ["INSERT", "INTO"]


@pytest.mark.usefixtures("small_steps")
def test_a_killed_process_is_followed_by_another(desk: Desk, crowd, hand: Hand) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    dead = revising.work(unit_of_work, now)
    next(dead)
    next(dead)  # killed here: its claim stays, its transactions are whole
    assert 0 < len(terms_changes()) < len(crowd)
    assert work() == 0  # nobody else has it while the claim lasts
    hand.advance(revisions.LEASE.total_seconds() + 1)
    assert work() > 0
    assert revisions.revision_of(revision.id).state is RevisionState.APPLIED
    assert list(dead) == []  # the first comes back to life: it is another's
    assert terms_changes() == Counter(crowd)
    assert revisions.revision_of(revision.id).changed_count == len(crowd)


@pytest.mark.usefixtures("small_steps")
def test_a_step_that_fails_halfway_leaves_nothing(desk: Desk, crowd, monkeypatch) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    work(revision.id, steps=2)
    before, cursor = terms_changes(), revisions.revision_of(revision.id).last_ticket_id

    class Killed(BaseException):
        pass

    def die(*_args: Any) -> None:
        raise Killed

    keep = revising._Walk._keep
    monkeypatch.setattr(revising._Walk, "_keep", die)
    with pytest.raises(Killed):
        work(revision.id)
    monkeypatch.setattr(revising._Walk, "_keep", keep)
    assert (terms_changes(), revisions.revision_of(revision.id).last_ticket_id) == (before, cursor)
    work()
    assert terms_changes() == Counter(crowd)


@pytest.mark.usefixtures("small_steps")
def test_two_appliers_share_no_ticket(desk: Desk, crowd, hand: Hand) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    one, other = (revising.work(unit_of_work, now) for _process in range(2))
    assert next(one)
    assert next(other, None) is None  # refused: the first has it
    hand.advance(5 * 60)  # the first sleeps beyond its claim
    other = revising.work(unit_of_work, now)
    assert next(other)
    assert next(one, None) is None
    list(other)
    assert terms_changes() == Counter(crowd)


@pytest.mark.usefixtures("small_steps")
def test_a_ticket_that_fails_is_listed_and_the_others_go_on(desk: Desk, crowd, monkeypatch) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    bad, put_in_force = crowd[4], revising._put_in_force

    def fail(ticket, *rest):
        if ticket.id == bad:
            raise RuntimeError("broken")
        return put_in_force(ticket, *rest)

    monkeypatch.setattr(revising, "_put_in_force", fail)
    work()
    done = revisions.revision_of(revision.id)
    assert (done.state, done.failed_count, done.counts["failed"]) == (RevisionState.APPLIED, 1, [bad])
    assert terms_changes() == Counter(number for number in crowd if number != bad)
    assert done.seen_count == len(crowd)


def test_a_passing_failure_of_the_database_passes_no_ticket_by(desk: Desk, crowd, monkeypatch) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    failures, put_in_force = [OperationalError("", None, Exception("database is locked"))] * 2, revising._put_in_force

    def shaky(ticket, *rest):
        if failures:
            raise failures.pop()
        return put_in_force(ticket, *rest)

    monkeypatch.setattr(revising, "_put_in_force", shaky)
    for _run in range(2):
        with pytest.raises(OperationalError):
            work()
    work()  # at once: who failed has left it to others
    assert revisions.revision_of(revision.id).failed_count == 0
    assert terms_changes() == Counter(crowd)


def test_new_tickets_have_it_before_old_ones(desk: Desk, crowd, opened) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, draft_of(standard, name="Usual", levels={}))
    confirm(desk, revision.id)
    fresh = opened().ticket
    assert load_terms(fresh.terms_id).policy_name == "Usual"
    work()
    assert fresh.id not in terms_changes()


def test_the_history_says_who_and_by_which_change(desk: Desk, crowd) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    work()
    rows = sa.select(TicketEvent).where(TicketEvent.what == EventKind.TERMS_CHANGED)
    event = db.session.scalars(rows.limit(1)).one()
    assert event.actor == desk.max.reference
    assert json.loads(event.particulars)["revision"] == revision.id


# breaches ---------------------------------------------------------------------------------------------


def test_a_breach_on_retarget_is_told_apart_and_old_ones_stay(desk: Desk, opened, hand: Hand) -> None:
    late = opened().ticket.id
    hand.advance(3 * HOUR)
    with unit_of_work():
        settle_due(late, now())
    old = db.session.scalars(sa.select(Breach).where(Breach.ticket_id == late)).all()
    assert old
    assert not any(breach.is_on_retarget for breach in old)
    was = {(breach.kind, breach.deadline_at, breach.target_seconds) for breach in old}
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 0.1, ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION))
    confirm(desk, revision.id)
    work()
    db.session.expire_all()
    rows = db.session.scalars(sa.select(Breach).where(Breach.ticket_id == late)).all()
    kept = {(breach.kind, breach.deadline_at, breach.target_seconds) for breach in rows if not breach.is_on_retarget}
    assert kept == was
    assert [breach.kind for breach in rows if breach.is_on_retarget] == [ClockKind.RESOLUTION]


# two people at once -------------------------------------------------------------------------------------


def test_what_the_ladder_raises_meanwhile_keeps_the_promises_of_its_priority(desk: Desk, opened, hand: Hand) -> None:
    """A level that nobody has swept is due before the new terms: it renews them, for another priority."""
    promise_levels([{"level": 1, "percent": 90, "act": "raise_priority"}], desk)
    numbers = [opened(impact=Level.LOW, urgency=Level.LOW).ticket.id for _number in range(3)]
    before = db.session.get(Ticket, numbers[0])
    own = queries.policy(load_terms(before.terms_id).content["policy_id"])
    revision = counted(desk, own, stretched(own, 2))
    confirm(desk, revision.id)
    hand.advance(40 * 24 * HOUR)
    work()
    tickets = [db.session.get(Ticket, number, populate_existing=True) for number in numbers]
    assert {ticket.priority for ticket in tickets} == {Priority.P3}
    assert {load_terms(ticket.terms_id).content["priority"] for ticket in tickets} == {Priority.P3}
    assert chains_hold()


def test_a_stale_preview_is_counted_anew(desk: Desk, crowd) -> None:
    standard, plus = policy_called("Standard"), policy_called("Business Plus")
    first, second = (
        counted(desk, standard, stretched(standard, 2)),
        counted(desk, plus, stretched(plus, 2)),
    )
    confirm(desk, first.id)
    work(first.id)
    with pytest.raises(Conflict), unit_of_work():
        revisions.confirm(second.id, desk.max.id, now())
    with unit_of_work():
        revisions.recount(second.id)
    work(second.id)
    confirm(desk, second.id)
    work()
    assert revisions.revision_of(second.id).state is RevisionState.APPLIED


def test_nothing_else_is_proposed_or_confirmed_meanwhile(desk: Desk, crowd) -> None:
    standard, plus = policy_called("Standard"), policy_called("Business Plus")
    waiting = counted(desk, plus, stretched(plus, 2))
    confirm(desk, counted(desk, standard, stretched(standard, 2)).id)
    with pytest.raises(Invalid, match="Standard"):
        propose(desk, plus, stretched(plus, 3))
    with pytest.raises(Invalid, match="Standard"):
        confirm(desk, waiting.id)


def test_what_is_not_counted_or_dropped_cannot_be_confirmed(desk: Desk, crowd) -> None:
    standard = policy_called("Standard")
    proposed = propose(desk, standard, stretched(standard, 2))
    with pytest.raises(Invalid):
        confirm(desk, proposed)
    again = propose(desk, standard, stretched(standard, 3))
    assert revisions.revision_of(proposed).state is RevisionState.DROPPED
    with unit_of_work():
        revisions.drop(again)
    with pytest.raises(Invalid):
        confirm(desk, again)
    assert work() == 0


def test_counting_goes_on_where_it_stopped(desk: Desk, crowd, monkeypatch, hand: Hand) -> None:
    monkeypatch.setattr(revising, "BATCH", 2)
    standard = policy_called("Standard")
    proposed = propose(desk, standard, stretched(standard, 2))
    work(proposed, steps=2)
    halfway = revisions.revision_of(proposed)
    assert halfway.state is RevisionState.COUNTING
    assert 0 < halfway.seen_count < len(crowd)
    hand.advance(1)
    work()
    done = revisions.revision_of(proposed)
    assert (done.state, done.seen_count, done.changed_count) == (RevisionState.COUNTED, len(crowd), len(crowd))
    assert sum(done.counts["tickets"].values()) == len(crowd)


def test_a_ticket_of_somebody_else_is_not_waited_for_in_vain(desk: Desk, crowd) -> None:
    """Behind the lease: a customer's plan changes nobody's terms, a finished ticket gets none."""
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    with unit_of_work() as session:
        session.execute(sa.update(Ticket).where(Ticket.id == crowd[0]).values(updated_at=now() + timedelta(seconds=2)))
    confirm(desk, revision.id)
    work()
    assert terms_changes()[crowd[0]] == 1  # another machine's clock ran ahead: its history never runs backwards
    assert chains_hold()


# locks, where the database has them ----------------------------------------------------------------------


@pytest.fixture
def other(desk: Desk):
    """A transaction of another process."""
    if is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    with db.engine.connect() as connection, connection.begin():
        yield connection


def test_a_ticket_that_somebody_has_ends_the_batch_before_it(desk: Desk, crowd, other) -> None:
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    db.session.rollback()
    other.execute(sa.select(Ticket.id).where(Ticket.id == crowd[3]).with_for_update())
    work(steps=1)
    assert terms_changes() == Counter(crowd[:3])
    assert revisions.revision_of(revision.id).seen_count == 3
    other.rollback()
    work()
    assert terms_changes() == Counter(crowd)
    assert revisions.revision_of(revision.id).seen_count == len(crowd)


def test_nobody_is_waited_for_while_tickets_are_held(desk: Desk, crowd, other) -> None:
    """Who has the first may wait for the next: waiting for them in turn, with those behind it in hand, never ends."""
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    confirm(desk, revision.id)
    db.session.rollback()
    other.execute(sa.select(Ticket.id).where(Ticket.id == crowd[0]).with_for_update())

    @contextmanager
    def impatient() -> Iterator[Any]:
        with unit_of_work() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
            yield session

    assert list(revising.work(impatient, now)) == []
    current = revisions.revision_of(revision.id)
    assert (current.seen_count, current.last_ticket_id, current.counts.get("failed")) == (0, 0, None)
    assert not terms_changes()
    other.rollback()
    work()
    assert terms_changes() == Counter(crowd)
    assert revisions.revision_of(revision.id).seen_count == len(crowd)


def test_who_is_promising_something_is_waited_for(desk: Desk, crowd, opened, other) -> None:
    """What is promised from the old book is committed before the walk begins, or reads the new one."""
    standard = policy_called("Standard")
    revision = counted(desk, standard, stretched(standard, 2))
    db.session.rollback()
    other.execute(queries._SHARED)

    def confirm_soon() -> None:
        with unit_of_work() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
            revisions.confirm(revision.id, desk.max.id, now())

    with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
        confirm_soon()
    opened()  # another's shared lock keeps nobody from opening a ticket
    other.rollback()
    confirm(desk, revision.id)
