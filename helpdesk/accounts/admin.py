"""Admin's front page, the permission table, people and teams."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from helpdesk.accounts import actions, invitations, queries, rota, teams
from helpdesk.accounts.forms import NewUserForm, TeamForm, UserForm
from helpdesk.accounts.models import User
from helpdesk.accounts.permissions import BILLING_TICKETS_ONLY, GRANTS, Permission
from helpdesk.accounts.sections import sections_for
from helpdesk.accounts.session import actor, person, requires, signed_in
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Forbidden, Invalid
from helpdesk.web.forms import Form, carry_out, page, see_other
from workflows.vocabulary import Role

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

_LINK = "invitation"


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    if not sections_for(person().roles):
        raise Forbidden(_("Your role doesn’t include this."))
    return render_template("admin/index.html")


@blueprint.get("/permissions")
@requires(Permission.EDIT_USERS)
def permissions() -> ResponseReturnValue:
    return render_template("admin/permissions.html", grants=GRANTS, roles=list(Role), billing_only=BILLING_TICKETS_ONLY)


# people -----------------------------------------------------------------------------------------------


@blueprint.get("/users")
@requires(Permission.EDIT_USERS)
def users() -> ResponseReturnValue:
    return render_template("admin/users.html", users=queries.users())


@blueprint.route("/users/new", methods=["GET", "POST"])
@requires(Permission.EDIT_USERS)
def new_user() -> ResponseReturnValue:
    form = NewUserForm(language=person().language, timezone=person().timezone)

    def save() -> str:
        user = actions.add_user(form.email.data, _profile(form), form.roles.data, actor(), now())
        _keep_link(user)
        flash(_("%(name)s has an account.", name=user.name), "done")
        return url_for("accounts.admin.user", user_id=user.id)

    return carry_out(form, save) or page("admin/user_new.html", form)


@blueprint.route("/users/<int:user_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_USERS)
def user(user_id: int) -> ResponseReturnValue:
    user = queries.user(user_id)
    form = UserForm(obj=user)

    def save() -> str:
        actions.set_roles(user, form.roles.data, actor(), now())
        actions.edit_profile(user, _profile(form), actor(), now())
        flash(_("Saved."), "done")
        return url_for("accounts.admin.users")

    return carry_out(form, save) or _user_page(user, form)


def _user_page(user: User, form: Form) -> ResponseReturnValue:
    history = queries.account_events(user.id)
    actors = queries.names_of({event.actor_id for event in history if event.actor_id is not None})
    kept = session.pop(_LINK, None)
    link = kept["link"] if kept and kept["user_id"] == user.id else None
    is_touchable = Role.ADMIN not in user.roles or actor().may(Permission.GRANT_ADMIN)
    return page(
        "admin/user.html", form, user=user, history=history, actors=actors, link=link, is_touchable=is_touchable
    )


def _profile(form: UserForm) -> actions.Profile:
    return actions.Profile(
        form.name.data, form.team_id.data, form.language.data, form.timezone.data, form.calendar_id.data
    )


def _keep_link(user: User) -> None:
    """Show the link on the next page, once: it is worth a password."""
    link = url_for("accounts.invitation", token=invitations.token_for(user), _external=True)
    session[_LINK] = {"user_id": user.id, "link": link}


@blueprint.post("/users/<int:user_id>/invitation")
@requires(Permission.EDIT_USERS)
def invite(user_id: int) -> ResponseReturnValue:
    with unit_of_work():
        user = queries.user(user_id)
        actions.invite(user, actor(), now())
    _keep_link(user)
    return see_other(url_for("accounts.admin.user", user_id=user_id))


@blueprint.post("/users/<int:user_id>/access")
@requires(Permission.EDIT_USERS)
def access(user_id: int) -> ResponseReturnValue:
    """Disable an account, or enable it again."""
    try:
        with unit_of_work():
            user = queries.user(user_id)
            (actions.disable if user.is_enabled else actions.enable)(user, actor(), now())
    except Invalid as error:
        user = queries.user(user_id)
        form = UserForm(obj=user)
        form.fail(error)
        return _user_page(user, form)
    if user.is_enabled:
        flash(_("%(name)s may sign in again.", name=user.name), "done")
    else:
        flash(_("%(name)s is signed out and can no longer sign in.", name=user.name), "done")
    return see_other(url_for("accounts.admin.user", user_id=user_id))


# teams ------------------------------------------------------------------------------------------------


@blueprint.get("/teams")
@requires(Permission.EDIT_CONFIGURATION)
def team_list() -> ResponseReturnValue:
    return render_template("admin/teams.html", teams=queries.teams(), sizes=queries.team_sizes())


@blueprint.route("/teams/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def new_team() -> ResponseReturnValue:
    form = TeamForm()

    def save() -> str:
        teams.add_team(_team_draft(form), now())
        flash(_("Saved."), "done")
        return url_for("accounts.admin.team_list")

    return carry_out(form, save) or page("admin/team.html", form, team=None)


@blueprint.route("/teams/<int:team_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def team(team_id: int) -> ResponseReturnValue:
    team = queries.team(team_id)
    form = TeamForm(obj=team)

    def save() -> str:
        teams.edit_team(team, _team_draft(form))
        flash(_("Saved."), "done")
        return url_for("accounts.admin.team_list")

    return carry_out(form, save) or page("admin/team.html", form, team=team, on_call=rota.on_call(team.id, now()))


def _team_draft(form: TeamForm) -> teams.TeamDraft:
    return teams.TeamDraft(form.name.data, form.lead_id.data, form.is_default.data)
