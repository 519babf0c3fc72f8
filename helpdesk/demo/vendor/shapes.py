"""How the vendor writes things down: lists in integers, single resources in words, moments in several ways."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from helpdesk.demo.vendor.world import NEVER, HeldFile, HeldRequest, VendorWorld


def moment(at: datetime, dice: random.Random) -> str:
    """With or without zone and fraction, as the documentation's own examples differ."""
    if at == NEVER:
        return "0001-01-01T00:00:00"
    # the fraction is a fact of the moment, not of the answer: two readings of a note must agree to the second
    return at.strftime("%Y-%m-%dT%H:%M:%S") + dice.choice(("", ".863", ".8630000")) + dice.choice(("", "Z"))


def person(world: VendorWorld) -> dict[str, Any]:
    first, last = world.contact
    return {"organization": None, "contactId": None, "firstName": first, "lastName": last, "email": "ana@desk.example"}


def listed(held: HeldRequest, world: VendorWorld) -> dict[str, Any]:
    """In a list: few fields, enums as integers, no notes."""
    first, last = world.contact
    return {
        "id": held.number,
        "title": held.title,
        "severity": int(held.severity),
        "status": int(held.status),
        "primaryContact": {"firstName": first, "lastName": last},
        "createdDate": moment(held.created_at, world.dice),
        "lastModifiedDate": moment(held.changed_at, world.dice),
        "lastClosedDate": moment(held.closed_at, world.dice),
        "attributes": {"objectType": "ServiceRequest"},
    }


def whole(held: HeldRequest, world: VendorWorld) -> dict[str, Any]:
    """By itself: every field, enums as words."""
    return listed(held, world) | {
        "description": held.description,
        "severity": held.severity.name.lower(),
        "status": held.status.name.lower(),
        "supportTopicId": None,
        "supportTopicName": None,
        "organization": {"id": held.tenant or world.tenant, "name": "", "phoneNumber": None},
        "primaryContact": person(world),
        "lastUpdatedBy": person(world),
        "productName": held.product,
        "productId": None,
        "countryCode": "HU",
        "fileLinks": [_file_link(file) for file in held.files],
        "newNote": None,
        "notes": [
            {"createdByName": note.author, "createdDate": moment(note.written_at, world.dice), "text": note.text}
            for note in held.notes
        ],
    }


def collection(items: list[dict[str, Any]], total: int | None = None, **more: Any) -> dict[str, Any]:
    count = len(items) if total is None else total
    return {"totalCount": count, "items": items, "attributes": {"objectType": "Collection"}} | more


def _file_link(file: HeldFile) -> dict[str, Any]:
    name, _dot, extension = file.name.rpartition(".")
    return {
        "id": file.key,
        "fileNameWithoutExtension": name or extension,
        "fileExtension": f".{extension}" if name else "",
        "fileSize": file.size_bytes,
        "location": file.url or None,
        "comment": None,
    }
