"""The vendor's windows as shipped: each figure against an example worked out by hand, each with its source."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.escalations.money.defaults import WINDOWS
from workflows.money import span
from workflows.vocabulary import MoneyPurpose, Service

BUDAPEST = ZoneInfo("Europe/Budapest")


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("New-commerce seats: cancel or reduce", "2026-11-24 10:30", "2026-12-01 10:30"),
        ("New-commerce seats: cancel or reduce", "2026-10-22 10:30", "2026-10-29 09:30"),  # 7 days of UTC: sooner
        ("New-commerce seats: cancel or reduce", "2026-03-25 10:30", "2026-04-01 10:30"),  # 7 days of ours: sooner
        ("Marketplace, monthly term: cancel", "2026-10-24 12:00", "2026-10-25 11:00"),
        ("Marketplace, yearly term: cancel", "2026-12-18 09:00", "2027-01-01 09:00"),
        ("Perpetual software: return", "2028-02-01 09:00", "2028-03-02 09:00"),
        ("Duplicate order: refund", "2026-11-24 09:00", "2027-03-24 09:00"),
        ("SLA credit, Azure: claim", "2026-12-31 12:00", "2027-03-01 00:00"),
        ("SLA credit, Azure: claim", "2027-12-01 12:00", "2028-03-01 00:00"),
        ("SLA credit, other services: claim", "2028-01-31 12:00", "2028-03-01 00:00"),
        ("SLA credit, other services: claim", "2026-12-31 12:00", "2027-02-01 00:00"),
        ("SLA credit, other services: claim", "2026-12-01 00:30", "2027-01-01 01:00"),  # in UTC still November
    ],
)
def test_a_shipped_window_ends_when_it_should(name: str, start: str, end: str) -> None:
    _name, _purpose, _services, length, unit, counts_from, _source = next(row for row in WINDOWS if row[0] == name)
    began = datetime.fromisoformat(start).replace(tzinfo=BUDAPEST)
    found = span(began, counts_from, length, unit, BUDAPEST).ends_at
    assert found == datetime.fromisoformat(end).replace(tzinfo=BUDAPEST).astimezone(UTC)


def test_every_window_says_where_its_figure_stands() -> None:
    assert len({row[0] for row in WINDOWS}) == len(WINDOWS) == 7
    assert all(source.startswith("Partner Center, ") for *_row, source in WINDOWS)


@pytest.mark.parametrize("service", Service)
def test_credits_for_every_service_are_claimed_within_exactly_one_window(service: Service) -> None:
    held = [row for row in WINDOWS if row[1] is MoneyPurpose.CREDIT_CLAIM and (not row[2] or service in row[2])]
    assert len(held) == 1
