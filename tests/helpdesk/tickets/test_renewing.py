"""A customer's new plan reaches their open tickets, other times of the vendor reach open cases: each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from helpdesk.clock import Hand, now
from helpdesk.customers import actions as customers
from helpdesk.customers.models import Customer
from helpdesk.database import db, is_sqlite, unit_of_work
from helpdesk.escalations import editing
from helpdesk.escalations.models import SupportChannel, VendorCase, VendorTerm
from helpdesk.jobs import jobs
from helpdesk.sla import queries, revisions
from helpdesk.sla.drafts import CalendarDraft
from helpdesk.sla.models import SlaClock
from helpdesk.sla.terms import load_terms
from helpdesk.tickets import renewing, revising
from helpdesk.tickets.actions import escalating, moving, triaging
from helpdesk.tickets.history import verify
from helpdesk.tickets.models import Ticket, TicketEvent
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ChannelKind, ClockKind, EventKind, Severity, Trigger, VendorCaseState

from .conftest import Desk

HOUR = 3600


def plan_of(name: str) -> int:
    policy = next(policy for policy in queries.policies() if policy.name == name)
    assert policy.support_plan_id is not None
    return policy.support_plan_id


def give_plan(customer_id: int, plan_id: int | None) -> None:
    with unit_of_work():
        change_plan(customer_id, plan_id)


def change_plan(customer_id: int, plan_id: int | None) -> None:
    customer = db.session.get_one(Customer, customer_id)
    draft = customers.CustomerDraft(customer.name, support_plan_id=plan_id)
    customers.edit_customer(customer, draft, now())


def work() -> int:
    return sum(jobs.renew_promises())


def terms_changes() -> Counter[int]:
    db.session.rollback()
    rows = sa.select(TicketEvent.ticket_id).where(TicketEvent.what == EventKind.TERMS_CHANGED)
    return Counter(db.session.scalars(rows))


def policy_names(numbers: list[int]) -> set[str]:
    db.session.rollback()
    rows = sa.select(Ticket.terms_id).where(Ticket.id.in_(numbers))
    return {load_terms(terms_id).policy_name for terms_id in db.session.scalars(rows) if terms_id is not None}


@pytest.fixture
def theirs(desk: Desk, opened: Callable[..., Any], hand: Hand) -> list[int]:
    """Five tickets of the customer, who has no plan yet."""
    give_plan(desk.customer_id, None)
    work()
    numbers = [opened().ticket.id for _ in range(5)]
    with unit_of_work():
        for number in numbers:
            triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    hand.advance(600)
    return numbers


def test_open_tickets_get_the_promises_of_the_new_plan(desk: Desk, theirs: list[int], opened, hand: Hand) -> None:
    stranger = opened().ticket.id
    with unit_of_work():
        moving.move(theirs[0], desk.ana, Trigger.WITHDRAW, now(), {"reason": "no_longer_needed"})
    before = terms_changes()
    give_plan(desk.customer_id, plan_of("Business Plus"))
    assert work() > 0
    assert terms_changes() - before == Counter(theirs[1:])
    assert policy_names(theirs[1:]) == {"Business Plus"}
    assert "Business Plus" not in policy_names([theirs[0], stranger])
    assert all(broken is None for _number, broken in verify())
    assert work() == 0


def test_the_deadline_counts_from_the_opening(desk: Desk, theirs: list[int]) -> None:
    give_plan(desk.customer_id, plan_of("Business Plus"))
    work()
    rows = sa.select(SlaClock).where(SlaClock.ticket_id == theirs[0], SlaClock.kind == ClockKind.RESOLUTION)
    clock = db.session.scalars(rows).one()
    terms = load_terms(clock.terms_id)
    assert terms.policy_name == "Business Plus"
    due_at = terms.calendars[ClockKind.RESOLUTION].add(clock.started_at, terms.policy["targets"]["resolution"])
    assert clock.due_at == due_at


def test_saving_without_another_plan_asks_for_nothing(desk: Desk, theirs: list[int]) -> None:
    give_plan(desk.customer_id, None)
    assert work() == 0


def step_and_die() -> None:
    with unit_of_work():
        renewing.step(renewing.PLANS, now(), 2)
        raise RuntimeError


def test_a_walk_that_dies_goes_on_where_it_stopped(desk: Desk, theirs: list[int], monkeypatch) -> None:
    monkeypatch.setattr(renewing, "BATCH", 2)
    before = terms_changes()
    give_plan(desk.customer_id, plan_of("Business Plus"))
    with pytest.raises(RuntimeError):
        step_and_die()
    assert terms_changes() == before  # all of a batch, or nothing of it
    with unit_of_work():
        renewing.step(renewing.PLANS, now(), 2)
    assert terms_changes() - before == Counter(theirs[:2])
    work()
    assert terms_changes() - before == Counter(theirs)


def test_another_plan_amid_the_walk_begins_it_anew(desk: Desk, theirs: list[int]) -> None:
    give_plan(desk.customer_id, plan_of("Business Plus"))
    with unit_of_work():
        renewing.step(renewing.PLANS, now(), 2)
        gone_on = sa.update(Customer).where(Customer.id == desk.customer_id)
        apart = {"synchronize_session": False}
        db.session.execute(gone_on.values(renewed_to_id=0), execution_options=apart)
    with unit_of_work():
        read = db.session.get_one(Customer, desk.customer_id)  # as a page does before the walk goes on
        assert read.renewed_to_id == 0
        db.session.execute(gone_on.values(renewed_to_id=theirs[1]), execution_options=apart)
        change_plan(desk.customer_id, None)
    work()
    assert "Business Plus" not in policy_names(theirs)


def test_one_that_fails_is_passed_by(desk: Desk, theirs: list[int], monkeypatch) -> None:
    renew = renewing.renew_terms

    def fail(change, **why) -> None:
        if change.ticket.id == theirs[2]:
            raise ValueError
        renew(change, **why)

    before = terms_changes()
    monkeypatch.setattr(renewing, "renew_terms", fail)
    give_plan(desk.customer_id, plan_of("Business Plus"))
    work()
    assert terms_changes() - before == Counter(set(theirs) - {theirs[2]})
    assert work() == 0


def test_a_passing_failure_of_the_database_passes_nobody_by(desk: Desk, theirs: list[int], monkeypatch) -> None:
    renew, failures = renewing.renew_terms, [OperationalError("", None, Exception("deadlock detected"))] * 2

    def shaky(change, **why) -> None:
        if failures:
            raise failures.pop()
        renew(change, **why)

    before = terms_changes()
    monkeypatch.setattr(renewing, "renew_terms", shaky)
    give_plan(desk.customer_id, plan_of("Business Plus"))
    for _run in range(2):
        with pytest.raises(OperationalError):
            work()
    work()
    assert terms_changes() - before == Counter(theirs)


def test_a_ticket_that_somebody_has_comes_later(desk: Desk, theirs: list[int]) -> None:
    if is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    before = terms_changes()
    give_plan(desk.customer_id, plan_of("Business Plus"))
    with db.engine.connect() as other, other.begin():
        other.execute(sa.select(Ticket.id).where(Ticket.id == theirs[2]).with_for_update())
        work()
        assert terms_changes() - before == Counter(theirs[:2])
    work()
    assert terms_changes() - before == Counter(theirs)


# the vendor's times -----------------------------------------------------------------------------------


@pytest.fixture
def case(desk: Desk, worked: int) -> VendorCase:
    """A case of severity A with Premier, whose first answer is due in two open hours."""
    with unit_of_work() as session:
        session.execute(sa.delete(VendorTerm))
        promise(2 * HOUR)
    with unit_of_work():
        asked = {"severity": Severity.A.value, "reason": "no workaround"}
        moving.move(worked, desk.ana, Trigger.ESCALATE_TO_PREMIER, now(), asked)
    found = db.session.scalars(sa.select(VendorCase)).one()
    with unit_of_work():
        escalating.record_vendor_number(worked, found.id, desk.ana, "2611240040", now())
    return found


def premier() -> SupportChannel:
    return db.session.scalars(sa.select(SupportChannel).where(SupportChannel.kind == ChannelKind.PREMIER)).one()


def promise(*seconds: int) -> None:
    """What Premier promises from now on, as its page saves it."""
    channel, hours = premier(), desk_hours()
    terms = [editing.Term(ClockKind.VENDOR_RESPONSE, Severity.A, each, hours.id) for each in seconds]
    drafted = editing.ChannelDraft(
        name=channel.name, services=["azure", "microsoft365"], needs_entitlement=True, is_enabled=True,
        cost_rank=channel.cost_rank, fee=channel.fee, source=channel.source, terms=terms,
    )  # fmt: skip
    editing.edit_channel(channel, drafted, now())
    db.session.flush()


def desk_hours() -> Any:
    return next(each for each in queries.calendars() if each.name == "Desk hours")


def response(case_id: int) -> SlaClock:
    db.session.rollback()
    rows = sa.select(SlaClock).where(SlaClock.case_id == case_id, SlaClock.kind == ClockKind.VENDOR_RESPONSE)
    return db.session.scalars(rows.execution_options(populate_existing=True)).one()


def due(clock: SlaClock, seconds: int) -> Any:
    return BusinessCalendar.of(desk_hours().version.definition).add(clock.started_at, seconds)


def test_an_open_case_follows_other_times_from_its_opening(desk: Desk, case: VendorCase, hand: Hand) -> None:
    work()
    hand.advance(600)
    assert response(case.id).due_at == due(response(case.id), 2 * HOUR)
    with unit_of_work():
        promise(5 * HOUR)
    assert work() > 0
    clock = response(case.id)
    assert clock.due_at == due(clock, 5 * HOUR)
    db.session.refresh(case)
    assert case.word_due_at == clock.due_at
    assert work() == 0
    assert all(broken is None for _number, broken in verify())


def test_times_that_are_taken_away_end_the_clock(desk: Desk, case: VendorCase) -> None:
    with unit_of_work():
        promise()
    work()
    assert (response(case.id).target_seconds, response(case.id).next_fire_at) == (None, None)


def test_a_closed_case_keeps_what_it_had(desk: Desk, case: VendorCase, hand: Hand) -> None:
    with unit_of_work():
        escalating.change_vendor_case(case.ticket_id, case.id, desk.ana, VendorCaseState.CLOSED, now())
    had = case.terms_id
    with unit_of_work():
        promise(5 * HOUR)
    work()
    db.session.refresh(case)
    assert case.terms_id == had


def test_a_case_that_is_closed_before_its_ticket_is_ours_keeps_what_it_had(
    desk: Desk, case: VendorCase, monkeypatch
) -> None:
    had, claim = case.terms_id, renewing.changing_many
    with unit_of_work():
        promise(5 * HOUR)

    def too_late(*args):
        escalating.change_vendor_case(case.ticket_id, case.id, desk.ana, VendorCaseState.CLOSED, now())
        db.session.flush()
        return claim(*args)

    monkeypatch.setattr(renewing, "changing_many", too_late)
    work()
    db.session.refresh(case)
    assert (case.state, case.terms_id) == (VendorCaseState.CLOSED, had)
    assert work() == 0


def test_open_cases_follow_the_calendar_that_the_vendor_keeps(desk: Desk, case: VendorCase) -> None:
    calendar, before = desk_hours(), response(case.id).due_at
    definition = dict(calendar.version.definition)
    definition["week"] = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    definition["holidays"] = {}
    with unit_of_work():
        draft = CalendarDraft(calendar.name, definition)
        revision_id = revisions.propose_calendar(calendar, draft, desk.max.id, now()).id
    list(revising.work(unit_of_work, now))
    with unit_of_work():
        revisions.confirm(revision_id, desk.max.id, now())
    work()
    assert response(case.id).due_at == before  # not before the walk of the tickets is done
    list(revising.work(unit_of_work, now))
    assert work() > 0
    clock = response(case.id)
    assert clock.due_at == due(clock, 2 * HOUR)
