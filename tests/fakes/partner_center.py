"""The vendor's stand-in as tests use it: served on a free port, with a desk connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from helpdesk.demo.vendor.server import VendorServer, running
from helpdesk.escalations.partner_center.api import PartnerCenter
from helpdesk.escalations.partner_center.client import Client
from helpdesk.escalations.partner_center.tokens import Registration, TokenKeeper, Tokens

KEY = "aGVscGRlc2stdGVzdHMtaGVscGRlc2stdGVzdHMtMTI="
"""A Fernet key that seals nothing but tests."""

QUICK = httpx.Timeout(0.4)


class Pocket:
    """Keeps tokens in memory and remembers all it was ever given."""

    def __init__(self, refresh_token: str) -> None:
        self.kept = [Tokens(refresh_token)]

    def load(self) -> Tokens | None:
        return self.kept[-1]

    def keep(self, tokens: Tokens, bought_with: str) -> bool:
        is_ours = self.kept[-1].refresh == bought_with
        if is_ours:
            self.kept.append(tokens)
        return is_ours


class Waits(list[float]):
    """Stands for sleeping: the seconds are noted, not waited."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


class KeptLine(PartnerCenter):
    """Outlives the run that closes it: making an HTTP client takes longer than all it does here."""

    def close(self) -> None:
        pass

    def hang_up(self) -> None:
        super().close()


def registration(server: VendorServer) -> Registration:
    world = server.world
    return Registration(world.tenant, world.client_id, world.client_secret, server.url, server.url)


def client_to(
    server: VendorServer, keeper: TokenKeeper | None = None, waits: Waits | None = None, **parts: Any
) -> Client:
    """A client of the stand-in that neither sleeps nor waits long."""
    keeper = keeper or Pocket(server.world.first_refresh_token)
    quick: dict[str, Any] = {"timeout": QUICK, "whole_answer": 0.6, "sleep": waits if waits is not None else Waits()}
    return Client(registration(server), keeper, **(quick | parts))


def line_to(
    server: VendorServer, keeper: TokenKeeper | None = None, waits: Waits | None = None, **parts: Any
) -> PartnerCenter:
    return PartnerCenter(client_to(server, keeper, waits, **parts))


def settings(server: VendorServer) -> dict[str, Any]:
    """Configuration of a desk that is connected to the stand-in, but for the consent."""
    world = server.world
    return {
        "VENDOR_DESK": "partner_center",
        "VENDOR_TENANT": world.tenant,
        "VENDOR_CLIENT_ID": world.client_id,
        "VENDOR_CLIENT_SECRET": world.client_secret,
        "VENDOR_KEYS": (KEY,),
        "VENDOR_API_URL": server.url,
        "VENDOR_LOGIN_URL": server.url,
    }


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    with running() as server:
        server.keeps = True
        yield server


@pytest.fixture
def dial(vendor: VendorServer) -> Iterator[Callable[..., PartnerCenter]]:
    """Begins conversations with the stand-in, which end with the test."""
    open_lines: list[PartnerCenter] = []

    def begin(keeper: TokenKeeper | None = None, waits: Waits | None = None, **parts: Any) -> PartnerCenter:
        open_lines.append(line_to(vendor, keeper, waits, **parts))
        return open_lines[-1]

    yield begin
    for line in open_lines:
        line.close()
