"""Topics under Admin."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import requires
from helpdesk.tickets import topics
from helpdesk.web.forms import Form, carry_out, line, one_word, page
from workflows.vocabulary import Kind

blueprint = Blueprint("admin", __name__, url_prefix="/admin/topics")


class TopicForm(Form):
    name = line(_l("Name"), _l("As agents choose it and reports count it."), longest=80, required=True)
    is_enabled = BooleanField(_l("Offered"), description=_l("Tickets that have it keep it when it is offered no more."))


class NewTopicForm(Form):
    kind = one_word(_l("Kind"), lambda: Kind, _l("Offered on tickets of this kind; it can’t be changed later."))
    name = line(_l("Name"), _l("As agents choose it and reports count it."), longest=80, required=True)


@blueprint.get("")
@requires(Permission.EDIT_CONFIGURATION)
def topic_list() -> ResponseReturnValue:
    by_kind = [(kind, list(rows)) for kind, rows in groupby(topics.topics(), key=lambda topic: topic.kind)]
    return render_template("admin/topics.html", by_kind=by_kind)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def new() -> ResponseReturnValue:
    form = NewTopicForm()

    def save() -> str:
        topics.add_topic(form.kind.data, form.name.data)
        flash(_("Saved."), "done")
        return url_for("tickets.admin.topic_list")

    return carry_out(form, save) or page("admin/topic.html", form, topic=None)


@blueprint.route("/<int:topic_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CONFIGURATION)
def edit(topic_id: int) -> ResponseReturnValue:
    topic = topics.topic(topic_id)
    form = TopicForm(obj=topic)

    def save() -> str:
        topics.edit_topic(topic, form.name.data, is_enabled=form.is_enabled.data)
        flash(_("Saved."), "done")
        return url_for("tickets.admin.topic_list")

    return carry_out(form, save) or page("admin/topic.html", form, topic=topic)
