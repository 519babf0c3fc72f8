"""What each address of the stand-in does, given who asks. Source: Partner Center developer documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from helpdesk.demo.vendor import shapes, subscriptions
from helpdesk.demo.vendor.asked import Asked, Said, refuse
from helpdesk.demo.vendor.world import HeldNote, HeldRequest, Severity, Status, VendorWorld

TITLE_MOST, NOTE_MOST = 200, 10_000
PORTALS = {"Azure": "azure.example", "Exchange Online": "office.example", "Dynamics 365": "crm.example"}


def answer(world: VendorWorld, asked: Asked) -> Said:
    """Do what ``asked`` says, once for each MS-RequestId. The caller holds the world's lock."""
    for pattern, methods in ROUTES:
        found = re.fullmatch(pattern, asked.path, re.IGNORECASE)
        if found is None:
            continue
        act = methods.get(asked.method)
        if act is None:
            return refuse(405, "405", "The method is not allowed here.")
        asked.found = found.groups()
        return _once(world, asked, act)
    return refuse(404, "404", "There is nothing at this address.")


Act = Callable[[VendorWorld, Asked], Said]


def _once(world: VendorWorld, asked: Asked, act: Act) -> Said:
    """A write that was done under the same MS-RequestId is not done again: its answer is said again."""
    key = (asked.headers.get("ms-requestid", ""), asked.path)
    if asked.method == "GET" or not key[0]:
        return act(world, asked)
    if key in world.answered:
        return Said(200, json.loads(world.answered[key]))
    said = act(world, asked)
    if said.status == 200:
        world.answered[key] = json.dumps(said.body).encode()
    return said


# service requests -------------------------------------------------------------------------------------------


def list_requests(world: VendorWorld, asked: Asked, tenant: str = "") -> Said:
    rows = [held for held in world.requests.values() if not held.is_hidden and (not tenant or held.tenant == tenant)]
    if "filter" in asked.query:
        wanted = _status_filter(asked.query["filter"])
        if wanted is None:
            return refuse(400, "2001", "Only Status can be searched, and only for equals.")
        rows = [held for held in rows if held.status is wanted]
    try:
        size, offset = int(asked.query.get("size", 50)), int(asked.query.get("offset", 0))
    except ValueError:
        size = 0
    if not 1 <= size <= 1000 or offset < 0:
        return refuse(400, "2001", "The size is between 1 and 1000.")
    page = [shapes.listed(held, world) for held in rows[offset : offset + size]]
    return Said(200, shapes.collection(page, len(rows)))


def list_requests_of(world: VendorWorld, asked: Asked) -> Said:
    return list_requests(world, asked, asked.found[0])


