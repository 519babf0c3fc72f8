"""The right to act for a customer: told at intake with words to ask for it, demanded when escalating."""

from __future__ import annotations

from datetime import date

import pytest

from helpdesk.clock import now
from helpdesk.customers import rights
from helpdesk.customers.models import Customer
from helpdesk.database import db, unit_of_work
from helpdesk.tickets import facts
from helpdesk.tickets.actions import moving, triaging
from helpdesk.tickets.models import Ticket
from workflows.machine import Refused
from workflows.vocabulary import RightKind, Service, State, Trigger

TODAY = date(2026, 11, 24)


def grant(desk, kind, ends_on=None, service=None, granted_on=date(2026, 1, 1)):
    with unit_of_work() as session:
        customer = session.get_one(Customer, desk.customer_id)
        draft = rights.RightDraft(kind, service, "Service support administrator", granted_on, ends_on)
        return rights.record(customer, draft, desk.ana.user_id, now()).id


def codes(number, desk):
    ticket = db.session.get_one(Ticket, number)
    reasons = facts.gather(ticket, desk.ana, now()).channels
    return {reason.code for found in reasons.values() for reason in found if "delegated" in reason.code or "role" in reason.code}  # fmt: skip  # noqa: E501


def escalate(number, desk):
    with unit_of_work():
        moving.move(number, desk.ana, Trigger.ESCALATE_TO_PREMIER, now())


def test_nothing_is_demanded_until_the_desk_records_its_first_right(worked, desk):
    assert codes(worked, desk) == set()
    grant(desk, RightKind.RESELLER_RELATIONSHIP)
    assert codes(worked, desk) == {"delegated_admin_missing", "support_request_role_missing"}
    with pytest.raises(Refused):
        escalate(worked, desk)


def test_a_setting_demands_rights_always_or_never(app, worked, desk):
    app.config["TRACK_RIGHTS"] = "on"
    assert "delegated_admin_missing" in codes(worked, desk)
    grant(desk, RightKind.RESELLER_RELATIONSHIP)
    app.config["TRACK_RIGHTS"] = "off"
    escalate(worked, desk)


def test_all_three_open_azure_until_the_last_day(worked, desk):
    grant(desk, RightKind.DELEGATED_ADMIN, TODAY)
    grant(desk, RightKind.SUPPORT_REQUEST, service=Service.AZURE)
    grant(desk, RightKind.RESELLER_RELATIONSHIP)
    escalate(worked, desk)
    assert db.session.get_one(Ticket, worked).state is State.ESCALATED_PREMIER


def test_an_expired_role_says_since_when_and_a_renewed_one_opens(worked, desk):
    old = grant(desk, RightKind.DELEGATED_ADMIN, date(2026, 11, 23))
    assert "delegated_admin_ended" in codes(worked, desk)
    with unit_of_work():
        right = rights.right_of(desk.customer_id, old)
        rights.replace(right, rights.RightDraft(right.kind, None, "", TODAY, None), None, now())
    assert "delegated_admin_ended" not in codes(worked, desk)
    kept = rights.rights_of(desk.customer_id)
    assert [row.ends_on for row in kept] == [None, date(2026, 11, 23)]


@pytest.mark.parametrize(
    ("service", "granted_on"), [(Service.MICROSOFT365, date(2026, 1, 1)), (None, date(2026, 11, 25))]
)
def test_a_right_for_another_service_or_of_tomorrow_does_not_count(worked, desk, service, granted_on):
    grant(desk, RightKind.DELEGATED_ADMIN, service=service, granted_on=granted_on)
    assert "delegated_admin_missing" in codes(worked, desk)


def test_the_longest_of_several_grants_speaks(worked, desk):
    grant(desk, RightKind.DELEGATED_ADMIN, date(2027, 1, 1))
    grant(desk, RightKind.DELEGATED_ADMIN, date(2026, 1, 2))
    ticket = db.session.get_one(Ticket, worked)
    assert facts.standing_of(ticket, now()).delegated_admin.ends_on == date(2027, 1, 1)


# at intake --------------------------------------------------------------------------------------------


def test_the_ticket_says_what_to_ask_in_the_customers_language(ana, opened, desk):
    grant(desk, RightKind.RESELLER_RELATIONSHIP)
    number = opened(service=Service.AZURE, language="hu").ticket.id
    assert 'id="rights"' not in ana.get(f"/tickets/{number}").text  # nobody has confirmed the customer
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    page = ana.get(f"/tickets/{number}").text
    assert "The customer has granted no delegated admin role." in page
    assert "Tisztelt Rita Fehér!" in page
    assert "Support request contributor" in page
    assert "viszonteladói kapcsolat elfogadása" not in page  # that one they have granted


def test_the_letter_in_english_and_what_ends_soon(ana, opened, desk):
    grant(desk, RightKind.DELEGATED_ADMIN, date(2026, 12, 6))
    number = opened().ticket.id
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    page = ana.get(f"/tickets/{number}").text
    assert "Our right to act for this customer ends soon." in page
    assert "Dear Rita Fehér," in page
    assert "A delegated admin role for us, to follow the present one, which ends on 6 Dec 2026." in page


def test_the_letter_is_dated_as_its_reader_writes_dates(ana, opened, desk):
    grant(desk, RightKind.DELEGATED_ADMIN, date(2026, 12, 6))
    number = opened(language="hu").ticket.id
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    page = ana.get(f"/tickets/{number}").text
    assert f"Bejelentése (#{number}) ügyében" in page
    assert "(a jelenlegi utolsó napja: 2026. 12. 6.)" in page
    letter = page.split('id="rights-letter"')[1].split(">", 1)[1].split("</textarea>")[0]
    assert "\n\n\n" not in letter


def test_a_customer_who_granted_all_hears_nothing(ana, opened, desk):
    grant(desk, RightKind.DELEGATED_ADMIN)
    number = opened().ticket.id
    with unit_of_work():
        triaging.confirm_customer(number, desk.ana, desk.customer_id, now())
    assert 'id="rights"' not in ana.get(f"/tickets/{number}").text


# indirect resellers -----------------------------------------------------------------------------------


def test_an_indirect_reseller_is_shown_the_way_through_its_provider(app, ana, worked):
    assert 'id="provider"' not in ana.get(f"/tickets/{worked}/escalate").text
    app.config |= {"PARTNER_KIND": "indirect_reseller", "INDIRECT_PROVIDER": "Distri Zrt., support@distri.example"}
    page = ana.get(f"/tickets/{worked}/escalate").text
    assert "Distri Zrt., support@distri.example" in page
    assert "An indirect reseller can&#39;t open Azure requests" in page
    assert f"/tickets/{worked}/pack" in page
