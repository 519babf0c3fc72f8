"""Pages of this room: which address leads to which door, and how often one may knock."""

from __future__ import annotations

from flask import Blueprint

from helpdesk.extensions import limiter
from helpdesk.portal import submitting, tracking

blueprint = Blueprint("portal", __name__)

sends = limiter.limit("20 per minute; 200 per hour", methods=["POST"])
looks = limiter.limit("240 per minute")

for address, name, view, methods in (
    ("/submit", "submit", sends(submitting.submit), ["GET", "POST"]),
    ("/submit/promise", "promise", looks(submitting.promise), ["GET"]),
    ("/submitted", "submitted_nothing", submitting.submitted_nothing, ["GET"]),
    ("/submitted/<int:number>", "submitted", submitting.submitted, ["GET"]),
    ("/track/<secret>", "track", looks(sends(tracking.track)), ["GET", "POST"]),
    ("/track/<secret>/solved", "solved", sends(tracking.solved), ["POST"]),
    ("/track/<secret>/withdrawal", "withdraw", sends(tracking.withdraw), ["POST"]),
    ("/track/<secret>/renewal", "renew", sends(tracking.renew), ["POST"]),
    ("/track/<secret>/files/<key>", "file", looks(tracking.file), ["GET"]),
    ("/new-link", "link_renewed", tracking.link_renewed, ["GET"]),
):
    blueprint.add_url_rule(address, name, view, methods=methods)

blueprint.after_request(tracking.keep_to_yourself)
