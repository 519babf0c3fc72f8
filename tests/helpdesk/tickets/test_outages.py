"""One vendor incident, many tickets: told together and each once, whatever runs how often; credits tracked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.escalations.outages import editing
from helpdesk.escalations.outages.models import IncidentTicket
from helpdesk.jobs import jobs
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets import outage_queries
from helpdesk.tickets.actions import moving, outages, triaging
from helpdesk.tickets.actions.opening import Opened
from helpdesk.tickets.models import Message, Ticket
from workflows.vocabulary import CreditState, Kind, Service, Trigger, Turn

from .conftest import Desk


@pytest.fixture
def incident_id(desk: Desk) -> int:
    with unit_of_work():
        began = now() - timedelta(minutes=90)
        service = Service.MICROSOFT365
        return editing.save_incident(None, "ex25194", service, "Mail is late", began, None, desk.ana.id, now()).id


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
    outages.tell_one(hit[0], now())
    db.session.rollback()
    list(jobs.tell_outages())
    with unit_of_work():
        assert not outages.tell_one(hit[0], now())
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


def test_a_customer_is_counted_once_with_the_minutes_of_the_outage(hit: list[int], incident_id: int) -> None:
    (one,) = outage_queries.affected(outage_queries.incident(incident_id), now())
    assert (one.customer.name, one.tickets, one.minutes) == ("Alpina Logistics Kft.", hit, 90)


def test_a_credit_is_tracked_until_it_is_passed_on(incident_id: int, desk: Desk) -> None:
    customer_id = db.session.scalars(sa.select(Customer.id)).one()

    def become(state: CreditState, cents: int | None = None) -> None:
        with unit_of_work():
            day = date(2026, 11, 24)
            editing.track_credit(incident_id, customer_id, state, cents, "EUR", desk.ana.id, day, now())

    with pytest.raises(Invalid):
        become(CreditState.PASSED_ON)
    become(CreditState.REQUESTED)
    with pytest.raises(Invalid):
        become(CreditState.GRANTED)
    become(CreditState.GRANTED, 12_50)
    ((credit, name, found),) = outage_queries.to_pass_on()
    assert (credit.amount_cents, name, found.number) == (1250, "Alpina Logistics Kft.", "EX25194")
    become(CreditState.PASSED_ON)
    assert outage_queries.to_pass_on() == []


def test_the_pages_lead_from_a_new_incident_to_a_credit_passed_on(ana: FlaskClient, hit: list[int], desk: Desk) -> None:
    form = {"number": "MO1", "service": "microsoft365", "title": "Sign-in fails", "started": "", "ended": ""}
    assert ana.post("/incidents/new", data=form).status_code == 422
    gone = ana.post("/incidents/new", data=form | {"started": "2026-11-24T09:00"})
    assert gone.status_code == 303
    here = gone.headers["Location"]
    assert ana.post("/incidents/new", data=form | {"started": "2026-11-24T09:00"}).status_code == 422  # it is known
    assert ana.post(f"{here}/tickets", data={"ticket": [hit[0]]}).status_code == 303
    assert ana.post(f"{here}/updates", data={"text_en": " ", "form_id": "a"}).status_code == 422
    assert ana.post(f"{here}/updates", data={"text_en": "Soon.", "form_id": "a"}).status_code == 303
    shown = ana.get(here).get_data(as_text=True)
    assert "Claim until: 2026-12-31T23:00:00Z" in shown
    assert "Sign-in fails" in ana.get("/incidents").get_data(as_text=True)
    credit = f"{here}/credits/{desk.customer_id}"
    assert ana.post(credit, data={"state": "requested"}).status_code == 303
    assert ana.post(credit, data={"state": "granted", "amount": "much"}).status_code == 422
    assert ana.post(credit, data={"state": "granted", "amount": "1 250,50"}).status_code == 303
    assert "1250.50 EUR" in ana.get("/credits").get_data(as_text=True)
    assert ana.post(credit, data={"state": "passed_on"}).status_code == 303
    assert "1250.50" not in ana.get("/credits").get_data(as_text=True)


def test_a_ticket_is_linked_and_taken_off_on_its_own_address(
    ana: FlaskClient, hit: list[int], incident_id: int
) -> None:
    assert is_linked(hit[0])
    assert ana.post(f"/tickets/{hit[0]}/incident", data={}).status_code == 303
    assert not is_linked(hit[0])
    assert ana.post(f"/tickets/{hit[0]}/incident", data={"incident": incident_id}).status_code == 303
    assert is_linked(hit[0])
