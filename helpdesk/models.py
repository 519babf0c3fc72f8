"""Every model, loaded once, so that metadata is whole for migrations and relationships."""

from __future__ import annotations

from importlib import import_module

ROOMS_WITH_MODELS = (
    "accounts",
    "customers",
    "sla",
    "escalations",
    "escalations.money",
    "escalations.outages",
    "escalations.partner_center",
    "notifications",
    "tickets",
    "jobs",
)


def load_all() -> None:
    for room in ROOMS_WITH_MODELS:
        import_module(f"helpdesk.{room}.models")
