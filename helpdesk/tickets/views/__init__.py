"""The agents' pages: the queue, one ticket, and everything done to it."""

from __future__ import annotations

from flask import Blueprint

from helpdesk.tickets import admin
from helpdesk.tickets.views import (
    belonging,
    bulk,
    clocks,
    credits,
    enclosing,
    escalating,
    files,
    handed,
    importing,
    money,
    opening,
    outages,
    outside,
    pack,
    queue,
    revisions,
    saved,
    tagging,
    ticket,
    triage,
    vendor_notes,
    vendor_requests,
    work,
)

blueprint = Blueprint("tickets", __name__)
for pages in (
    queue,
    saved,
    bulk,
    opening,
    ticket,
    clocks,
    money,
    outages,
    credits,
    belonging,
    work,
    triage,
    outside,
    vendor_requests,
    escalating,
    pack,
    enclosing,
    handed,
    vendor_notes,
    files,
    importing,
    tagging,
    revisions,
):
    pages.register(blueprint)
blueprint.register_blueprint(admin.blueprint)
