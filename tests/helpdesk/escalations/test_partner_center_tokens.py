"""The refresh token outlives crashes, rivals and a change of keys, and is never written anywhere in the clear."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from helpdesk import logs
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor.faults import Fault
from helpdesk.demo.vendor.server import VendorServer
from helpdesk.escalations.partner_center import vault
from helpdesk.escalations.partner_center.api import PartnerCenter
from helpdesk.escalations.partner_center.errors import NotConnected, VendorError
from helpdesk.escalations.partner_center.models import VendorConnection
from helpdesk.escalations.partner_center.tokens import Tokens
from tests.fakes.partner_center import KEY, Pocket, dial, settings, vendor

__all__ = ["dial", "vendor"]

Dial = Callable[..., PartnerCenter]

NUMBER = "616122292874576"
OTHER_KEY = "bmV3ZXIga2V5IG5ld2VyIGtleSBuZXdlciBrZXkgMTI="


@pytest.fixture
def connected(app: Flask, vendor: VendorServer) -> Flask:
    vendor.world.open_request(NUMBER)
    app.config.update(settings(vendor))
    with unit_of_work():
        vault.connect(vendor.world.first_refresh_token, app.config, now())
    return app


class Killed(BaseException):
    """The process ends here."""


def test_a_crash_between_buying_and_keeping_costs_nothing(vendor: VendorServer, dial: Dial) -> None:
    vendor.world.open_request(NUMBER)

    class Mortal(Pocket):
        def keep(self, tokens: Tokens, bought_with: str) -> bool:
            raise Killed

    mortal = Mortal(vendor.world.first_refresh_token)
    for _crash in range(3):
        with pytest.raises(Killed):
            dial(mortal).case(NUMBER)
    survivor = Pocket(vendor.world.first_refresh_token)
    assert dial(survivor).case(NUMBER).number == NUMBER
    assert vendor.world.refresh_tokens[survivor.kept[-1].refresh]


def test_a_slow_rival_does_not_put_an_ended_token_back(connected: Flask, vendor: VendorServer, dial: Dial) -> None:
    """Two buy with the same token; the quicker one's is kept, used and so ends the other's, which comes after."""

    class Slow(vault.Vault):
        def keep(self, tokens: Tokens, bought_with: str) -> bool:
            line = dial(vault.Vault((KEY,)))
            line.case(NUMBER)
            vendor.world.expire_tokens()
            line.case(NUMBER)
            return super().keep(tokens, bought_with)

    assert dial(Slow((KEY,))).case(NUMBER).number == NUMBER
    kept = vault.Vault((KEY,)).load()
    assert kept is not None
    assert vendor.world.refresh_tokens[kept.refresh]


def test_a_renewal_under_way_does_not_undo_a_disconnection(connected: Flask, dial: Dial) -> None:
    class Late(vault.Vault):
        def keep(self, tokens: Tokens, bought_with: str) -> bool:
            with unit_of_work():
                vault.disconnect()
            return super().keep(tokens, bought_with)

    with pytest.raises(NotConnected):
        dial(Late((KEY,))).case(NUMBER)
    assert vault.Vault((KEY,)).load() is None


def test_a_renewal_seals_with_the_newest_key_so_that_the_old_one_may_go(connected: Flask, dial: Dial) -> None:
    dial(vault.Vault((OTHER_KEY, KEY))).case(NUMBER)
    assert vault.Vault((OTHER_KEY,)).load() is not None
    with pytest.raises(NotConnected):
        vault.Vault((KEY,)).load()


def test_a_seal_that_was_tampered_with_opens_nothing(connected: Flask) -> None:
    with unit_of_work():
        sealed = db.session.scalars(sa.select(VendorConnection.sealed)).one()
        vault.write(sealed=sealed[:-8] + "AAAAAAA=")
    with pytest.raises(NotConnected):
        vault.Vault((KEY,)).load()


@pytest.mark.parametrize("environment", ["production", "development"])
def test_no_log_and_no_traceback_tells_a_secret(
    connected: Flask,
    vendor: VendorServer,
    dial: Dial,
    environment: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """At the most talkative level, libraries included, whatever goes wrong."""
    connected.config.update(HELPDESK_ENV=environment, LOG_LEVEL="DEBUG")
    logs.configure(connected)
    log = structlog.get_logger()
    with caplog.at_level(logging.DEBUG):
        for fault in (None, *Fault):
            vendor.world.expire_tokens()
            if fault is not None:
                vendor.faults.next(*[fault] * 3)
            vendor.faults.hold = 0.1
            try:
                dial(vault.Vault((KEY,))).case(NUMBER)
            except VendorError:
                log.exception("vendor_case_broken", case=1)
        vendor.world.revoke_consent()
        with suppress(VendorError):
            dial(vault.Vault((KEY,))).case(NUMBER)
    said = capsys.readouterr().err + caplog.text
    assert "vendor_case_broken" in said
    assert "httpcore" in caplog.text
    for secret in ("refresh-", "access-", vendor.world.client_secret, KEY):
        assert secret not in said


def test_no_secret_lies_in_the_database(connected: Flask, vendor: VendorServer, dial: Dial) -> None:
    dial(vault.Vault((KEY,))).case(NUMBER)
    row = repr(db.session.execute(sa.select(VendorConnection.__table__)).one())
    for secret in ("refresh-", "access-", vendor.world.client_secret):
        assert secret not in row
    assert "refresh-" not in repr(vault.Vault((KEY,)).load())
