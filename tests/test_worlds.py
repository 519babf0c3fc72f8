"""What tests begin in is the same whether it was made or put back, and nothing of an earlier test is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.accounts.models import Team
from helpdesk.clock import Hand, now
from helpdesk.database import Base, db, is_sqlite, unit_of_work
from helpdesk.tickets.search import found_ids
from tests.helpdesk.tickets.conftest import open_one, staffed
from tests.people import add_person
from tests.tables import empty_tables
from tests.worlds import remembered, starting_set
from workflows.vocabulary import Role


@pytest.fixture
def rows(app: Flask, hand: Hand) -> Callable[[], dict[str, list[Any]]]:
    """Every row there is, by its table."""

    def read() -> dict[str, list[Any]]:
        db.session.rollback()
        return {
            name: list(db.session.execute(sa.select(table).order_by(*table.primary_key)))
            for name, table in Base.metadata.tables.items()
        }

    return read


def test_rows_put_back_are_those_that_were_made(rows: Callable[[], dict[str, list[Any]]]) -> None:
    starting_set()
    made = rows()
    assert sum(bool(found) for found in made.values()) > 10
    empty_tables()
    assert not any(rows().values())
    starting_set()
    assert rows() == made


def test_numbers_go_on_after_what_was_put_back(app: Flask, hand: Hand) -> None:
    def next_team() -> int:
        with unit_of_work() as session:
            team = Team(name="Second line", created_at=now())
            session.add(team)
            session.flush()
            return team.id

    starting_set()
    made = next_team()
    empty_tables()
    starting_set()
    assert next_team() == made


def test_a_ticket_put_back_is_found_and_the_next_has_the_next_number(app: Flask, hand: Hand) -> None:
    number = remembered(_with_a_ticket)
    empty_tables()
    assert remembered(_with_a_ticket) == number
    assert found_ids("outlook", 5) == [number]
    assert open_one().ticket.id == number + 1


def _with_a_ticket() -> int:
    staffed()
    return open_one().ticket.id


def test_what_a_test_has_put_there_stays(app: Flask, hand: Hand) -> None:
    starting_set()
    empty_tables()
    with unit_of_work() as session:
        session.add(Team(name="Night shift", is_default=True, created_at=now()))
    starting_set()
    assert db.session.scalars(sa.select(Team.name)).all() == ["Night shift"]


def test_numbers_and_statistics_begin_anew(app: Flask, hand: Hand) -> None:
    first = add_person("Ana", Role.AGENT).id
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    empty_tables()
    assert add_person("Ana", Role.AGENT).id == first
    counted = (
        "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat_'"
        if is_sqlite()
        else "SELECT count(*) FROM pg_class WHERE oid = 'user_account'::regclass AND reltuples >= 0"
    )
    assert db.session.scalar(sa.text(counted)) == 0
