"""Every page of Admin and of customers, by every role: open to those the permission table names, 403 to the rest."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from helpdesk.accounts.permissions import Permission, may
from helpdesk.accounts.sections import SECTIONS
from helpdesk.clock import Hand, now
from helpdesk.customers import actions as customers
from helpdesk.database import unit_of_work
from tests.people import add_person, signed_in
from tests.worlds import remembered, starting_set
from workflows.vocabulary import Role, Service

GUARDED = {
    Permission.EDIT_USERS: ("/admin/users", "/admin/users/new", "/admin/users/1", "/admin/permissions"),
    Permission.EDIT_CONFIGURATION: (
        "/admin/teams", "/admin/teams/new", "/admin/teams/1",
        "/admin/plans", "/admin/plans/new", "/admin/plans/1",
        "/admin/topics", "/admin/topics/new", "/admin/topics/1",
        "/admin/channels", "/admin/channels/1", "/admin/channels/2/entitlements/new",
        "/admin/channels/connection", "/admin/channels/import", "/admin/pack", "/admin/pack/1",
        "/admin/windows", "/admin/windows/1", "/admin/jobs",
    ),
    Permission.SEE_TODAY: ("/admin/channels/spending", "/reports/returns", "/reports/returns/tickets"),
    Permission.EDIT_PROMISES: (
        "/admin/calendars", "/admin/calendars/new", "/admin/calendars/1",
        "/admin/policies", "/admin/policies/new", "/admin/policies/1",
    ),
    Permission.SEE_CUSTOMERS: ("/customers", "/customers/1", "/customers/rights"),
    Permission.EDIT_CUSTOMERS: (
        "/customers/new", "/customers/1/edit", "/customers/1/contacts/new", "/customers/1/contacts/1",
        "/customers/1/subscriptions/new", "/customers/1/subscriptions/1", "/customers/1/rights/new",
    ),
}  # fmt: skip
POSTED = {
    Permission.EDIT_USERS: ("/admin/users/1/invitation", "/admin/users/1/access"),
    Permission.EDIT_PROMISES: ("/admin/policies/1/position", "/admin/policies/1/removal"),
    Permission.EDIT_CONFIGURATION: (
        "/admin/channels/entitlements/1/uses",
        "/admin/channels/connection",
        "/admin/channels/connection/trial",
        "/admin/channels/connection/end",
        "/admin/channels/import",
    ),
    Permission.EDIT_CUSTOMERS: ("/customers/1/contacts/1/removal", "/customers/1/rights/1/end"),
}


@pytest.fixture
def world(app: Flask, hand: Hand) -> Flask:
    remembered(_peopled)
    return app


def _peopled() -> None:
    starting_set()
    with unit_of_work():
        customer = customers.add_customer(customers.CustomerDraft("Alpina"), now())
        customers.add_contact(customer, "rita@alpina.example", "Rita", "hu", now())
        customers.add_subscription(customer, customers.SubscriptionDraft("Azure plan", Service.AZURE))


@pytest.mark.parametrize("role", Role)
def test_pages_open_by_right(world: Flask, role: Role) -> None:
    person = add_person("Somebody", role)
    browser = signed_in(world, person)
    for permission, addresses in GUARDED.items():
        wanted = 200 if may([role], permission) else 403
        found = {address: browser.get(address).status_code for address in addresses}
        assert found == dict.fromkeys(addresses, wanted), permission


@pytest.mark.parametrize("role", Role)
def test_acts_are_closed_without_the_right(world: Flask, role: Role) -> None:
    browser = signed_in(world, add_person("Somebody", role))
    for permission, addresses in POSTED.items():
        if not may([role], permission):
            found = {address: browser.post(address).status_code for address in addresses}
            assert found == dict.fromkeys(addresses, 403), permission


def test_strangers_are_sent_to_sign_in(world: Flask) -> None:
    stranger = world.test_client()
    for address in ("/admin", *(address for group in GUARDED.values() for address in group)):
        assert stranger.get(address).location.startswith("/login?next="), address
    for address in (address for group in POSTED.values() for address in group):
        assert stranger.post(address).status_code == 302, address


@pytest.mark.parametrize("role", Role)
def test_the_front_page_lists_what_a_role_may_open(world: Flask, role: Role) -> None:
    browser = signed_in(world, add_person("Somebody", role))
    page = browser.get("/admin")
    expected = {section.path for section in SECTIONS if may([role], section.permission)}
    if not expected:
        assert page.status_code == 403
        return
    listed = set(re.findall(r'class="area-card" href="([^"]+)"', page.text))
    assert listed == expected
    assert all(browser.get(path).status_code == 200 for path in listed)


def test_what_is_not_there_is_not_found(world: Flask) -> None:
    browser = signed_in(world, add_person("Adam", Role.ADMIN))
    for address in (
        "/admin/users/99", "/admin/teams/99", "/admin/plans/99", "/admin/topics/99", "/admin/channels/99",
        "/admin/channels/entitlements/99", "/admin/calendars/99", "/admin/policies/99", "/customers/99",
        "/customers/1/contacts/99", "/customers/1/subscriptions/99",
    ):  # fmt: skip
        assert browser.get(address).status_code == 404, address


def test_the_permission_page_shows_every_grant(world: Flask) -> None:
    page = signed_in(world, add_person("Adam", Role.ADMIN)).get("/admin/permissions").text
    rows = re.findall(r'<th scope="row">.*?</tr>', page, re.DOTALL)
    assert len(rows) == len(Permission)
    assert [row.count("yes") for row in rows] == [
        sum(may([role], permission) for role in Role) for permission in Permission
    ]
