"""How a development desk is connected to the stand-in: settings for its processes, none of them a secret."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from config import ConfigurationError
from helpdesk.demo.vendor.world import VendorWorld

PORT = 8099
KEY = base64.urlsafe_b64encode(b"seals the stand-in's tokens only").decode()
"""A key everybody can read: the tokens under it open nothing but the stand-in."""

POLL_SECONDS = 30
HARMLESS = frozenset({"HELPDESK_VENDOR_SILENCE_HOURS", "HELPDESK_VENDOR_POLL_SECONDS"})


def settings(port: int) -> dict[str, str]:
    """Environment of a desk that talks with the stand-in on ``port`` of this machine."""
    url = f"http://127.0.0.1:{port}"
    return {
        "HELPDESK_VENDOR_DESK": "partner_center",
        "HELPDESK_VENDOR_TENANT": VendorWorld.tenant,
        "HELPDESK_VENDOR_CLIENT_ID": VendorWorld.client_id,
        "HELPDESK_VENDOR_CLIENT_SECRET": VendorWorld.client_secret,
        "HELPDESK_VENDOR_KEY": KEY,
        "HELPDESK_VENDOR_API_URL": url,
        "HELPDESK_VENDOR_LOGIN_URL": url,
        "HELPDESK_VENDOR_POLL_SECONDS": str(POLL_SECONDS),
    }


def joined(environ: Mapping[str, str], port: int) -> dict[str, str]:
    """``environ`` connected to the stand-in. Raises ConfigurationError outside development, or when the desk is
    connected to the real Partner Center: neither its secret nor its cases may end up at a stand-in.
    """
    if environ.get("HELPDESK_ENV") != "development":
        raise ConfigurationError("The stand-in for Microsoft is for development: HELPDESK_ENV=development.")
    ours = settings(port)
    set_by_hand = {name: value for name, value in environ.items() if name.startswith("HELPDESK_VENDOR_") and value}
    foreign = sorted(name for name, value in set_by_hand.items() if name not in HARMLESS and value != ours.get(name))
    if foreign:
        raise ConfigurationError(
            f"{', '.join(foreign)}: this desk has a connection of its own; the stand-in stays off."
        )
    return {**environ, **ours}
