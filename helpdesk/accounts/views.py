"""Signing in and out, one's own password and settings, the way home."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from helpdesk.accounts import actions, admin, invitations, queries, rota_pages, throttling
from helpdesk.accounts.actor import Actor
from helpdesk.accounts.forms import ChangePasswordForm, NewPasswordForm, SettingsForm, SignInForm
from helpdesk.accounts.models import User
from helpdesk.accounts.passwords import check_password, hash_password, is_outdated, is_password
from helpdesk.accounts.sections import doors_for, home_of, sections_for
from helpdesk.accounts.session import actor, person, signed_in, visitor
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid, NotFound
from helpdesk.extensions import limiter
from helpdesk.web import moments
from helpdesk.web.forms import carry_out, page, see_other
from helpdesk.web.language import LANGUAGES

blueprint = Blueprint("accounts", __name__)
blueprint.register_blueprint(admin.blueprint)
blueprint.register_blueprint(rota_pages.blueprint)


@blueprint.app_context_processor
def what_is_open() -> dict[str, Any]:
    """The rail's doors and the areas of Admin for the person who reads."""
    user = visitor()
    roles = user.roles if user is not None else frozenset()
    return {"doors": doors_for(roles), "admin_sections": sections_for(roles)}


@blueprint.get("/")
def home() -> ResponseReturnValue:
    user = visitor()
    return redirect(home_of(user.roles) if user is not None else "/submit")


# signing in -------------------------------------------------------------------------------------------


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
def login() -> ResponseReturnValue:
    form, next_url = SignInForm(), own_path(request.values.get("next", ""))
    if (already := visitor()) is not None:
        return redirect(next_url or home_of(already.roles))
    if not form.is_accepted():
        return _sign_in_page(form, next_url, 422 if request.method == "POST" else 200)
    who = throttling.subjects(form.email.data, request.remote_addr or "")
    with unit_of_work():
        wait_until = throttling.admit(who, now())
    if wait_until is not None:
        return _sign_in_page(form, next_url, 429, wait_until)
    user = _whoever_knows(form.email.data, form.password.data)
    if user is None:
        return _sign_in_page(form, next_url, 422, throttling.blocked_until(who, now()), is_wrong=True)
    _greet(user, form.password.data, who)
    return see_other(next_url or home_of(user.roles))


def own_path(address: str) -> str:
    """``address`` when it is a path of ours, else nothing: a sign-in must not lead people elsewhere."""
    parts = urlsplit(address)
    is_own = address.startswith("/") and not address.startswith("//") and not parts.scheme and not parts.netloc
    return address if is_own and "\\" not in address and address.isprintable() else ""


def _whoever_knows(email: str, password: str) -> User | None:
    """The account with this password. Unknown and disabled ones take as long to be refused."""
    user = queries.user_by_email(email)
    fits = is_password(password, user.password_hash if user is not None else None)
    return user if user is not None and fits and user.is_enabled else None


def _greet(user: User, password: str, who: tuple[throttling.Subject, throttling.Subject]) -> None:
    fresh = hash_password(password) if is_outdated(user.password_hash) else None
    with unit_of_work():
        throttling.forgive(who)
        if fresh is not None:
            actions.renew_hash(user, fresh)
    _begin_session(user)


def _begin_session(user: User) -> None:
    """A session of its own: what a stranger put into this browser's before must not be carried in."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    login_user(user)


def _sign_in_page(
    form: SignInForm, next_url: str, status: int, wait_until: datetime | None = None, *, is_wrong: bool = False
) -> ResponseReturnValue:
    failure = _("The e-mail address or the password is wrong.") if is_wrong else ""
    if wait_until is not None:
        wait_text = _("Too many tries: you can try again at %(time)s.", time=moments.clock_time(wait_until))
        failure = f"{failure} {wait_text}".strip()
    body = render_template("accounts/login.html", form=form, next_url=next_url, failure=failure)
    wait = wait_until - now() if wait_until is not None else None
    headers = {"Retry-After": str(max(1, math.ceil(wait.total_seconds())))} if wait and status == 429 else {}
    return body, status, headers


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return see_other(url_for("accounts.login"))


# one's own account ------------------------------------------------------------------------------------


@blueprint.route("/account/password", methods=["GET", "POST"])
@signed_in
@limiter.limit("10 per minute", methods=["POST"])
def password() -> ResponseReturnValue:
    form, user = ChangePasswordForm(), person()
    if form.is_accepted():
        try:
            _change_password(form, user)
        except Invalid as error:
            form.fail(error)
        else:
            _begin_session(user)
            flash(_("Your password is changed; every other session has ended."), "done")
            return see_other(home_of(user.roles))
    return page("accounts/password.html", form)


def _change_password(form: ChangePasswordForm, user: User) -> None:
    if not is_password(form.current.data, user.password_hash):
        raise Invalid(_("This is not your password."), "current")
    check_password(form.password.data, user.email)
    hashed = hash_password(form.password.data)
    with unit_of_work():
        actions.change_password(user, hashed, actor(), now())


@blueprint.route("/account/invitation/<token>", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Choose a password by a one-time link and be signed in."""
    user = invitations.invited(token)
    if user is None:
        raise NotFound(_("This link was used or is too old. Ask an admin of the desk for a new one."))
    form = NewPasswordForm()
    if form.is_accepted():
        try:
            check_password(form.password.data, user.email)
            _accept(token, user, hash_password(form.password.data))
        except Invalid as error:
            form.fail(error)
        else:
            return see_other(home_of(user.roles))
    return page("accounts/invitation.html", form, invited=user)


def _accept(token: str, user: User, hashed: str) -> None:
    with unit_of_work():
        if invitations.invited(token, lock=True) is not user:  # two tabs may send the same link
            raise NotFound(_("This link was used or is too old. Ask an admin of the desk for a new one."))
        actions.change_password(user, hashed, Actor.of_user(user), now())
    _begin_session(user)


@blueprint.route("/account/settings", methods=["GET", "POST"])
@signed_in
def settings() -> ResponseReturnValue:
    form = SettingsForm(obj=person())

    def save() -> str:
        user = person()
        profile = actions.Profile(
            form.name.data, user.team_id, form.language.data, form.timezone.data, form.calendar_id.data
        )
        actions.edit_profile(user, profile, actor(), now())
        session.pop("language", None)  # the choice of this session gives way to the one just made
        flash(_("Saved."), "done")
        return url_for("accounts.settings")

    return carry_out(form, save) or page("accounts/settings.html", form)


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    """Speak another language for this session, and go back to the page."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        session["language"] = chosen
    return see_other(own_path(request.form.get("next", "")) or "/")
