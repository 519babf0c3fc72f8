"""The base of all models, the two column types, and the one way to write: ``unit_of_work()``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as RequestSession
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, scoped_session
from sqlalchemy.orm import registry as orm_registry

P = ParamSpec("P")
R = TypeVar("R")

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC moment in whole seconds: timestamptz on PostgreSQL, sortable text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(19))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must be aware")
        value = value.astimezone(UTC).replace(microsecond=0)
        return value.strftime("%Y-%m-%d %H:%M:%S") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy’s
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        moment: datetime = value
        return moment.astimezone(UTC)


def words(enum: type[StrEnum], name: str) -> sa.Enum:
    """A column type that keeps ``enum`` by its values under a CHECK named after the column ``name``."""
    return sa.Enum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    # a registry, not a type_annotation_map attribute: Flask-SQLAlchemy derives a class of its own from this one
    registry = orm_registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: Moment, dict[str, Any]: sa.JSON, list[Any]: sa.JSON},
    )


class ReadingSession(RequestSession):
    """On PostgreSQL it reads without a transaction, each statement by itself; ``unit_of_work`` begins one.

    A page would gain nothing by a transaction (at READ COMMITTED each statement sees what is committed by then)
    and lose much: psycopg forgets everything it has prepared whenever it rolls back.
    """

    def get_bind(self, *_args: Any, bind: sa.Engine | sa.Connection | None = None, **_more: Any) -> Any:
        return bind if bind is not None else _for_reading(self._db.engine)


@lru_cache(maxsize=4)
def _for_reading(engine: sa.Engine) -> sa.Engine:
    is_sqlite = engine.dialect.name == "sqlite"
    return engine if is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")


db = SQLAlchemy(model_class=Base, session_options={"class_": ReadingSession, "expire_on_commit": False})
"""Its session is the request's (or job's) own; models inherit ``Base``."""


@contextmanager
def unit_of_work() -> Iterator[scoped_session[Any]]:
    """One write transaction, committed when the block ends, rolled back when it raises. Only doors open it.

    It first ends whatever read the request has begun (Flask-Login's user loader reads) so that nothing
    decided here rests on an older snapshot, then begins IMMEDIATE on SQLite: a plain BEGIN that reads
    before it writes fails at once with "database is locked" instead of waiting its turn.
    """
    work = db.session
    work.rollback()
    begin = {"sqlite_begin": "IMMEDIATE"} if is_sqlite() else {"isolation_level": "READ COMMITTED"}
    work.connection(execution_options=begin)
    try:
        yield work
        work.commit()
    except BaseException:
        work.rollback()
        raise


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def composed_once(compose: Callable[P, R]) -> Callable[P, R]:
    """Keep the statement that ``compose`` puts together for each kind of database and each set of arguments.

    Putting one together and finding its name in SQLAlchemy's cache takes longer than most take to run. What is
    another in every request goes in as bind parameters, so arguments are few: a flag, a limit.
    """

    kept: Any = lru_cache(maxsize=64)(lambda _is_sqlite, *args, **kwargs: compose(*args, **kwargs))

    @wraps(compose)
    def composed(*args: P.args, **kwargs: P.kwargs) -> R:
        found: R = kept(is_sqlite(), *args, **kwargs)
        return found

    return composed


def engine_options(url: str, pool: int) -> dict[str, Any]:
    """Options for the engine of ``url`` with at most ``pool`` connections."""
    common = {
        "pool_size": pool,
        "pool_use_lifo": True,  # the connection used last has most in its cache and most statements prepared
        "hide_parameters": True,  # an error that is logged tells the statement, not whose text or token was in it
    }
    if url.startswith("sqlite"):
        return common | {"connect_args": {"timeout": 15}}
    return common | {
        "max_overflow": 2,
        "pool_pre_ping": False,
        "pool_recycle": 1800,
        "connect_args": {"options": _POSTGRES_OPTIONS, "connect_timeout": 5},
    }


# Every list has an index that serves its order whatever is asked for, so one plan is good for all parameters;
# planning the joins of a list anew takes longer than fetching its rows.
_POSTGRES_OPTIONS = "-c timezone=UTC -c plan_cache_mode=force_generic_plan"
_PREPARED_KEPT = 500
"""Statements that a connection keeps prepared: more than all pages together send."""


@sa.event.listens_for(sa.Engine, "connect")
def _prepare_connection(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        connection.prepared_max = _PREPARED_KEPT
        return
    connection.isolation_level = None  # we begin by ourselves, see _begin
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-4000")  # KiB for each connection: the system caches the file for all


@sa.event.listens_for(sa.Engine, "begin")
def _begin(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")
