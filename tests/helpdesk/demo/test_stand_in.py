"""The stand-in beside a demo desk: engineers who answer by themselves, its portal, and where it must not run."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from config import ConfigurationError, load
from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.demo.vendor import beside, joining, playing, seeding
from helpdesk.demo.vendor.server import running
from helpdesk.demo.vendor.world import Status, VendorWorld
from helpdesk.escalations import actions as cases
from helpdesk.escalations.models import VendorCase
from helpdesk.escalations.partner_center import vault
from tests.fakes.partner_center import KEY, KeptLine, client_to, vendor
from tests.helpdesk.escalations.mirrored import Mirrored, mirrored, notes_of
from tests.helpdesk.tickets.conftest import desk, opened
from workflows.vocabulary import ChannelKind, Severity, VendorCaseState

__all__ = ["desk", "mirrored", "opened", "vendor"]


# the engineers ----------------------------------------------------------------------------------------------


def turn(mirrored: Mirrored) -> str | None:
    """A while later the engineers act if they will, and the desk reads it."""
    mirrored.later(playing.PAUSE.total_seconds())
    played = playing.play(mirrored.world, now())
    mirrored.later()
    mirrored.poll()
    return played


def state_of(case: VendorCase) -> VendorCaseState:
    return db.session.scalars(sa.select(VendorCase.state).where(VendorCase.id == case.id)).one()


def test_a_case_moves_by_itself_until_it_waits_for_us_and_again_after_our_answer(mirrored: Mirrored) -> None:
    case = mirrored.new_case("2")
    case_id, kept = case.id, case
    assert playing.play(mirrored.world, now()) is None  # they think first
    assert [turn(mirrored), turn(mirrored), turn(mirrored)] == ["2", "2", None]
    assert state_of(kept) is VendorCaseState.ATTENTION_NEEDED
    mirrored.say(kept, "Yesterday at nine.")
    mirrored.send()
    assert turn(mirrored) == "2"
    assert state_of(kept) is VendorCaseState.OPEN
    assert [turn(mirrored), turn(mirrored)] == ["2", None]
    assert state_of(kept) is VendorCaseState.CLOSED
    assert [is_ours for is_ours, _body in notes_of(case_id)] == [False, False, True, False, False]


def test_some_cases_are_solved_without_a_question(mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    assert [turn(mirrored) for _turn in range(4)] == ["1", "1", "1", None]
    assert state_of(case) is VendorCaseState.CLOSED


def test_the_case_with_the_latest_word_comes_first() -> None:
    world = VendorWorld()
    old = world.open_request("1")
    world.open_request("2")
    old.changed_at -= timedelta(hours=1)
    assert playing.play(world, now() + playing.PAUSE) == "2"


# what it knows ----------------------------------------------------------------------------------------------


def restarted(mirrored: Mirrored) -> VendorWorld:
    """A stand-in that begins from what stands in the desk's database."""
    world = VendorWorld()
    seeding.bring_in(world)
    return world


def test_a_stand_in_that_starts_again_doubles_nothing(mirrored: Mirrored) -> None:
    case = mirrored.new_case("1")
    case_id, number = case.id, case.number
    playing.play(mirrored.world, now() + playing.PAUSE)
    mirrored.say(case, "Sent")
    mirrored.send()
    mirrored.poll()
    mirrored.say(case, "Not sent yet")
    before = notes_of(case_id)
    for _start in range(2):
        with running(restarted(mirrored)) as server:
            assert [held.number for held in server.world.requests.values()] == [number]
            line = KeptLine(client_to(server))
            mirrored.later()
            mirrored.line, was = line, mirrored.line
            mirrored.poll()
            line.hang_up()
            mirrored.line = was
        assert notes_of(case_id) == before


def test_what_the_desk_waits_for_is_opened_once_from_its_pack(mirrored: Mirrored) -> None:
    ticket_id = mirrored.opened().ticket.id
    pack = {"text": f"Our reference\n#{ticket_id}"}
    with unit_of_work():
        cases.open_case(ticket_id, ChannelKind.COMMERCIAL, None, Severity.A, pack, now())
    assert seeding.open_waiting(mirrored.world, now()) is None  # somebody may be doing it in the portal
    mirrored.later(playing.PAUSE.total_seconds())
    number = seeding.open_waiting(mirrored.world, now())
    assert number is not None
    assert seeding.open_waiting(mirrored.world, now()) is None
    assert mirrored.world.requests[number].severity.name == "CRITICAL"
    mirrored.survey()
    assert db.session.scalars(sa.select(VendorCase.number)).one() == number


def test_a_person_opens_a_case_in_the_portal() -> None:
    world = VendorWorld()
    with running(world) as server:
        assert httpx.get(f"{server.url}/portal").status_code == 401  # tests have none
        world.portal = f"{server.url}/portal"
        assert 'value="&quot;x"' in httpx.get(f'{world.portal}?tid="x').text
        form = {"title": "Mail", "description": "Our reference #7", "severity": "1", "tid": "t"}
        page = httpx.post(world.portal, data=form).text
    [held] = world.requests.values()
    assert held.number in page
    assert (held.title, held.tenant, held.status, held.severity.name) == ("Mail", "t", Status.OPEN, "CRITICAL")


def test_it_throttles_as_the_vendor_does() -> None:
    world = VendorWorld()
    world.most_a_minute = 2
    with running(world) as server:
        answers = [httpx.get(f"{server.url}/v1/servicerequests").status_code for _time in range(3)]
    assert answers == [401, 401, 429]


# where it must not run --------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ["production", "testing", ""])
def test_only_a_development_desk_is_joined(environment: str) -> None:
    with pytest.raises(ConfigurationError):
        joining.joined({"HELPDESK_ENV": environment}, 8099)


def test_a_desk_with_a_connection_of_its_own_is_left_alone() -> None:
    own = {"HELPDESK_ENV": "development", "HELPDESK_VENDOR_CLIENT_SECRET": "real"}
    with pytest.raises(ConfigurationError) as caught:
        joining.joined(own, 8099)
    assert "HELPDESK_VENDOR_CLIENT_SECRET" in str(caught.value)
    assert "real" not in str(caught.value)


def test_a_joined_desk_talks_with_this_machine_alone() -> None:
    environ = joining.joined({"HELPDESK_ENV": "development"}, 8765)
    assert joining.joined(environ, 8765) == environ
    read = load(environ)
    assert read["VENDOR_DESK"] == "partner_center"
    assert read["VENDOR_API_URL"] == read["VENDOR_LOGIN_URL"] == "http://127.0.0.1:8765"
    with pytest.raises(ConfigurationError):
        load(environ | {"HELPDESK_ENV": "production", "SECRET_KEY": "x" * 40, "HELPDESK_AUDIT_KEY": "y" * 40})


def test_a_real_consent_is_not_replaced(mirrored: Mirrored) -> None:
    from flask import current_app

    current_app.config["VENDOR_KEYS"] = (joining.KEY,)
    with pytest.raises(ConfigurationError):
        beside._refuse_a_real_consent(current_app._get_current_object())  # type: ignore[attr-defined]
    assert vault.Vault((KEY,)).load() is not None
