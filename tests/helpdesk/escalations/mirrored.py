"""A desk connected to the vendor's stand-in, with a ticket whose case is known on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.server import VendorServer
from helpdesk.demo.vendor.world import VendorWorld
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import VendorCase, VendorNote
from helpdesk.escalations.partner_center import matching, vault
from helpdesk.escalations.partner_center.models import VendorPoll, VendorPost
from helpdesk.tickets import mirroring, surveying
from helpdesk.tickets.actions import escalating
from helpdesk.tickets.actions.opening import Opened
from tests.fakes.partner_center import KEY, KeptLine, client_to, settings
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import ChannelKind, Severity

POLL = 300


class Spoken(Protocol):
    """A case, or what a test has kept of it."""

    @property
    def id(self) -> Any: ...
    @property
    def ticket_id(self) -> Any: ...


@dataclass
class Mirrored:
    """The two sides and the hand that turns the clock for both."""

    vendor: VendorServer
    hand: Hand
    desk: Desk
    opened: Callable[..., Opened]
    line: KeptLine

    @property
    def world(self) -> VendorWorld:
        return self.vendor.world

    def new_case(self, number: str) -> VendorCase:
        """A ticket whose case has ``number`` at the vendor."""
        ticket_id = self.opened().ticket.id
        self.world.open_request(number, tenant="")
        with unit_of_work():
            case = cases.open_case(ticket_id, ChannelKind.COMMERCIAL, None, Severity.B, {}, now())
        with unit_of_work():
            escalating.record_vendor_number(ticket_id, case.id, self.desk.ana, number, now())
        return case

    def say(self, case: Spoken, text: str) -> None:
        """Ana writes to the vendor."""
        with unit_of_work():
            escalating.note_vendor(case.ticket_id, case.id, self.desk.ana, text, now(), is_ours=True, is_to_send=True)

    def send(self, limit: int = 20) -> int:
        return mirroring.send_due(now(), limit, self.line)

    def poll(self, limit: int = 20) -> int:
        return mirroring.poll_due(now(), limit, self.line)

    def survey(self) -> bool:
        return surveying.survey_due(now(), self.line)

    def arrived(self, number: str) -> list[str]:
        """What stands on the case at the vendor, without our marks."""
        return [matching.plain(text) for text in self.world.texts(number)]

    def later(self, seconds: float = POLL) -> None:
        self.hand.advance(seconds)

    def quiet(self) -> None:
        """Let both sides agree: nothing goes wrong any more, every wait is over, and every case was read since."""
        self.vendor.faults.chance = 0
        for _round in range(60):
            self.later(5 * 3600)
            self.send(500)
            self.poll(500)
            if not self.waiting():
                assert self.given_up() == []
                return
        raise AssertionError("something is never sent")

    def given_up(self) -> list[str]:
        rows = sa.select(VendorPost.last_error).where(VendorPost.post_state == "failed")
        return list(db.session.scalars(rows))

    def waiting(self) -> int:
        pending = sa.select(sa.func.count()).select_from(VendorPost).where(VendorPost.post_state == "pending")
        # a reading that failed puts the case off, so what is not due now may still be unread
        is_unread = sa.or_(VendorPoll.polled_at.is_(None), VendorPoll.polled_at < now())
        unread = sa.select(sa.func.count()).select_from(VendorPoll).where(is_unread)
        return (db.session.scalar(pending) or 0) + (db.session.scalar(unread) or 0)


def notes_of(case_id: int) -> list[tuple[bool, str]]:
    rows = sa.select(VendorNote.is_ours, VendorNote.body).where(VendorNote.vendor_case_id == case_id)
    return [(row.is_ours, row.body) for row in db.session.execute(rows.order_by(VendorNote.id))]


def post_of(body: str) -> VendorPost:
    db.session.expire_all()
    rows = sa.select(VendorPost).join(VendorNote, VendorNote.id == VendorPost.note_id)
    return db.session.scalars(rows.where(VendorNote.body == body)).one()


@pytest.fixture
def mirrored(
    app: Flask, desk: Desk, opened: Callable[..., Opened], vendor: VendorServer, hand: Hand
) -> Iterator[Mirrored]:
    app.config.update(settings(vendor))
    with unit_of_work():
        vault.connect(vendor.world.first_refresh_token, app.config, now())
    line = KeptLine(client_to(vendor, vault.Vault((KEY,))))
    yield Mirrored(vendor, hand, desk, opened, line)
    line.hang_up()
