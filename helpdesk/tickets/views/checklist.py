"""The checklist of an escalation pack: each item that is asked for, whether it is there, and where it is filled."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from helpdesk.accounts.permissions import Permission
from helpdesk.accounts.session import actor
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.packs import WRITTEN, Pack
from helpdesk.web.labels import label
from workflows.vocabulary import ChannelKind, PackItem

OF_DIAGNOSIS = frozenset({PackItem.SERVICE_HEALTH, PackItem.TRIED})
OF_CUSTOMER = frozenset({PackItem.TENANT, PackItem.DOMAIN})
OF_SETTINGS = frozenset({PackItem.DESK_LANGUAGE, PackItem.DESK_TIME_ZONE})


@dataclass(frozen=True, slots=True)
class Line:
    """An item; ``url`` leads to where it is filled, '' where ``help`` says who fills it instead."""

    name: str
    is_there: bool
    text: str
    url: str
    help: str


def lines(own: Pack, channel: ChannelKind) -> list[Line]:
    """What the pack must hold on this channel, in the vocabulary's order."""
    return [_line(own, item, own.text(item, channel)) for item in own.needed(channel)]


def _line(own: Pack, item: PackItem, text: str) -> Line:
    url, help_text = ("", "") if text else way(own.ticket, item)
    return Line(label(item), bool(text), text[:160], url, help_text)


def way(ticket: Ticket, item: PackItem) -> tuple[str, str]:
    """Where the reader fills an item, or who does; (address, '') or ('', sentence)."""
    here = f"/tickets/{ticket.id}"
    if item in OF_DIAGNOSIS:
        return f"{here}/diagnosis", ""
    if item in WRITTEN:
        return f"#{item.value}", ""
    if item in OF_CUSTOMER:
        return _of_customer(ticket, f"/customers/{ticket.customer_id}/edit")
    if item in OF_SETTINGS:
        return "", _("A setting of the desk: ask whoever runs it.")
    return {
        PackItem.SUBSCRIPTION: _of_subscription(ticket),
        PackItem.SEVERITY: (f"{here}/classification", ""),
        PackItem.DESK_CONTACT: (f"{here}#assignment", ""),
        PackItem.PLAN: _of_contract(),
        PackItem.ATTACHMENTS_CHECKED: ("#files", ""),
    }.get(item, ("", ""))


def _of_customer(ticket: Ticket, address: str) -> tuple[str, str]:
    if ticket.customer_id is None:
        return f"/tickets/{ticket.id}/customer", ""
    if actor().may(Permission.EDIT_CUSTOMERS):
        return address, ""
    return "", _("Sales or an administrator writes it down at the customer.")


def _of_subscription(ticket: Ticket) -> tuple[str, str]:
    """The ticket has none yet, or one whose id at the vendor nobody wrote down."""
    if ticket.subscription is None:
        return f"/tickets/{ticket.id}/facts", ""
    return _of_customer(ticket, f"/customers/{ticket.customer_id}/subscriptions/{ticket.subscription.id}")


def _of_contract() -> tuple[str, str]:
    if actor().may(Permission.EDIT_CONFIGURATION):
        return "/admin/channels", ""
    return "", _("An administrator writes down the contract or access id.")
