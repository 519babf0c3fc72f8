"""Which revision the database stands at, which one this release needs, and the way there.

Reading the two never imports Alembic: web workers ask at every ``/readyz`` and should stay small. Only
``upgrade`` brings Flask-Migrate in, and only the command line calls it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

import config as settings
from helpdesk.database import db

MIGRATIONS = settings.ROOT / "migrations"
_REVISION = re.compile(r'^revision(?:: str)? = "([^"]+)"', re.MULTILINE)
_FOLLOWS = re.compile(r'^down_revision(?:: [^=]+)? = "([^"]+)"', re.MULTILINE)


@cache
def head() -> str:
    """The newest revision among the files of ``migrations/``: the one that no other follows.

    Raises ValueError when there is none or more than one.
    """
    return _head_of(MIGRATIONS / "versions")


def _head_of(folder: Path) -> str:
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))]
    revisions: set[str] = {name for text in texts for name in _REVISION.findall(text)}
    followed: set[str] = {name for text in texts for name in _FOLLOWS.findall(text)}
    heads = sorted(revisions - followed)
    if len(heads) != 1:
        raise ValueError(f"migrations must have one head, not {heads}")
    return heads[0]


def current() -> str | None:
    """The revision the database says it is at; None when it was never migrated.

    Raises OperationalError when the database does not answer.
    """
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return revision


def is_at_head() -> bool:
    return current() == head()


def upgrade(app: Flask) -> None:
    """Migrate the database of ``app`` to the head, step by step, each step in its own transaction."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite" and db.engine.url.database:
            Path(db.engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        if not is_at_head():
            import flask_migrate

            bind(app)
            flask_migrate.upgrade()
        db.engine.dispose()


def bind(app: Flask) -> None:
    """Let Flask-Migrate know ``app``; ``create_app`` leaves it out, see above."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
