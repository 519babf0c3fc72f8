"""Forms of signing in, of one's own account, and of the people and teams an admin looks after."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from helpdesk.accounts import queries
from helpdesk.accounts.passwords import LONGEST, SHORTEST
from helpdesk.web.forms import Form, line, one_language, one_row, one_zone, several_words, stripped
from workflows.vocabulary import Role

_NEEDED = _l("This is needed.")


class SignInForm(Form):
    email = StringField(_l("E-mail"), [InputRequired(_NEEDED), Length(max=254)], filters=[stripped])
    password = PasswordField(_l("Password"), [InputRequired(_NEEDED), Length(max=LONGEST)])


def _new_password() -> Any:
    rule = _l("At least %(n)s characters, not your e-mail address. A few words make a good one.", n=SHORTEST)
    return PasswordField(_l("New password"), [InputRequired(_NEEDED)], description=rule)


def _new_password_again() -> Any:
    same = EqualTo("password", _l("The two differ: type the new password again."))
    return PasswordField(_l("New password again"), [InputRequired(_NEEDED), same])


class NewPasswordForm(Form):
    password = _new_password()
    again = _new_password_again()


class ChangePasswordForm(Form):
    current = PasswordField(_l("Password now"), [InputRequired(_NEEDED), Length(max=LONGEST)])
    password = _new_password()
    again = _new_password_again()


class SettingsForm(Form):
    name = line(_l("Name"), _l("As colleagues and customers read it."), longest=120, required=True)
    language = one_language(_l("Language"), _l("The language the desk speaks to you, on pages and in mail."))
    timezone = one_zone(_l("Time zone"), _l("Every moment is shown in this zone."))
    calendar_id = one_row(
        _l("Working hours"),
        queries.calendar_choices,
        _l("Outside them warnings and breaches wait until work begins, unless they are urgent."),
        none=_l("Those of the desk"),
    )


class UserForm(SettingsForm):
    team_id = one_row(
        _l("Team"),
        lambda: [(team.id, team.name) for team in queries.teams()],
        _l("Where this person works. Tickets they take stay with the ticket’s team."),
        none=_l("No team"),
    )
    roles = several_words(
        _l("Roles"), lambda: Role, _l("Rights add up. Taking a role away signs the person out everywhere.")
    )


class NewUserForm(UserForm):
    email = line(
        _l("E-mail"), _l("The person signs in with it. It can’t be changed later."), longest=254, required=True
    )


class TeamForm(Form):
    name = line(_l("Name"), _l("As it stands on tickets."), longest=80, required=True)
    lead_id = one_row(
        _l("Lead"),
        lambda: [(user.id, user.name) for user in queries.enabled_users()],
        _l("Is told first when a promise of the team is at risk."),
        none=_l("Nobody yet"),
    )
    is_default = BooleanField(_l("New tickets go to this team"), description=_l("Exactly one team is the default."))
