"""Pages of this room: calendars and policies under Admin."""

from __future__ import annotations

from flask import Blueprint

from helpdesk.sla import calendar_pages, policy_pages

blueprint = Blueprint("sla", __name__)
blueprint.register_blueprint(calendar_pages.blueprint)
blueprint.register_blueprint(policy_pages.blueprint)
