"""From a customer's request to the mails and bells of everybody it concerns, through the product's own verbs."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.actions import Profile, add_user, invite
from helpdesk.accounts.actor import Actor
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.notifications.delivery import deliver_due
from helpdesk.notifications.models import Notification, OutboxMessage
from helpdesk.tickets.actions.assigning import assign
from helpdesk.tickets.actions.opening import Opened, Opening, open_ticket
from tests.helpdesk.notifications.postbox import Postbox
from tests.people import add_person, signed_in
from tests.worlds import starting_set
from workflows.vocabulary import Kind, Level, Role, Service


@pytest.fixture
def opened(app: Flask, hand: Hand) -> Opened:
    starting_set()
    request = Opening(
        Kind.TECHNICAL, Service.MICROSOFT365, Level.HIGH, Level.HIGH, "Az Outlook jelszót kér",
        "Reggel nyolc óta.", "Fehér Rita", "rita@alpina.example", language="hu",
    )  # fmt: skip
    with unit_of_work():
        return open_ticket(request, None, now())


def test_a_request_is_acknowledged_with_link_and_promises(opened: Opened) -> None:
    box = Postbox()
    deliver_due(now(), transport=box)
    (letter,) = [one for one in box.letters if one.mail["To"] == "rita@alpina.example"]
    assert letter.mail["Subject"] == f"[#{opened.ticket.id}] Az Outlook jelszót kér"
    text = letter.mail.get_content()
    assert f"http://localhost/track/{opened.token}" in text
    assert re.search(r"Legkésőbb ekkor válaszolunk Önnek: 2026\. 11\. 2\d\. \d+:\d\d \(CET\)", text)
    assert opened.token not in str(db.session.scalars(sa.select(OutboxMessage.params)).all())


def test_an_assignment_rings_and_leads_to_the_ticket(app: Flask, opened: Opened, hand: Hand) -> None:
    ana, lea = add_person("Ana Kovács", Role.AGENT), add_person("Lea Horváth", Role.LEAD)
    with unit_of_work():
        assign(opened.ticket.id, Actor.of_user(lea), ana.id, now())
    box = Postbox()
    deliver_due(now(), transport=box)
    assert box.subjects_to(ana.email) == [f"[#{opened.ticket.id}] Yours now: Az Outlook jelszót kér"]
    assert box.subjects_to(lea.email) == []
    browser = signed_in(app, ana)
    page = browser.get("/notifications").text
    assert f"#{opened.ticket.id} is yours now" in page
    (line,) = re.findall(r'href="(/notifications/\d+)"', page)
    assert browser.get(line).location == f"/tickets/{opened.ticket.id}"
    db.session.rollback()
    assert db.session.scalars(sa.select(Notification.read_at)).one() == hand()
    assert signed_in(app, lea).get(line).status_code == 404


def test_an_invited_colleague_gets_the_link_by_mail(app: Flask, hand: Hand) -> None:
    adam = Actor.of_user(add_person("Adam Nagy", Role.ADMIN))
    profile = Profile("Eszter Németh", language="hu")
    with unit_of_work():
        eszter = add_user("eszter@desk.example", profile, [Role.AGENT], adam, now())
    box = Postbox()
    assert deliver_due(now(), transport=box) == 1
    (letter,) = box.letters
    assert letter.mail["To"] == eszter.email
    text = letter.mail.get_content()
    assert "Adam Nagy fiókot hozott létre Önnek" in text
    assert "2026. 11. 27. 14:12 (CET)" in text
    (path,) = re.findall(r"http://localhost(/account/invitation/\S+)", text)
    assert app.test_client().get(path).status_code == 200
    with unit_of_work():
        invite(eszter, adam, now())
    assert deliver_due(now(), transport=box) == 1, "a fresh link is another mail"
    assert app.test_client().get(path).status_code == 404, "and the old one is dead"
    db.session.rollback()
    assert "secret_path" not in str(db.session.scalars(sa.select(OutboxMessage.params)).all())


def test_whoever_has_a_password_is_not_invited(app: Flask, hand: Hand) -> None:
    add_person("Ana Kovács", Role.AGENT)
    assert deliver_due(now(), transport=Postbox()) == 0
