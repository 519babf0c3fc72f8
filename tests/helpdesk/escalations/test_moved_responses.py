"""What channels said of the vendor's answer before there were terms goes on as terms on the wall clock."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from helpdesk import schema
from helpdesk.database import db
from tests.conftest import _create

BEFORE = "20261122a"


@pytest.fixture
def old_url(database_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if database_name == "postgresql":
        url: str = request.getfixturevalue("postgres_server").create_database("moved")
        return url
    return f"sqlite:///{tmp_path / 'moved.db'}"


def test_responses_become_terms(old_url: str, tmp_path: Path) -> None:
    import flask_migrate

    app = _create(old_url, tmp_path)
    with app.app_context():
        schema.bind(app)
        flask_migrate.upgrade(revision=BEFORE)
        with db.engine.begin() as connection:
            moment = {"at": "2026-11-01 08:00:00+00:00"}
            always = "INSERT INTO calendar (id, name, created_at) VALUES (7, 'Round the clock', :at)"
            connection.execute(sa.text(always), moment)
            columns = "id, kind, name, services, needs_entitlement, fee, cost_rank, response, source, is_enabled"
            values = ":id, :kind, 'x', '[]', true, '', 1, :response, '', true"
            channel = sa.text(f"INSERT INTO support_channel ({columns}) VALUES ({values})")
            said = '{"critical": 3600, "minimal": 28800}'
            connection.execute(channel, {"id": 1, "kind": "premier", "response": said})
            connection.execute(channel, {"id": 2, "kind": "signature", "response": "{}"})
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            columns = "channel_id, severity, clock, seconds, calendar_id"
            terms = connection.execute(sa.text(f"SELECT {columns} FROM vendor_term ORDER BY seconds"))
            assert list(map(tuple, terms)) == [
                (1, "critical", "vendor_response", 3600, 7),
                (1, "minimal", "vendor_response", 28_800, 7),
            ]
        names = {column["name"] for column in sa.inspect(db.engine).get_columns("support_channel")}
        assert "response" not in names
        db.session.remove()
        db.engine.dispose()
