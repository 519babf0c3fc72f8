"""Rules of accounts: who may grant what, the last admin, what ends sessions, what is written down."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts import actions, queries
from helpdesk.accounts.actions import Profile
from helpdesk.accounts.actor import COMMAND_LINE, Actor
from helpdesk.accounts.models import AccountEvent, User
from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Forbidden, HelpdeskError, Invalid
from tests.people import add_person
from workflows.vocabulary import Role


@pytest.fixture
def adam(app: Flask, hand: Hand) -> Actor:
    return Actor.of_user(add_person("Adam", Role.ADMIN))


@pytest.fixture
def uma(app: Flask, hand: Hand) -> Actor:
    return Actor.of_user(add_person("Uma", Role.USER_ADMIN))


@pytest.fixture
def ana(app: Flask, hand: Hand) -> User:
    return add_person("Ana", Role.AGENT, Role.LEAD)


def user(actor: Actor) -> User:
    assert actor.id is not None
    return db.session.get_one(User, actor.id)


def written(user_id: int) -> list[str]:
    own = sa.select(AccountEvent.what).where(AccountEvent.user_id == user_id).order_by(AccountEvent.id)
    return list(db.session.scalars(own))


def test_an_address_is_kept_in_small_letters_and_once(app: Flask, hand: Hand) -> None:
    with unit_of_work():
        made = actions.add_user(" Bea@Desk.Example", Profile("Bea"), [Role.AGENT], COMMAND_LINE, now())
    assert made.email == "bea@desk.example"
    with pytest.raises(Invalid) as refused, unit_of_work():
        actions.add_user("BEA@desk.example", Profile("Bea"), [Role.AGENT], COMMAND_LINE, now())
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("email", "name", "roles", "field"),
    [
        ("no address", "X", [Role.AGENT], "email"),
        ("x@desk.example", " ", [Role.AGENT], "name"),
        ("x@desk.example", "X", [], "roles"),
    ],
)
def test_what_an_account_needs(app: Flask, hand: Hand, email: str, name: str, roles: list[Role], field: str) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work():
        actions.add_user(email, Profile(name), roles, COMMAND_LINE, now())
    assert refused.value.field == field


@pytest.mark.parametrize(
    "attempt",
    [
        lambda uma, adam: actions.add_user("eve@desk.example", Profile("Eve"), [Role.ADMIN], uma, now()),
        lambda uma, adam: actions.set_roles(user(adam), [Role.AGENT], uma, now()),
        lambda uma, adam: actions.set_roles(user(uma), [Role.USER_ADMIN, Role.ADMIN], uma, now()),
        lambda uma, adam: actions.disable(user(adam), uma, now()),
        lambda uma, adam: actions.invite(user(adam), uma, now()),
        lambda uma, adam: actions.edit_profile(user(adam), Profile("Eve"), uma, now()),
    ],
)
def test_a_user_admin_neither_grants_nor_touches_admin(
    uma: Actor, adam: Actor, attempt: Callable[[Actor, Actor], None]
) -> None:
    with pytest.raises(Forbidden), unit_of_work():
        attempt(uma, adam)


def test_an_agent_edits_nobody(ana: User, uma: Actor) -> None:
    with pytest.raises(Forbidden), unit_of_work():
        actions.set_roles(user(uma), [Role.AGENT], Actor.of_user(ana), now())


def test_losing_a_role_ends_sessions_and_gaining_one_does_not(ana: User, adam: Actor) -> None:
    with unit_of_work():
        actions.set_roles(ana, [Role.AGENT, Role.LEAD, Role.MANAGER], adam, now())
    assert (ana.session_epoch, ana.roles) == (0, {Role.AGENT, Role.LEAD, Role.MANAGER})
    with unit_of_work():
        actions.set_roles(ana, [Role.AGENT], adam, now())
    db.session.expire_all()
    assert (ana.session_epoch, ana.roles) == (1, {Role.AGENT})


def test_every_change_is_written_down_with_who(ana: User, adam: Actor) -> None:
    with unit_of_work():
        actions.set_roles(ana, [Role.AGENT], adam, now())
        actions.set_roles(ana, [Role.AGENT], adam, now())  # nothing changed, so nothing to write
        actions.disable(ana, adam, now())
        actions.enable(ana, adam, now())
        actions.invite(ana, adam, now())
        actions.change_password(ana, "hash", Actor.of_user(ana), now())
        actions.edit_profile(ana, Profile("Anna"), adam, now())
    assert written(ana.id) == ["created", "roles_set", "disabled", "enabled", "invited", "password_changed", "edited"]
    taken = db.session.scalars(sa.select(AccountEvent).where(AccountEvent.what == "roles_set")).one()
    assert (taken.actor_id, taken.particulars["taken"], taken.at) == (adam.id, ["lead"], now())
    assert ana.session_epoch == 4  # the lost role, disabling, the invitation, the password


def test_the_last_admin_stays(adam: Actor) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work():
        actions.set_roles(user(adam), [Role.AGENT], adam, now())
    assert refused.value.field == "roles"
    with pytest.raises(Invalid), unit_of_work():
        actions.disable(user(adam), COMMAND_LINE, now())


def test_a_disabled_admin_does_not_count(adam: Actor) -> None:
    other = add_person("Bela", Role.ADMIN)
    with unit_of_work():
        actions.disable(other, adam, now())
    assert queries.other_admins(adam.id or 0) == 0
    with pytest.raises(Invalid), unit_of_work():
        actions.set_roles(user(adam), [Role.AGENT], COMMAND_LINE, now())


def test_with_a_second_admin_the_first_may_go(adam: Actor) -> None:
    other = Actor.of_user(add_person("Bela", Role.ADMIN))
    with unit_of_work():
        actions.set_roles(user(adam), [Role.AGENT], other, now())
    assert user(adam).roles == {Role.AGENT}


def test_nobody_disables_themselves(adam: Actor) -> None:
    add_person("Bela", Role.ADMIN)
    with pytest.raises(Invalid), unit_of_work():
        actions.disable(user(adam), adam, now())


def test_two_admins_who_remove_each_other_at_once_leave_one(app: Flask, adam: Actor) -> None:
    bela = Actor.of_user(add_person("Bela", Role.ADMIN))
    both_ready, refused = threading.Barrier(2), []

    def remove(mine: Actor, other: Actor) -> None:
        with app.app_context():
            both_ready.wait()
            try:
                with unit_of_work():
                    actions.set_roles(user(other), [Role.AGENT], mine, now())
            except HelpdeskError as error:
                refused.append(error)
            db.session.remove()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((adam, bela), (bela, adam))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.expire_all()
    admins = [person for person in queries.users() if Role.ADMIN in person.roles]
    assert len(admins) == 1
    assert len(refused) == 1
