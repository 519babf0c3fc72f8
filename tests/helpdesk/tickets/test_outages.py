"""One vendor incident, many tickets: told together and each once, whatever runs how often; credits tracked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.models import User
from helpdesk.clock import Hand, now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations.outages.editing import IncidentDraft
from helpdesk.escalations.outages.models import IncidentTelling, IncidentTicket, IncidentUpdate, VendorIncident
from helpdesk.jobs import jobs
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets import outage_queries
from helpdesk.tickets.actions import crediting, holding, moving, outages, telling, triaging
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Message, Ticket
from tests.people import add_person, signed_in
from workflows.vocabulary import HoldCause, Kind, Role, Service, Trigger, Turn

from .conftest import Desk


@pytest.fixture
def incident_id(desk: Desk) -> int:
    with unit_of_work():
        began = now() - timedelta(minutes=90)
        draft = IncidentDraft("ex25194", Service.MICROSOFT365, "Mail is late", began)
        return crediting.save_incident(None, draft, desk.ana, now()).id


@pytest.fixture
def hit(opened: Callable[..., Opened], desk: Desk, incident_id: int) -> list[int]:
    """An English and a Hungarian ticket of the incident."""
    numbers = [
        opened(contact_email=f"{language}@alpina.example", language=language).ticket.id for language in ("en", "hu")
    ]
    for number in numbers:
        with unit_of_work():
            outages.link(number, desk.ana, incident_id, now())
            triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    return numbers


def tell(incident_id: int, desk: Desk, en: str = "It works again.", hu: str = "Újra működik.") -> None:
    with unit_of_work():
        outages.tell_all(incident_id, desk.ana, en, hu, "form-1", now())


def is_linked(number: int) -> bool:
    return db.session.scalar(sa.select(IncidentTicket.ticket_id).where(IncidentTicket.ticket_id == number)) is not None


def said(number: int) -> list[str]:
    rows = sa.select(Message.body).where(Message.ticket_id == number, Message.user_id.is_not(None))
    return list(db.session.scalars(rows.order_by(Message.id)))


def test_an_update_is_a_reply_in_each_tickets_language_once(hit: list[int], incident_id: int, desk: Desk) -> None:
    tell(incident_id, desk)
    tell(incident_id, desk)  # the form sent again
    for _run in range(2):
        list(jobs.tell_outages())
    assert [said(number) for number in hit] == [["It works again."], ["Újra működik."]]
    assert db.session.get_one(Ticket, hit[0]).turn is Turn.OURS
    mails = sa.select(sa.func.count()).where(OutboxMessage.topic == NoticeTopic.PUBLIC_REPLY)
    assert db.session.scalar(mails) == 2
    ((_update, count, told),) = outage_queries.updates(outage_queries.incident(incident_id))
    assert (count, told) == (2, 2)


def test_a_text_in_one_language_serves_all_and_none_is_refused(hit: list[int], incident_id: int, desk: Desk) -> None:
    with pytest.raises(Invalid):
        tell(incident_id, desk, " ", "")
    tell(incident_id, desk, hu="")
    list(jobs.tell_outages())
    assert said(hit[1]) == ["It works again."]


def test_a_crash_before_the_commit_tells_nothing_and_the_next_run_tells_once(
    hit: list[int], incident_id: int, desk: Desk
) -> None:
    tell(incident_id, desk)
    with unit_of_work():
        assert telling.spread_one(now())
    telling.tell_one(hit[0], now())
    db.session.rollback()
    list(jobs.tell_outages())
    with unit_of_work():
        assert not telling.tell_one(hit[0], now())
    assert said(hit[0]) == ["It works again."]


def test_what_has_ended_by_then_is_not_told(hit: list[int], incident_id: int, desk: Desk) -> None:
    tell(incident_id, desk)
    with unit_of_work():
        moving.move(hit[0], desk.ana, Trigger.WITHDRAW, now(), {"reason": "no_longer_needed"})
    list(jobs.tell_outages())
    assert [said(number) for number in hit] == [[], ["Újra működik."]]


def test_suggestions_are_open_tickets_of_the_service_since_then(
    opened: Callable[..., Opened], desk: Desk, incident_id: int, hit: list[int]
) -> None:
    other = opened().ticket.id
    opened(service=Service.AZURE)
    opened(kind=Kind.BILLING)
    found = outage_queries.incident(incident_id)
    assert [row.id for row in outage_queries.suggested(found)] == [other]
    assert [row.id for row in outage_queries.linked(found)] == hit
    with unit_of_work():
        outages.unlink(hit[0], desk.ana, now())
    assert {row.id for row in outage_queries.suggested(found)} == {other, hit[0]}


def test_what_its_author_may_no_longer_say_is_said_all_the_same(hit: list[int], incident_id: int, desk: Desk) -> None:
    """They were allowed to when they wrote it; their replies from now on are refused."""
    tell(incident_id, desk)
    with unit_of_work() as session:
        ana = session.get_one(User, desk.ana.id)
        ana.is_enabled = False
        ana.role_rows = [row for row in ana.role_rows if row.role is not Role.AGENT]
    list(jobs.tell_outages())
    assert said(hit[0]) == ["It works again."]
    waiting = sa.select(sa.func.count()).select_from(IncidentTelling).where(IncidentTelling.told_at.is_(None))
    assert db.session.scalar(waiting) == 0


def test_an_update_leaves_a_hold_and_its_reminders_as_they_are(
    hit: list[int], incident_id: int, desk: Desk, hand: Hand
) -> None:
    with unit_of_work():
        holding.hold(hit[0], desk.ana, HoldCause.CUSTOMER, now())
    before = db.session.get_one(Ticket, hit[0]).remind_at
    hand.at += timedelta(hours=5)
    tell(incident_id, desk)
    list(jobs.tell_outages())
    after = db.session.get_one(Ticket, hit[0], populate_existing=True)
    assert before is not None
    assert (after.hold_cause, after.remind_at) == (HoldCause.CUSTOMER, before)


def test_a_ticket_merged_before_it_was_told_hands_it_on(
    opened: Callable[..., Opened], hit: list[int], incident_id: int, desk: Desk
) -> None:
    """It is told where the work goes on, once, also when that ticket was not linked before."""
    target = opened(contact_email="en@alpina.example").ticket.id
    with unit_of_work():
        triaging.confirm_customer(target, desk.ana, desk.customer_id, now())
    tell(incident_id, desk)
    with unit_of_work():
        telling.spread_one(now())
    with unit_of_work():
        moving.move(hit[0], desk.ana, Trigger.MERGE, now(), {"target": str(target)})
    for _run in range(2):
        list(jobs.tell_outages())
    assert is_linked(target)
    assert (said(hit[0]), said(target)) == ([], ["It works again."])


def test_a_merged_ticket_is_not_linked_again(
    opened: Callable[..., Opened], hit: list[int], incident_id: int, desk: Desk
) -> None:
    with unit_of_work():
        outages.unlink(hit[0], desk.ana, now())
        moving.move(hit[0], desk.ana, Trigger.MERGE, now(), {"target": str(hit[1])})
    with pytest.raises(Invalid) as refused, unit_of_work():
        outages.link(hit[0], desk.ana, incident_id, now())
    assert f"#{hit[1]}" in refused.value.sentence


def test_thousands_are_noted_some_at_a_time(
    hit: list[int], incident_id: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "TOGETHER", 1)
    tell(incident_id, desk)
    known = sa.select(sa.func.count()).select_from(IncidentTelling)
    for count in (1, 2, 2):
        with unit_of_work():
            assert telling.spread_one(now())
        assert db.session.scalar(known) == count
    assert not outage_queries.is_to_spread()
    list(jobs.tell_outages())
    assert [said(number) for number in hit] == [["It works again."], ["Újra működik."]]


def test_a_text_that_names_one_of_the_customers_is_not_told_to_the_others(
    hit: list[int], incident_id: int, desk: Desk
) -> None:
    for text in ("Alpina Logistics has it too.", "ALPINA LOGISTICS KFT. reported it"):
        with pytest.raises(Invalid) as refused, unit_of_work():
            outages.tell_all(incident_id, desk.ana, text, "", "f", now())
        assert refused.value.field == "may_name"
        assert "Alpina Logistics Kft." in refused.value.sentence
    assert outages.customers_named(incident_id, "Cser Malom waits") == []
    with unit_of_work() as session:
        session.get_one(Ticket, hit[1]).is_customer_confirmed = False
        session.get_one(Ticket, hit[1]).claimed_company = "Cser Malom Bt."
    assert outages.customers_named(incident_id, "Cser Malom waits") == ["Cser Malom Bt."]
    assert outages.customers_named(incident_id, "The alpine logistics of it") == []
    with unit_of_work():
        outages.tell_all(incident_id, desk.ana, "Alpina Logistics has it too.", "", "f", now(), may_name=True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(IncidentUpdate)) == 1


def test_what_fails_is_put_off_longer_and_longer(hit: list[int], incident_id: int, desk: Desk) -> None:
    tell(incident_id, desk)
    with unit_of_work():
        telling.spread_one(now())
    waits = []
    for _time in range(12):
        with unit_of_work():
            outage_queries.put_off(hit[0], now())
        row = db.session.scalars(sa.select(IncidentTelling).where(IncidentTelling.ticket_id == hit[0])).one()
        waits.append(row.next_attempt_at - now())
    assert waits[0] == timedelta(minutes=2)
    assert waits == sorted(waits)
    assert waits[-1] == outage_queries.LONGEST_PUT_OFF


# on the ticket ------------------------------------------------------------------------------------------


def test_a_ticket_shows_its_outage_and_is_offered_those_that_fit(
    ana: FlaskClient, opened: Callable[..., Opened], hit: list[int], incident_id: int
) -> None:
    other = opened().ticket.id
    shown = ana.get(f"/tickets/{other}").text
    assert "It may belong to an outage" in shown
    assert "EX25194" in shown
    linked = ana.get(f"/tickets/{hit[0]}").text
    assert "It may belong to an outage" not in linked
    assert f'href="/incidents/{incident_id}">EX25194' in linked
    for elsewhere in (opened(service=Service.AZURE), opened(kind=Kind.BILLING)):
        assert "EX25194" not in ana.get(f"/tickets/{elsewhere.ticket.id}").text


def test_a_ticket_is_linked_and_taken_off_on_its_own_address(
    ana: FlaskClient, hit: list[int], incident_id: int
) -> None:
    assert is_linked(hit[0])
    assert "Take it off" in ana.get(f"/tickets/{hit[0]}/incident").text
    assert ana.post(f"/tickets/{hit[0]}/incident", data={}).status_code == 303
    assert not is_linked(hit[0])
    assert "Of its service, around the time it came" in ana.get(f"/tickets/{hit[0]}/incident").text
    assert ana.post(f"/tickets/{hit[0]}/incident", data={"incident": "x"}).status_code == 422
    assert ana.post(f"/tickets/{hit[0]}/incident", data={"incident": incident_id}).status_code == 303
    assert is_linked(hit[0])


def test_an_outage_is_begun_from_a_ticket(ana: FlaskClient, opened: Callable[..., Opened]) -> None:
    number = opened(subject="Nobody can sign in").ticket.id
    address = f"/incidents/new?ticket={number}"
    page = ana.get(address).text
    assert "Nobody can sign in" in page
    form = {"number": "MO77", "service": "microsoft365", "title": "Sign-in fails", "started": "2026-11-24T12:00"}
    ahead = ana.post(address, data=form | {"started": "2026-11-25T12:00"})
    assert (ahead.status_code, "This lies ahead." in ahead.text) == (422, True)
    old = ana.post(address, data=form | {"started": "1971-01-01T12:00"})
    assert (old.status_code, 'id="started-error"' in old.text) == (422, True)
    assert "This is more than a year ago." in old.text
    gone = ana.post(address, data=form)
    assert (gone.status_code, gone.headers["Location"]) == (303, f"/tickets/{number}")
    assert is_linked(number)
    assert ana.post(address, data=form).status_code == 422  # it is known


def test_an_outage_that_has_grown_old_can_still_be_edited(desk: Desk, incident_id: int, hand: Hand) -> None:
    hand.advance(500 * 24 * 3600)
    row = db.session.get_one(VendorIncident, incident_id)
    with unit_of_work():
        draft = IncidentDraft(row.number, row.service, "Mail was late", row.started_at, now())
        assert crediting.save_incident(row, draft, desk.ana, now()).title == "Mail was late"


def test_linking_none_of_those_offered_is_told(ana: FlaskClient, incident_id: int) -> None:
    answer = ana.post(f"/incidents/{incident_id}/tickets", data={}, follow_redirects=True)
    assert "Tick at least one." in answer.text


def test_several_are_linked_from_the_queue_and_those_refused_are_listed(
    ana: FlaskClient, opened: Callable[..., Opened], incident_id: int
) -> None:
    one, billing = opened().ticket.id, opened(kind=Kind.BILLING).ticket.id
    chosen = {"act": "incident", "ticket": [one, billing]}
    asked = ana.post("/queue/bulk", data=chosen)
    assert (asked.status_code, "EX25194" in asked.text) == (200, True)
    done = ana.post("/queue/bulk", data=chosen | {"incident": incident_id})
    assert "An outage belongs to technical tickets." in done.text
    assert (is_linked(one), is_linked(billing)) == (True, False)
    assert "Outage" in ana.get("/queue").text


# who may ------------------------------------------------------------------------------------------------


def test_the_rail_leads_there_whoever_sees_tickets(ana: FlaskClient, app: Flask, incident_id: int) -> None:
    assert 'href="/incidents"' in ana.get("/queue").text
    stranger = signed_in(app, add_person("Uma", Role.USER_ADMIN))
    assert 'href="/incidents"' not in stranger.get("/account/settings").text
    for path in (
        "/incidents", "/incidents/new", f"/incidents/{incident_id}", f"/incidents/{incident_id}/edit",
        f"/incidents/{incident_id}/customers/1", "/credits",
    ):  # fmt: skip
        assert stranger.get(path).status_code == 404, path
    for path in ("tickets", "updates", "customers/1/downtime", "customers/1/claim", "customers/1/credit"):
        assert stranger.post(f"/incidents/{incident_id}/{path}").status_code == 404, path


def test_who_only_reads_writes_nothing(app: Flask, hit: list[int], incident_id: int, desk: Desk) -> None:
    seller = signed_in(app, add_person("Sam", Role.SALES_AGENT))
    here = f"/incidents/{incident_id}"
    page = seller.get(here)
    assert page.status_code == 200
    assert "Tell them" not in page.text
    for path, sent in (
        ("/incidents/new", {}),
        (f"{here}/edit", {}),
        (f"{here}/updates", {"text_en": "Hi", "form_id": "a"}),
        (f"{here}/customers/{desk.customer_id}/downtime", {"reason": "x"}),
        (f"{here}/customers/{desk.customer_id}/claim", {"ticket": "new"}),
        (f"{here}/customers/{desk.customer_id}/credit", {"state": "requested"}),
        (f"/tickets/{hit[0]}/incident", {}),
    ):
        assert seller.post(path, data=sent).status_code == 403, path
    assert is_linked(hit[0])


def test_a_contact_sees_the_update_and_nothing_of_the_outage(
    app: Flask, opened: Callable[..., Opened], hit: list[int], incident_id: int, desk: Desk
) -> None:
    """Neither its number and title nor anybody else's name, on the tracker or in a mail."""
    with unit_of_work() as session:
        other = Customer(name="Borealis Energia Zrt.", search_name="borealis energia zrt.", created_at=now())
        session.add(other)
        session.flush()
        other_id = other.id
    rita = opened(contact_email="rita@borealis.example")
    with unit_of_work():
        triaging.confirm_customer(rita.ticket.id, desk.ana, other_id, now())
        outages.link(rita.ticket.id, desk.ana, incident_id, now())
    tell(incident_id, desk)
    list(jobs.tell_outages())
    tracked = app.test_client().get(f"/track/{rita.token}").text
    assert "It works again." in tracked
    mails = db.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.recipient == "rita@borealis.example"))
    read = tracked + " ".join(str(mail.params) for mail in mails)
    for hidden in ("EX25194", "Mail is late", "Alpina", "incident"):
        assert hidden not in read, hidden
