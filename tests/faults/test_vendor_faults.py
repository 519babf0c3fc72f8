"""Processes that talk with the vendor and are killed, with kill -9, while both sides go on writing."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.database import db
from helpdesk.demo.vendor.faults import QUICK
from helpdesk.escalations.models import VendorNote
from helpdesk.escalations.partner_center.models import PostState, VendorPost
from tests.fakes.partner_center import KEY, settings, vendor
from tests.fakes.talker import fast
from tests.faults.processes import end, environment, fork_talker
from tests.helpdesk.escalations.mirrored import Mirrored, mirrored
from tests.helpdesk.escalations.test_partner_center_proof import Story

__all__ = ["mirrored", "vendor"]

pytestmark = pytest.mark.faults

KILLS = 6
SECONDS_TO_WORK = 60


@pytest.fixture
def talking(app: Flask, mirrored: Mirrored, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that is connected as the test's own desk is."""
    given = settings(mirrored.vendor) | {"VENDOR_KEYS": KEY}
    names = {"VENDOR_KEYS": "HELPDESK_VENDOR_KEY"}
    more = {names.get(key, f"HELPDESK_{key}"): str(value) for key, value in given.items()}
    return environment(app.config["DATABASE_URL"], tmp_path, **more)


def test_talkers_that_are_killed_lose_and_double_nothing(
    mirrored: Mirrored, talking: dict[str, str], tmp_path: Path
) -> None:
    story = Story(mirrored, seed=3, cases=6)
    mirrored.vendor.keeps = False
    faults = mirrored.vendor.faults
    faults.chance, faults.kinds = 0.15, QUICK
    began, second = mirrored.hand.at, time.time()
    for _kill in range(KILLS):
        process = fork_talker(began, second, talking, tmp_path / "talkers.log")
        try:
            _write_until_it_works(story, began, second, extra=story.dice.uniform(0, 1))
        finally:
            end(process)
    mirrored.quiet()
    story.check()


def _carried() -> int:
    """How many notes the talkers carried, in whichever direction is the smaller."""
    db.session.rollback()
    out = sa.select(sa.func.count()).select_from(VendorPost).where(VendorPost.post_state == PostState.SENT)
    mirrored_in = sa.select(sa.func.count()).select_from(VendorNote).where(VendorNote.written_at.is_not(None))
    return min(db.session.scalar(out) or 0, db.session.scalar(mirrored_in) or 0)


def _write_until_it_works(story: Story, began: datetime, second: float, extra: float) -> None:
    """Write on both sides until the talker has carried some of it both ways, and for ``extra`` seconds more."""
    before, patience = _carried(), time.monotonic() + SECONDS_TO_WORK
    while _carried() < before + 2:
        assert time.monotonic() < patience, "it was never caught at work"
        _write_for(0.2, story, began, second)
    _write_for(extra, story, began, second)


def _write_for(seconds: float, story: Story, began: datetime, second: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        story.sides.hand.at = fast(began, second)
        case = story.dice.choice(story.cases)
        story.dice.choice((story.we_write, story.we_ask, story.they_write, story.we_paste))(case)
        story.count += 1
        time.sleep(0.02)
