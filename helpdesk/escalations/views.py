"""Pages of this room: channels and entitlements under Admin. Escalating itself is a page of the ticket."""

from __future__ import annotations

from flask import Blueprint

from helpdesk.escalations import admin, connecting, requiring, window_pages

blueprint = Blueprint("escalations", __name__)
blueprint.register_blueprint(admin.blueprint)
blueprint.register_blueprint(connecting.blueprint)
blueprint.register_blueprint(requiring.blueprint)
blueprint.register_blueprint(window_pages.blueprint)
