"""The starting set: what it promises, and that it leaves a desk in use alone."""

from __future__ import annotations

from helpdesk.accounts import queries as accounts
from helpdesk.clock import now
from helpdesk.customers import queries as customers
from helpdesk.database import unit_of_work
from helpdesk.demo.defaults import install_defaults
from helpdesk.escalations import editing as escalations
from helpdesk.sla import editing, queries
from helpdesk.sla.models import SlaPolicy
from helpdesk.tickets import topics
from tests.helpdesk.sla.conftest import Promised
from workflows.business_time import BusinessCalendar
from workflows.vocabulary import ChannelKind, ClockKind, Kind, Priority, Service


def seconds(policy: SlaPolicy, clock: ClockKind, priority: Priority) -> int | None:
    found = [each.seconds for each in policy.targets if (each.clock, each.priority) == (clock, priority)]
    return found[0] if found else None


def test_the_default_is_the_slowest(promised: Promised) -> None:
    """A guest's promise may only be bettered when the customer is confirmed (R6)."""
    for target in promised.standard.targets:
        assert (seconds(promised.business_plus, target.clock, target.priority) or 0) <= target.seconds
    assert seconds(promised.business_plus, ClockKind.FIRST_RESPONSE, Priority.P1) == 30 * 60


def test_urgent_promises_are_never_slower(promised: Promised) -> None:
    for policy in (promised.standard, promised.business_plus):
        for clock in {target.clock for target in policy.targets}:
            row = [seconds(policy, clock, priority) or 0 for priority in Priority]
            assert row == sorted(row), (policy.name, clock)


def test_desk_hours_know_hungarian_holidays(promised: Promised) -> None:
    assert promised.desk_hours.version is not None
    hours = BusinessCalendar.of(promised.desk_hours.version.definition)
    assert hours.is_open("2026-11-24T08:00:00+01:00")
    assert not hours.is_open("2026-11-24T18:00:00+01:00")
    assert not hours.is_open("2026-10-23T10:00:00+02:00")
    assert hours.holiday_name("2026-10-23") == "National Day"


def test_installing_again_changes_nothing(promised: Promised) -> None:
    with unit_of_work():
        editing.remove_policy(promised.business_plus)
    before = queries.promises().stamp
    with unit_of_work():
        install_defaults(now())
    assert queries.promises().stamp == before
    assert [policy.name for policy in queries.policies()] == ["Standard"]
    assert len(accounts.teams()) == 1
    assert len(customers.plans()) == 2
    assert len(escalations.channel_rows()) == 4


def test_channels_cover_what_the_vendor_says(promised: Promised) -> None:
    channels = {channel.kind: channel for channel in escalations.channel_rows()}
    assert set(channels[ChannelKind.COMMERCIAL].services) == set(Service)
    assert not channels[ChannelKind.COMMERCIAL].needs_entitlement
    assert set(channels[ChannelKind.PREMIER].services) == set(Service)
    assert Service.OTHER not in channels[ChannelKind.ADVANCED].services
    assert Service.MICROSOFT365 not in channels[ChannelKind.SIGNATURE].services
    assert all(channel.source for channel in channels.values())


def test_each_kind_has_topics(promised: Promised) -> None:
    assert {topic.kind for topic in topics.topics()} == set(Kind)
