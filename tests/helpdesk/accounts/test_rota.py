"""Who is on call: turns, gaps, weekly rotations through a change of the clocks, and the page where they are planned."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.accounts import rota
from helpdesk.accounts.models import OnCallTurn, Team, User
from helpdesk.accounts.rota import Line, Rotation, TurnDraft
from helpdesk.accounts.teams import TeamDraft, add_team
from helpdesk.clock import Hand
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid, NotFound
from tests.people import add_person, signed_in
from workflows.vocabulary import Role

HOUR = timedelta(hours=1)


@pytest.fixture
def ana(app: Flask, hand: Hand) -> User:
    return add_person("Ana Kovács", Role.AGENT)


@pytest.fixture
def lea(app: Flask, hand: Hand) -> User:
    return add_person("Lea Farkas", Role.LEAD)


@pytest.fixture
def team(app: Flask, hand: Hand, lea: User) -> Team:
    with unit_of_work():
        return add_team(TeamDraft("Cloud desk", lead_id=lea.id, is_default=True), hand())


@pytest.fixture
def browser(app: Flask, team: Team) -> FlaskClient:
    return signed_in(app, add_person("Adam Nagy", Role.ADMIN))


def add(team: Team, user: User, starts_at: datetime, hours: float, now: datetime) -> None:
    with unit_of_work():
        rota.add_turn(team, TurnDraft(user.id, starts_at, starts_at + hours * HOUR), now)


def names(lines: list[Line]) -> list[str]:
    return [line.name or "nobody" for line in lines]


def test_of_overlapping_turns_the_one_that_began_last_counts(team: Team, ana: User, lea: User, hand: Hand) -> None:
    assert rota.on_call(team.id, hand()) is None
    add(team, ana, hand() - HOUR, 10, hand())
    add(team, lea, hand() + HOUR, 1, hand())
    told = []
    for minutes in (0, 59, 60, 119, 120, 539, 540):
        line = rota.on_call(team.id, hand() + timedelta(minutes=minutes))
        told.append(line.name[:3] if line is not None else None)
    assert told == ["Ana", "Ana", "Lea", "Lea", "Ana", "Ana", None], "half-open, and the stand-in gives back"


def test_of_turns_that_begin_together_the_one_entered_last_counts(team: Team, ana: User, lea: User, hand: Hand) -> None:
    add(team, lea, hand(), 2, hand())
    add(team, ana, hand(), 1, hand())
    found = rota.on_call(team.id, hand())
    assert found is not None
    assert found.name == "Ana Kovács"


def test_gaps_are_shown_from_now_to_the_last_turn(team: Team, ana: User, lea: User, hand: Hand) -> None:
    add(team, ana, hand() + HOUR, 2, hand())
    add(team, lea, hand() + 2 * HOUR, 2, hand())
    add(team, ana, hand() + 6 * HOUR, 1, hand())
    lines = rota.plan(team.id, hand())
    assert names(lines) == ["nobody", "Ana Kovács", "Lea Farkas", "nobody", "Ana Kovács"]
    assert [(line.starts_at, line.ends_at) for line in lines if line.turn_id is None] == [
        (hand(), hand() + HOUR),
        (hand() + 4 * HOUR, hand() + 6 * HOUR),
    ]
    assert [line.is_now for line in lines] == [True, False, False, False, False]
    hand.advance(3 * 3600)
    assert names(rota.plan(team.id, hand())) == ["Lea Farkas", "nobody", "Ana Kovács"], "what is over is left out"


def test_a_rotation_hands_over_by_the_wall_clock(ana: User, lea: User, team: Team, hand: Hand) -> None:
    plan = Rotation((ana.id, lea.id), date(2027, 3, 16), 0, 9, "Europe/Budapest", 4)  # a Tuesday; Monday is wanted
    with unit_of_work():
        assert rota.add_rotation(team, plan, hand()) == 4
    rows = db.session.scalars(sa.select(OnCallTurn).order_by(OnCallTurn.starts_at)).all()
    assert [row.user_id for row in rows] == [ana.id, lea.id, ana.id, lea.id]
    assert [row.starts_at for row in rows[:2]] == [
        datetime(2027, 3, 22, 8, tzinfo=UTC),
        datetime(2027, 3, 29, 7, tzinfo=UTC),  # summer time began on the 28th
    ]
    assert rows[0].ends_at - rows[0].starts_at == timedelta(days=7) - HOUR
    assert all(turn.ends_at == after.starts_at for turn, after in itertools.pairwise(rows))


@pytest.mark.parametrize(
    ("hours", "field"), [(0, "ends_at"), (-1, "ends_at"), (24 * 92, "ends_at"), (24 * 400, "ends_at")]
)
def test_a_turn_that_makes_no_sense_is_refused(team: Team, ana: User, hand: Hand, hours: float, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(team, ana, hand(), hours, hand())
    assert refused.value.field == field
    with pytest.raises(Invalid, match="over already"):
        add(team, ana, hand() - 2 * HOUR, 2, hand())


def test_only_people_who_may_sign_in_are_put_on_call(team: Team, ana: User, hand: Hand) -> None:
    with unit_of_work():
        db.session.get_one(User, ana.id).is_enabled = False
    with pytest.raises(Invalid, match="may sign in"):
        add(team, ana, hand(), 1, hand())


def test_another_teams_turn_is_not_found(team: Team, ana: User, hand: Hand) -> None:
    add(team, ana, hand(), 1, hand())
    with unit_of_work():
        other = add_team(TeamDraft("Billing"), hand())
    turn_id = db.session.scalars(sa.select(OnCallTurn.id)).one()
    with pytest.raises(NotFound), unit_of_work():
        rota.remove_turn(other, turn_id)


def test_a_rotation_that_began_goes_on_with_whoever_has_the_week(ana: User, lea: User, team: Team, hand: Hand) -> None:
    plan = Rotation((ana.id, lea.id), date(2026, 11, 9), 0, 9, "Europe/Budapest", 4)
    with unit_of_work():
        assert rota.add_rotation(team, plan, hand()) == 2, "two of the four weeks are over"
    assert names(rota.plan(team.id, hand())) == ["Ana Kovács", "Lea Farkas"]
    with pytest.raises(Invalid, match="over already") as refused:
        rota.add_rotation(team, replace(plan, weeks=2), hand())
    assert refused.value.field == "starts_on"


# the page ---------------------------------------------------------------------------------------------


def test_a_turn_is_added_and_removed(browser: FlaskClient, team: Team, ana: User, hand: Hand) -> None:
    address = f"/admin/teams/{team.id}/rota"
    assert "Lea Farkas, the lead, is told instead" in browser.get(address).text
    typed = {"user_id": str(ana.id), "starts_at": "2026-11-24T14:00", "ends_at": "2026-11-25T09:00"}
    assert browser.post(f"{address}/turns", data=typed).status_code == 303
    db.session.rollback()
    row = db.session.scalars(sa.select(OnCallTurn)).one()
    assert row.starts_at == datetime(2026, 11, 24, 13, tzinfo=UTC), "typed in Budapest"
    text = browser.get(address).text
    assert "On call now: <strong>Ana Kovács</strong>" in text
    assert "Ana Kovács" in browser.get(f"/admin/teams/{team.id}").text
    assert browser.post(f"{address}/turns/{row.id}/removal").status_code == 303
    assert "No turns yet" in browser.get(address).text


def test_what_was_typed_stays_when_it_is_refused(browser: FlaskClient, team: Team, ana: User) -> None:
    typed = {"user_id": str(ana.id), "starts_at": "2026-11-25T14:00", "ends_at": "2026-11-25T09:00"}
    answer = browser.post(f"/admin/teams/{team.id}/rota/turns", data=typed)
    assert answer.status_code == 422
    assert "A turn ends after it begins." in answer.text
    assert 'value="2026-11-25T14:00"' in answer.text
    answer = browser.post(f"/admin/teams/{team.id}/rota/turns", data=typed | {"starts_at": "soon"})
    assert (answer.status_code, "Write a date and a time." in answer.text) == (422, True)


def test_a_rotation_is_made_on_the_page(browser: FlaskClient, team: Team, ana: User, lea: User) -> None:
    typed = {
        "person_1": str(ana.id), "person_3": str(lea.id), "starts_on": "2026-11-24", "weekday": "0", "hour": "9",
        "timezone": "Europe/Budapest", "weeks": "3",
    }  # fmt: skip
    address = f"/admin/teams/{team.id}/rota"
    assert browser.post(f"{address}/rotation", data=typed).status_code == 303
    text = browser.get(address).text
    assert "3 turns added." in text
    assert "Gap: nobody" in text, "until Monday"
    answer = browser.post(f"{address}/rotation", data=typed | {"person_1": "", "person_3": "", "weeks": "900"})
    assert (answer.status_code, "From 1 to 104 weeks." in answer.text) == (422, True)
    answer = browser.post(f"{address}/rotation", data=typed | {"person_1": "", "person_3": ""})
    assert (answer.status_code, "Choose at least one person." in answer.text) == (422, True)


@pytest.mark.parametrize("year", [1969, 9001, 9999])
def test_a_year_that_no_page_can_show_is_refused(browser: FlaskClient, team: Team, ana: User, year: int) -> None:
    address = f"/admin/teams/{team.id}/rota"
    typed = {"user_id": str(ana.id), "starts_at": f"{year}-12-30T09:00", "ends_at": f"{year}-12-31T09:00"}
    answer = browser.post(f"{address}/turns", data=typed)
    assert (answer.status_code, "Write a date and a time." in answer.text) == (422, True)
    rotation = {
        "person_1": str(ana.id), "starts_on": f"{year}-12-30", "weekday": "0", "hour": "9",
        "timezone": "Europe/Budapest", "weeks": "3",
    }  # fmt: skip
    answer = browser.post(f"{address}/rotation", data=rotation)
    assert (answer.status_code, "Write a date as 2026-01-31." in answer.text) == (422, True)


def test_it_is_for_whoever_may_change_teams(app: Flask, team: Team, lea: User) -> None:
    own = signed_in(app, lea)
    assert own.get(f"/admin/teams/{team.id}/rota").status_code == 403
    assert own.post(f"/admin/teams/{team.id}/rota/turns").status_code == 403
    assert own.post(f"/admin/teams/{team.id}/rota/turns/1/removal").status_code == 403
