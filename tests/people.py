"""People for tests: accounts with roles, and browsers in which they are signed in."""

from __future__ import annotations

from functools import cache

from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts.actions import Profile, add_user
from helpdesk.accounts.actor import COMMAND_LINE
from helpdesk.accounts.models import User
from helpdesk.accounts.passwords import hash_password
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from workflows.vocabulary import Role

PASSWORD = "a fine long password"


@cache
def password_hash() -> str:
    """One hash for all: making one takes a while on purpose."""
    return hash_password(PASSWORD)


def add_person(name: str, *roles: Role, team_id: int | None = None) -> User:
    """An account named like "Ana", whose address is ana@desk.example and whose password is PASSWORD."""
    email = f"{name.split(' ')[0].lower()}@desk.example"
    with unit_of_work():
        return add_user(email, Profile(name, team_id=team_id), roles, COMMAND_LINE, now(), password_hash())


def signed_in(app: Flask, user: User) -> FlaskClient:
    """A browser in which ``user`` is signed in, without the page that checks passwords."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = user.get_id(), True
    return client