def _status_filter(text: str) -> Status | None:
    try:
        wanted = {str(key).lower(): str(value) for key, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        return None
    if wanted.get("field", "").lower() != "status" or wanted.get("operator", "").lower() != "equals":
        return None
    status: Status | None = _read(Status, wanted.get("value"))
    return status


def _find(world: VendorWorld, asked: Asked) -> HeldRequest | Said:
    held = world.requests.get(asked.found[-1])
    if held is None or (len(asked.found) > 1 and held.tenant != asked.found[0]):
        return refuse(404, "404", "There is no such service request.")
    if held.is_hidden:
        return refuse(403, "900150", "The role of the signed-in user lacks the rights for this.")
    return held


def show_request(world: VendorWorld, asked: Asked) -> Said:
    held = _find(world, asked)
    return held if isinstance(held, Said) else Said(200, shapes.whole(held, world))


def change_request(world: VendorWorld, asked: Asked) -> Said:
    """A note, a status, a severity; null, "none" and "unknown" mean no change."""
    held = _find(world, asked)
    if isinstance(held, Said):
        return held
    status, severity = _read(Status, asked.fields.get("status")), _read(Severity, asked.fields.get("severity"))
    if asked.fields.get("status") is not None and status is None:
        return refuse(400, "2001", "The status is not known.")
    if world.refuses and (status or severity):
        return refuse(400, "800040", "The status can't change from this to that.")
    note = asked.fields.get("newnote")
    if isinstance(note, dict):
        text = str({str(key).lower(): value for key, value in note.items()}.get("text") or "")
        if not text.strip() or len(text) > NOTE_MOST:
            return refuse(400, "2001", "The note is empty or too long.")
        held.notes.append(HeldNote(world.partner_user, world.clock(), text))
    if status and not world.ignores:
        world.move(held.number, status)
    if severity and not world.ignores:
        held.severity = severity
    held.changed_at = world.clock()
    return Said(200, shapes.whole(held, world))


def create_request(world: VendorWorld, asked: Asked) -> Said:
    if not world.may_create:
        return refuse(405, "405", "Service requests are created in Partner Center; this operation is deprecated.")
    held = world.open_request(world.new_number(), str(asked.fields.get("title", ""))[:TITLE_MOST])
    return Said(201, shapes.whole(held, world))


def list_topics(_world: VendorWorld, _asked: Asked) -> Said:
    return refuse(404, "404", "Support topics are deprecated.")


def _read(words: type[Status] | type[Severity], value: Any) -> Any:
    """A member by integer or by name in any casing, with or without its underscore; None for nonsense."""
    if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
        return words(int(value)) if int(value) in list(words) else None
    wanted = str(value or "").replace("_", "").lower()
    return next((word for word in words if word.name.replace("_", "").lower() == wanted), None)


# customers --------------------------------------------------------------------------------------------------


def list_customers(world: VendorWorld, asked: Asked) -> Said:
    """Pages of up to 500; the way to the next is a token that travels in a header, not the link's address."""
    rows = world.customers
    if "filter" in asked.query:
        try:
            wanted = {str(key).lower(): str(value) for key, value in json.loads(asked.query["filter"]).items()}
        except (ValueError, AttributeError):
            return refuse(400, "2001", "The filter can't be read.")
        if wanted.get("operator") != "starts_with":
            return refuse(400, "2001", "Customers can only be searched by starts_with.")
        name = wanted.get("value", "").lower()
        rows = [row for row in rows if row["companyProfile"]["companyName"].lower().startswith(name)]
    try:
        size = max(1, min(int(asked.query.get("size", "500")), 500))
        is_next = asked.query.get("seekOperation") == "Next"
        start = int(asked.headers.get("ms-continuationtoken", "page-0").rpartition("-")[2]) if is_next else 0
    except ValueError:
        return refuse(400, "2001", "The size is a number, and the token is one of ours.")
    page, more = rows[start : start + size], {}
    if start + size < len(rows):
        link = {"uri": "/customers?" + urlencode({"size": size, "seekOperation": "Next"}), "method": "GET"}
        token = {"key": "MS-ContinuationToken", "value": f"page-{start + size}"}
        more = {"links": {"next": link | {"headers": [token]}}}
    return Said(200, shapes.collection(page, len(rows), **more))


def show_customer(world: VendorWorld, asked: Asked) -> Said:
    found = next((row for row in world.customers if row["id"] == asked.found[0]), None)
    if found is None:
        return refuse(404, "60003", "There is no such tenant.")
    return Said(200, found | {"allowDelegatedAccess": True})


def managed_services(world: VendorWorld, asked: Asked) -> Said:
    """Where the portals are; serviceTicket is the way to open a request for this customer."""
    tenant = asked.found[0]
    if tenant not in world.subscriptions:
        return refuse(404, "60003", "There is no such tenant.")
    items = [
        {"id": name, "name": name, "links": {"serviceTicket": {"uri": _portal(world, host, tenant)}}}
        for name, host in (
            ("Azure", "azure.example"),
            ("Exchange Online", "office.example"),
            ("Dynamics", "crm.example"),
        )
    ]
    return Said(200, shapes.collection(items))


def _portal(world: VendorWorld, host: str, tenant: str) -> str:
    return f"{world.portal or f'https://portal.{host}/'}?{urlencode({'tid': tenant})}"


ROUTES: tuple[tuple[str, dict[str, Act]], ...] = (
    (r"/v1/servicerequests", {"GET": list_requests}),
    (r"/v1/servicerequests/supporttopics", {"GET": list_topics}),
    (r"/v1/servicerequests/[a-z]{2}-[a-z]{2}", {"POST": create_request}),
    (r"/v1/servicerequests/([^/]+)", {"GET": show_request, "PATCH": change_request}),
    (r"/v1/customers/([^/]+)/servicerequests", {"GET": list_requests_of}),
    (r"/v1/customers/([^/]+)/servicerequests/([^/]+)", {"GET": show_request, "PATCH": change_request}),
    (r"/v1/customers", {"GET": list_customers}),
    (r"/v1/customers/([^/]+)", {"GET": show_customer}),
    (r"/v1/customers/([^/]+)/managedservices", {"GET": managed_services}),
    (r"/v1/customers/([^/]+)/subscriptions", {"GET": subscriptions.list_all}),
    (r"/v1/customers/([^/]+)/subscriptions/([^/]+)", {"GET": subscriptions.show, "PATCH": subscriptions.change}),
)
NEEDS_USER = re.compile(r"/v1/(customers/[^/]+/)?(servicerequests|managedservices)(/.*)?", re.IGNORECASE)
"""Addresses that an application by itself may not read: a signed-in user must stand behind the token."""
