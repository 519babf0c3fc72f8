"""What a pack must hold: the usual rows, changed by an admin, read by the rules."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.escalations import defaults, demands, queries
from helpdesk.sla import defaults as sla_defaults
from tests.people import add_person, signed_in
from workflows.pack import USUAL_REQUIREMENTS, required_items
from workflows.vocabulary import ChannelKind, Kind, PackItem, Role, Service

AZURE = (ChannelKind.PREMIER, Kind.TECHNICAL, Service.AZURE)
ROW: dict[str, Any] = {"items": ["domain"], "channels": ["premier"], "kinds": ["technical"], "services": ["azure"]}


@pytest.fixture
def adam(app: Flask, hand: Hand) -> FlaskClient:
    with unit_of_work():
        sla_defaults.install(now())
        defaults.install(now())
    return signed_in(app, add_person("Adam", Role.ADMIN))


def test_a_fresh_desk_asks_for_what_the_vendor_asks(adam: FlaskClient) -> None:
    assert queries.requirements() == USUAL_REQUIREMENTS
    with unit_of_work():
        defaults.install(now())
    assert len(demands.rows()) == len(USUAL_REQUIREMENTS)


def test_an_admin_asks_for_more_and_for_less(adam: FlaskClient) -> None:
    assert PackItem.DOMAIN not in required_items(queries.requirements(), *AZURE)
    assert adam.post("/admin/pack/new", data=ROW | {"is_enabled": "y"}).status_code == 303
    assert PackItem.DOMAIN in required_items(queries.requirements(), *AZURE)
    added = demands.rows()[-1]
    assert adam.post(f"/admin/pack/{added.id}", data=ROW).status_code == 303  # switched off
    assert PackItem.DOMAIN not in required_items(queries.requirements(), *AZURE)
    db.session.expire_all()
    assert demands.row(added.id).items == ["domain"]


@pytest.mark.parametrize("part", ROW)
def test_a_row_names_something_of_each(adam: FlaskClient, part: str) -> None:
    assert adam.post("/admin/pack/new", data=ROW | {part: []}).status_code == 422
    assert len(demands.rows()) == len(USUAL_REQUIREMENTS)


def test_a_trial_says_what_is_asked_for(adam: FlaskClient) -> None:
    page = adam.get("/admin/pack?channel=commercial&kind=billing&service=microsoft365").text
    asked = page.split('role="status"')[1].split("</p>")[0]
    assert "Subscription id" in asked
    assert "Steps to reproduce" not in asked
    assert 'role="status"' not in adam.get("/admin/pack?channel=nonsense&kind=billing&service=azure").text
    assert adam.get(f"/admin/pack/{demands.rows()[0].id}").status_code == 200


def test_only_admins_change_what_is_asked_for(app: Flask, adam: FlaskClient) -> None:
    ana = signed_in(app, add_person("Ana", Role.AGENT))
    assert ana.get("/admin/pack").status_code in (403, 404)
    assert ana.post("/admin/pack/new", data=ROW).status_code in (403, 404)
