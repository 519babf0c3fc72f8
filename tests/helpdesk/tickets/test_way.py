"""The way of a ticket says why it left the vendor: the reason of a return, and of another tier."""

from __future__ import annotations

import re

import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import Hand, now
from helpdesk.database import unit_of_work
from helpdesk.escalations.models import SupportChannel
from helpdesk.tickets.actions import moving
from workflows.vocabulary import Trigger

from .conftest import Desk


def steps(client: FlaskClient, number: int) -> list[tuple[str, str]]:
    """(step, why) of the way so far."""
    html = client.get(f"/tickets/{number}").text
    found = re.search(r'<ol class="way.*?</ol>', html, re.DOTALL)
    assert found
    lines = re.findall(r'<li(?![^>]*to-come)[^>]*><span>(.*?)</span><span class="nowrap">', found[0])
    return [(line.split("<")[0], re.sub(r".*<small[^>]*>(.*)</small>|.*", r"\1", line)) for line in lines]


def test_every_step_behind_the_vendor_has_its_reason(ana: FlaskClient, worked: int, desk: Desk) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(SupportChannel).values(needs_entitlement=False))
    for trigger, asked in (
        (Trigger.ESCALATE_TO_PREMIER, {}),
        (Trigger.ESCALATE_TO_ADVANCED, {"reason": "They know <storage>."}),
        (Trigger.RETURN_TO_PARTNER, {"reason": "vendor_needs_findings"}),
        (Trigger.ESCALATE_TO_PREMIER, {}),
        (Trigger.WITHDRAW, {"reason": "no_longer_needed"}),
    ):
        with unit_of_work():
            moving.move(worked, desk.ana, trigger, now(), asked)

    assert steps(ana, worked) == [
        ("Intake", ""),
        ("Diagnosis", ""),
        ("With Microsoft: Premier", ""),
        ("With Microsoft: Advanced", "They know &lt;storage&gt;."),
        ("Partner resolution", "Microsoft needs what we must find"),
        ("With Microsoft: Premier", ""),
        ("Closed", ""),
    ]
    history = ana.get(f"/tickets/{worked}/events").text
    assert "escalated it to Microsoft: Advanced. They know &lt;storage&gt;." in history
    assert ana.get(f"/tickets/{worked}").text.count('class="case"') == 3


def test_steps_are_told_in_open_hours_and_what_lies_outside_them_in_days(
    ana: FlaskClient, number: int, hand: Hand
) -> None:
    """Two weeks of ten open hours a day: "4 days" beside them would be read off the wall."""
    hand.advance(14 * 86_400)
    html = ana.get(f"/tickets/{number}").text
    way = html[html.index('<ol class="way') :]
    assert re.findall(r'<span class="nowrap">(.*?)</span>', way)[0] == "100 h"
    assert "<dt>Outside our hours</dt><dd>9 days</dd>" in way
