"""The stand-in's portal: the page on which a person opens a case, since the API opens none."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from helpdesk.demo.vendor.world import Severity, VendorWorld

PATH = "/portal"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Stand-in for Microsoft's portal</title><style>body{{font:1rem/1.5 system-ui;max-width:40rem;margin:2rem auto;
padding:0 1rem}}label{{display:block;margin-top:1rem}}input,select,textarea{{width:100%;font:inherit}}</style>
<p>Stand-in for Microsoft's portal, for development.</p><h1>{title}</h1>{body}</html>"""
_FORM = """<form method="post"><input type="hidden" name="tid" value="{tenant}">
<label>Title <input name="title" required maxlength="200"></label>
<label>Severity <select name="severity"><option value="2">B, moderate</option><option value="1">A, critical</option>
<option value="3">C, minimal</option></select></label>
<label>Description: paste the pack <textarea name="description" rows="12" required></textarea></label>
<p><button>Create</button></p></form>"""


def show(tenant: str) -> str:
    """The form, for a customer's ``tenant``."""
    return _PAGE.format(title="New support request", body=_FORM.format(tenant=escape(tenant)))


def create(world: VendorWorld, form: Mapping[str, str]) -> str:
    """Open a request as the form says, and show its number."""
    severity = Severity(int(form["severity"])) if form.get("severity") in ("1", "2", "3") else Severity.MODERATE
    number = world.new_number()
    parts = {"tenant": form.get("tid", ""), "description": form.get("description", ""), "severity": severity}
    world.open_request(number, form.get("title", "")[:200] or "Untitled", **parts)
    body = "<p>The desk finds the number by itself within a minute when the pack was pasted.</p>"
    return _PAGE.format(title=f"Support request {number}", body=body)
