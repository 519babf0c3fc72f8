"""Who is signed in, and what that lets them do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import Flask, g, session
from flask_babel import gettext as _
from flask_login import current_user, login_required
from sqlalchemy.orm import joinedload

from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import Permission, may
from helpdesk.database import db
from helpdesk.errors import Forbidden
from helpdesk.extensions import login_manager
from workflows.vocabulary import Kind

P = ParamSpec("P")
R = TypeVar("R")


def configure(app: Flask) -> None:
    """Tell Flask-Login where the sign-in page is, and templates what the person may do."""
    login_manager.login_view = "accounts.login"
    login_manager.login_message = ""
    login_manager.session_protection = "basic"
    app.jinja_env.globals.update(may=person_may, Permission=Permission)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_user(session_id: str) -> User | None:
    """The account a session belongs to, unless it was disabled or its epoch has moved on."""
    user_id, _dot, epoch = session_id.partition(".")
    if not (user_id.isdigit() and epoch.isdigit()):
        return None
    # one statement: every page of the desk begins here
    user = db.session.get(User, int(user_id), options=[joinedload(User.role_rows)])
    if user is None or not user.is_enabled or user.session_epoch != int(epoch):
        return None
    g.signed_in_actor = session_id, Actor.of_user(user)
    return user


def person() -> User:
    """The signed-in user; call it only behind ``login_required`` or ``requires``."""
    return cast("User", current_user._get_current_object())


def actor() -> Actor:
    """Whoever is signed in, as this request found them.

    Kept beside the row: a unit of work ends the read that loaded it, and asking again would cost two statements.
    """
    session_id, found = g.get("signed_in_actor", (None, None))
    return cast("Actor", found) if found and session_id == session.get("_user_id") else Actor.of_user(person())


def visitor() -> User | None:
    """Whoever is signed in, if anybody is."""
    found = current_user._get_current_object()
    return found if isinstance(found, User) else None


def person_may(permission: Permission, kind: Kind | None = None) -> bool:
    user = visitor()
    return user is not None and may(user.roles, permission, kind)


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Guard a view that is for everybody who works here."""
    return cast("Callable[P, R]", login_required(view))


def requires(permission: Permission) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Guard a view: strangers sign in first, people without ``permission`` get 403."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not person_may(permission):
                raise Forbidden(_("Your role doesn’t include this."))
            return view(*args, **kwargs)

        return cast("Callable[P, R]", login_required(guarded))

    return guard
