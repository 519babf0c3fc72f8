"""Subscriptions at the stand-in: read, and changed with all the vendor's traps."""

from __future__ import annotations

import uuid
from typing import Any

from helpdesk.demo.vendor import shapes
from helpdesk.demo.vendor.asked import Asked, Said, refuse
from helpdesk.demo.vendor.world import VendorWorld

NEW_COMMERCE = "OnlineServicesNCE"
AZURE_PLAN = "Azure"
BUSY = "has_active"
"""A mark that a test may set on an Azure plan: Azure subscriptions in it are active, so it can't be suspended."""

SLOW = "is_slow"
"""A mark that a test may set on a subscription: its changes are answered by 202 and a place to ask."""


def list_all(world: VendorWorld, asked: Asked) -> Said:
    rows = world.subscriptions.get(asked.found[0])
    if rows is None:
        return refuse(404, "60003", "There is no such tenant.")
    return Said(200, shapes.collection([_shown(row) for row in rows]))


def show(world: VendorWorld, asked: Asked) -> Said:
    row = _find(world, asked)
    return row if isinstance(row, Said) else Said(200, _shown(row))


def change(world: VendorWorld, asked: Asked) -> Said:
    """The body is the whole resource: what it leaves out is cleared, without a word."""
    row = _find(world, asked)
    if isinstance(row, Said):
        return row
    if asked.headers.get("if-match", "").strip('"') != row["attributes"]["etag"]:
        return refuse(400, "2055", "The etag is no longer valid.")
    was, status = row["status"], str(asked.fields.get("status") or row["status"]).lower()
    if was == "deleted":
        return refuse(400, "2011", "A deleted subscription can't be updated.")
    if was == "suspended" and asked.fields.get("quantity", row["quantity"]) != row["quantity"]:
        return refuse(400, "2001", "The quantity can't change while suspended.")
    if status == "suspended" and row["productType"]["id"] == AZURE_PLAN and row.get(BUSY):
        return refuse(403, "900115", "The Azure plan has active Azure subscriptions.")
    row["status"] = status
    row["quantity"] = asked.fields.get("quantity", row["quantity"])
    row["autoRenewEnabled"] = bool(asked.fields.get("autorenewenabled", False))
    if status == "suspended" and row["productType"]["id"] == NEW_COMMERCE:
        row["autoRenewEnabled"] = False
    row["suspensionReasons"] = ["PartnerSuspended"] if status == "suspended" else []
    row["attributes"] = row["attributes"] | {"etag": uuid.uuid4().hex}
    if row.get(SLOW):
        return Said(202, {}, {"Location": f"/customers/{asked.found[0]}/subscriptions/{row['id']}"})
    return Said(200, _shown(row))


def _find(world: VendorWorld, asked: Asked) -> dict[str, Any] | Said:
    tenant, wanted = asked.found
    found = next((row for row in world.subscriptions.get(tenant, []) if row["id"] == wanted), None)
    return found or refuse(404, "20003", "There is no such subscription.")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in (SLOW, BUSY)}
