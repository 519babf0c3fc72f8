"""Not bought through us: told before sending, seen at intake, turned away politely with the right address."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.notifications.messages import compose
from helpdesk.notifications.models import OutboxMessage
from helpdesk.notifications.topics import NoticeTopic
from helpdesk.tickets.actions import assigning, moving
from tests.helpdesk.notifications.test_messages import HEAD
from tests.helpdesk.tickets.conftest import ana, number, topic_id, worked  # noqa: F401
from workflows.vocabulary import Trigger, TurnAwayReason

from .conftest import FIELDS, tickets, words

PORTAL = "https://portal.azure.com/#view/Microsoft_Azure_Support/HelpAndSupportBlade"


def test_the_form_names_every_portal(client, desk):
    page = client.get("/submit").get_data(as_text=True)
    assert "Did you buy it through us?" in page
    assert f'href="{PORTAL}"' in page
    assert page.count('name="bought_through_us"') == 3


@pytest.mark.parametrize(("answer", "kept"), [("no", "no"), ("unknown", "unknown"), (None, None), ("", None)])
def test_the_answer_is_kept_when_given(send, answer, kept):
    assert send(bought_through_us=answer).status_code == 303
    assert tickets()[0].intake.get("bought_through_us") == kept


def test_a_made_up_answer_comes_back(send):
    response = send(bought_through_us="maybe")
    assert response.status_code == 422
    assert "Choose one." in words(response)


def test_an_agent_sees_it_and_turns_away_in_the_customers_language(ana, client, desk):  # noqa: F811
    fields = FIELDS | {"bought_through_us": "no", "service": "azure"}
    client.post("/submit", data=fields, headers={"Accept-Language": "hu"})
    (ticket,) = tickets()
    page = ana.get(f"/tickets/{ticket.id}").text
    assert 'id="elsewhere"' in page
    assert "Azure portal, in their language (Magyar)" in page
    assert re.search(r'<input checked[^>]*value="not_our_customer"', page)
    with unit_of_work():
        assigning.assign(ticket.id, desk.ana, desk.ana.id, now())
    answer = ana.post(f"/tickets/{ticket.id}/transitions", data={"trigger": "turn_away", "reason": "not_our_customer"})
    assert answer.status_code == 303
    mail = db.session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    assert (mail.language, mail.params["service"]) == ("hu", "azure")
    assert 'id="elsewhere"' not in ana.get(f"/tickets/{ticket.id}").text


def test_who_bought_here_sees_nothing_of_it(ana, send):  # noqa: F811
    send(bought_through_us="yes")
    page = ana.get(f"/tickets/{tickets()[0].id}").text
    assert 'id="elsewhere"' not in page
    assert "Bought through us" in page


def test_an_agent_asks_on_the_telephone_too(ana, desk):  # noqa: F811
    form = {
        "contact_email": "zoltan@elsewhere.example", "contact_name": "Varga Zoltán", "kind": "technical",
        "service": "dynamics365", "impact": "high", "urgency": "low", "language": "en", "subject": "CRM is down",
        "description": "He phoned at nine.", "draft_id": "draft-9", "bought_through_us": "no",
    }  # fmt: skip
    assert "admin.powerplatform.microsoft.com" in ana.get("/tickets/new").text
    answer = ana.post("/tickets/new", data=form)
    assert "Power Platform admin center" in ana.get(answer.location).text


POLITE = {"en": "was not bought through us", "hu": "nem tőlünk vásárolták"}
ADDRESSES = {
    "azure": PORTAL,
    "microsoft365": "https://admin.microsoft.com/#/support",
    "dynamics365": "https://admin.powerplatform.microsoft.com/support",
    "other": "https://support.microsoft.com/contactus",
}


@pytest.mark.parametrize("language", ["en", "hu"])
@pytest.mark.parametrize("service", ADDRESSES)
def test_the_letter_names_the_portal_of_what_it_is_about(client, desk, service, language):
    """By the service that the ticket is about, in the customer’s language, and no other portal."""
    fields = FIELDS | {"bought_through_us": "no", "service": service}
    client.post("/submit", data=fields, headers={"Accept-Language": language})
    (ticket,) = tickets()
    with unit_of_work():
        assigning.assign(ticket.id, desk.ana, desk.ana.id, now())
        moving.move(ticket.id, desk.ana, Trigger.TURN_AWAY, now(), {"reason": TurnAwayReason.NOT_OUR_CUSTOMER.value})
    mail = db.session.scalars(
        sa.select(OutboxMessage).where(OutboxMessage.topic == NoticeTopic.TICKET_TURNED_AWAY)
    ).one()
    body = compose(mail.topic, mail.language, mail.params, mail.ticket_id, HEAD).body
    assert POLITE[language] in body
    assert [address for address in ADDRESSES.values() if address in body] == [ADDRESSES[service]]
