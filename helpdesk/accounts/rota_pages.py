"""A team's rota: who is on call and when, under Admin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange

from helpdesk.accounts import queries, rota
from helpdesk.accounts.models import Team
from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import person, requires
from helpdesk.clock import now
from helpdesk.database import unit_of_work
from helpdesk.errors import Invalid
from helpdesk.web.forms import Form, carry_out, one_row, one_zone, see_other

blueprint = Blueprint("rota", __name__, url_prefix="/admin/teams/<int:team_id>/rota")

PLACES = 8
"""People that a rotation takes in one go."""

_NEEDED = _l("This is needed.")
_WEEKS = _l("From 1 to %(most)s weeks.", most=rota.MOST_WEEKS)


def _people() -> list[tuple[int, str]]:
    return [(user.id, user.name) for user in queries.enabled_users()]


def _moment_field(name: LazyString, help_text: LazyString | str = "") -> StringField:
    return StringField(name, [InputRequired(_NEEDED)], description=help_text, render_kw={"type": "datetime-local"})


class TurnForm(Form):
    user_id = one_row(_l("Who"), _people)
    starts_at = _moment_field(_l("From"))
    ends_at = _moment_field(_l("Until"))

    def draft(self) -> rota.TurnDraft:
        """Raises Invalid naming the field whose moment can't be read."""
        return rota.TurnDraft(self.user_id.data, self._moment("starts_at"), self._moment("ends_at"))

    def _moment(self, name: str) -> datetime:
        """What was typed is the reader's own wall clock."""
        try:
            typed = datetime.fromisoformat(self[name].data)
            return typed.replace(tzinfo=typed.tzinfo or ZoneInfo(person().timezone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Invalid(_("Write a date and a time."), name) from None


class RotationForm(Form):
    starts_on = DateField(_l("From this day on"), [InputRequired(_NEEDED)])
    weekday = SelectField(_l("Handed over on"), coerce=int, choices=lambda: _weekdays())
    hour = SelectField(
        _l("at"), coerce=int, choices=[SelectChoice(str(hour), f"{hour:02}:00") for hour in range(24)], default=9
    )
    timezone = one_zone(_l("Time zone of the handover"))
    weeks = IntegerField(
        _l("Weeks in all"), [InputRequired(_NEEDED), NumberRange(1, rota.MOST_WEEKS, _WEEKS)], default=12
    )

    def places(self) -> list[Any]:
        """The fields of the people, in their order."""
        return [self[f"person_{place}"] for place in range(1, PLACES + 1)]

    def rotation(self) -> rota.Rotation:
        chosen = tuple(field.data for field in self.places() if field.data is not None)
        return rota.Rotation(
            chosen, self.starts_on.data, self.weekday.data, self.hour.data, self.timezone.data, self.weeks.data
        )


for _place in range(1, PLACES + 1):
    setattr(RotationForm, f"person_{_place}", one_row(_l("Person %(n)s", n=_place), _people, none="–"))


def _weekdays() -> list[SelectChoice]:
    names = get_day_names("wide", context="stand-alone", locale=get_locale() or "en")
    return [SelectChoice(str(day), names[day]) for day in range(7)]


@blueprint.get("")
@requires(Permission.EDIT_CONFIGURATION)
def plan(team_id: int) -> ResponseReturnValue:
    return _page(queries.team(team_id))


@blueprint.post("/turns")
@requires(Permission.EDIT_CONFIGURATION)
def add_turn(team_id: int) -> ResponseReturnValue:
    team, form = queries.team(team_id), TurnForm()

    def save() -> str:
        rota.add_turn(team, form.draft(), now())
        flash(_("Added."), "done")
        return url_for("accounts.rota.plan", team_id=team_id)

    return carry_out(form, save) or _page(team, turn_form=form)


@blueprint.post("/rotation")
@requires(Permission.EDIT_CONFIGURATION)
def add_rotation(team_id: int) -> ResponseReturnValue:
    team, form = queries.team(team_id), RotationForm()

    def save() -> str:
        count = rota.add_rotation(team, form.rotation(), now())
        flash(ngettext("One turn added.", "%(num)s turns added.", count), "done")
        return url_for("accounts.rota.plan", team_id=team_id)

    return carry_out(form, save) or _page(team, rotation_form=form)


@blueprint.post("/turns/<int:turn_id>/removal")
@requires(Permission.EDIT_CONFIGURATION)
def remove_turn(team_id: int, turn_id: int) -> ResponseReturnValue:
    with unit_of_work():
        rota.remove_turn(queries.team(team_id), turn_id)
    flash(_("Removed."), "done")
    return see_other(url_for("accounts.rota.plan", team_id=team_id))


def _page(
    team: Team, turn_form: TurnForm | None = None, rotation_form: RotationForm | None = None
) -> ResponseReturnValue:
    """The plan with both forms; 422 when one of them came back."""
    is_refused = turn_form is not None or rotation_form is not None
    lines = rota.plan(team.id, now())
    body = render_template(
        "admin/rota.html",
        team=team,
        lines=lines,
        on_call=next((line for line in lines if line.is_now and line.turn_id), None),
        turn_form=turn_form or TurnForm(formdata=None),
        rotation_form=rotation_form or _rotation_form(),
    )
    return body, 422 if is_refused else 200


def _rotation_form() -> RotationForm:
    return RotationForm(formdata=None, starts_on=_today(), timezone=person().timezone)


def _today() -> date:
    return now().astimezone(ZoneInfo(person().timezone)).date()
