"""The SLA engine where it is hard pressed: everything open, ten thousand clocks overdue, hours edited, PostgreSQL gone.

The desk of this bench has no closed tickets. ``python -m tests.bench.bench_engine URL`` carries out the change of
promises that waits there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

import config as settings
from helpdesk import clock
from helpdesk.accounts.actor import Actor
from helpdesk.accounts.models import User
from helpdesk.database import db, unit_of_work
from helpdesk.demo.world import DEFAULT_PASSWORD
from helpdesk.jobs import jobs
from helpdesk.sla import revisions
from helpdesk.sla.drafts import CalendarDraft
from helpdesk.sla.models import Calendar, PromiseRevision, SlaClock
from helpdesk.tickets import explaining, ledger, promises
from helpdesk.tickets.actions import conversation, holding
from helpdesk.tickets.actions.opening import Opening, open_ticket
from helpdesk.tickets.models import Ticket
from tests.bench import bench_sweep, processes, wire, worlds
from tests.bench.figures import Figure
from workflows import sla
from workflows.vocabulary import ClockKind, HoldCause, Kind, Level, Service

TICKETS = 100_000
CLOCKS = 1_000_000
DRAINED = 10_000
DAYS = 90
IDLE_MS, EXPLAIN_MS, APPLY_SECONDS, DRAIN_SECONDS, RECOVERY_SECONDS, SLOWER = 5, 5, 180, 60, 10, 2


def figures(app: Flask, url: str, database: worlds.Database) -> Iterator[Figure]:
    """``app`` and ``url`` are those of a copy of the desk whose tickets are all open."""
    name = database.name
    yield from _explaining(app, name)
    yield from _applying(app, url, name)
    yield from _draining(app, url, name)
    if isinstance(database, worlds.Postgres):
        yield _recovering(app, url, database)
    yield _idling(app, name)


# explaining -------------------------------------------------------------------------------------------------


def _explaining(app: Flask, name: str) -> Iterator[Figure]:
    """A ticket of ninety days with something said or a hold on every second: read, replayed, explained by line."""
    with app.app_context(), app.test_request_context():
        ticket = db.session.get_one(Ticket, _long_ticket(clock.now() - timedelta(days=DAYS)))
        course = promises.course_of(ticket, clock.now())
        whole, events, at = course.first_terms.whole, course.events, course.at

        def explained() -> object:
            found = promises.course_of(ticket, clock.now())
            cycle = next(one for one in found.cycles if one.kind is ClockKind.RESOLUTION)
            return explaining.explain(cycle, found.terms.content["levels"].get(cycle.kind, ()))

        def pure() -> object:
            return sla.explain(sla.replay(whole, {}, events, at)[ClockKind.RESOLUTION][-1])

        spent, least = bench_sweep.median_ms(explained, 40), bench_sweep.median_ms(pure, 40)
        yield Figure(
            f"explain a ticket of {DAYS} days, {len(events)} events", name, None, spent, "ms", least, EXPLAIN_MS
        )
        spent = bench_sweep.median_ms(lambda: ledger.show(ledger.ledger_of(promises.course_of(ticket, at))), 40)
        yield Figure(f"minute ledger of a ticket of {DAYS} days", name, None, spent, "ms")


def _long_ticket(began: datetime) -> int:
    ana = Actor.of_user(db.session.scalars(sa.select(User).where(User.email == "ana@desk.example")).one())
    hand = clock.Hand(began)
    with hand.at_work():
        with unit_of_work():
            opened = open_ticket(_opening(), None, clock.now()).ticket
        contact = opened.contact
        for day in range(1, DAYS, 2):
            hand.at = began + timedelta(days=day)
            with unit_of_work():
                if day % 3 == 0:
                    conversation.reply(opened.id, ana, "We are on it.", clock.now(), then_wait=True)
                elif day % 3 == 1:
                    conversation.contact_writes(opened.id, contact, "And now?", clock.now())
                else:
                    holding.hold(opened.id, ana, HoldCause.APPROVAL, clock.now())
    return opened.id


def _opening() -> Opening:
    return Opening(
        kind=Kind.TECHNICAL,
        service=Service.AZURE,
        impact=Level.MEDIUM,
        urgency=Level.MEDIUM,
        subject="The gateway drops packets",
        description="Since about eight.",
        contact_name="Rita Fehér",
        contact_email="rita.feher@alpina.example",
    )


# other promises for everybody ---------------------------------------------------------------------------------


def _applying(app: Flask, url: str, name: str) -> Iterator[Figure]:
    """The desk opens an hour longer: every open ticket gets new deadlines while people go on reading the queue."""
    with app.app_context():
        revision_id = _proposal()
    counting = _seconds_of_work(url)
    bench_sweep.sweep_beside(url, clock.now(), 2, seconds=600)  # as a running desk: what fell due has been noticed
    with app.app_context(), unit_of_work():
        revisions.confirm(revision_id, 1, clock.now())
    with processes.web(url) as server:
        browser = wire.Browser(server.port)
        browser.sign_in("ana@desk.example", DEFAULT_PASSWORD)
        idle = wire.delays(lambda _number: browser.get("/queue"), 100)
        worker = _worker(url)
        taken = []
        while worker.poll() is None:
            began = time.perf_counter()
            answer = browser.get("/queue")
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, answer.status
            time.sleep(0.02)  # a reader, not a flood
    applying = float(worker.communicate()[0].split()[-1])
    with app.app_context():
        done = db.session.get_one(PromiseRevision, revision_id)
        changed, tickets = done.changed_count, done.ticket_count
        assert not done.failed_count
        db.session.remove()
    yield Figure("policy change, counting", name, tickets, counting, "s")
    yield Figure(f"policy change, {changed:,} tickets", name, tickets, applying, "s", None, APPLY_SECONDS)
    busy = wire.of_times(taken)
    yield Figure("queue page meanwhile, p95", name, tickets, busy.p95, "ms", idle.p95)
    yield Figure("queue page meanwhile, p95 over idle", name, tickets, busy.p95 / idle.p95, "x at most", None, SLOWER)


def _proposal() -> int:
    calendar = db.session.scalars(sa.select(Calendar).order_by(Calendar.id)).first()
    assert calendar is not None
    assert calendar.version is not None
    definition = dict(calendar.version.definition)
    definition["week"] = {day: [["08:00", "19:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    with unit_of_work():
        return revisions.propose_calendar(calendar, CalendarDraft(calendar.name, definition), 1, clock.now()).id


def _seconds_of_work(url: str) -> float:
    return float(_worker(url).communicate()[0].split()[-1])


def _worker(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.bench_engine", url]
    return subprocess.Popen(command, cwd=settings.ROOT, stdout=subprocess.PIPE, text=True)


# after downtime -------------------------------------------------------------------------------------------------


def _draining(app: Flask, url: str, name: str) -> Iterator[Figure]:
    """As many clocks as fall due while no scheduler runs, by one scheduler and by two, until none is left."""
    for schedulers in (1, 2):
        with app.app_context():
            moment = _moment_when_due(DRAINED)
        before = bench_sweep.due(app, moment)
        spent = bench_sweep.sweep_beside(url, moment, schedulers, seconds=10 * DRAIN_SECONDS)
        assert not bench_sweep.due(app, moment)
        what = f"downtime, {before:,} clocks" + ("" if schedulers == 1 else ", two schedulers")
        yield Figure(what, name, None, spent, "s", None, DRAIN_SECONDS)


def _moment_when_due(count: int) -> datetime:
    rows = sa.select(SlaClock.next_fire_at).where(SlaClock.next_fire_at.is_not(None)).order_by(SlaClock.next_fire_at)
    moment = db.session.scalars(rows.offset(count).limit(1)).one()
    assert moment is not None
    return moment


def _recovering(app: Flask, url: str, database: worlds.Postgres) -> Figure:
    """Seconds from the database's first answer after a crash until a scheduler that ran on has noticed something."""
    with processes.scheduler(url), app.app_context():
        _seconds_until_noticed()  # it works
        db.session.remove()
        db.engine.dispose()
        database.crash()
        spent = _seconds_until_noticed()
    return Figure("PostgreSQL crashed, scheduler goes on", database.name, None, spent, "s", None, RECOVERY_SECONDS)


def _seconds_until_noticed() -> float:
    """Make a clock due and wait until the scheduler has seen that it is not."""
    began, moment = time.perf_counter(), clock.now() - timedelta(seconds=1)
    rows = sa.select(SlaClock).where(SlaClock.next_fire_at > moment + timedelta(days=1)).order_by(SlaClock.id)
    clock_id = db.session.scalars(rows.limit(1)).one().id
    with unit_of_work() as session:
        session.execute(sa.update(SlaClock).where(SlaClock.id == clock_id).values(next_fire_at=moment))
    while True:
        db.session.rollback()
        fires_at = db.session.scalar(sa.select(SlaClock.next_fire_at).where(SlaClock.id == clock_id))
        if fires_at != moment:
            return time.perf_counter() - began
        if time.perf_counter() > began + 60:
            raise TimeoutError("the scheduler noticed nothing within a minute")
        time.sleep(0.05)


# nothing to do --------------------------------------------------------------------------------------------------


def _idling(app: Flask, name: str) -> Figure:
    """Fill up with clocks of a year to come until a million are open; what they are of does not matter to the sweep."""
    with app.app_context():
        many = _fill_up()
        spent, raw = bench_sweep.idle_ms(app), bench_sweep.raw_idle_ms(app)
    return Figure(f"sweep, nothing due of {many:,} open clocks", name, None, spent, "ms", raw, IDLE_MS)


def _fill_up() -> int:
    columns = [column.name for column in SlaClock.__table__.columns if column.name != "id"]
    names = ", ".join(columns)
    later = datetime.now(UTC) + timedelta(days=365)
    counted = sa.select(sa.func.count()).select_from(SlaClock).where(SlaClock.next_fire_at.is_not(None))
    there = db.session.scalar(counted) or 0
    db.session.remove()
    for turn in range(1, 40):
        values = ", ".join(
            {"cycle": f"cycle + {turn * 1000}", "next_fire_at": f"'{later:%Y-%m-%d %H:%M:%S}'"}.get(name, name)
            for name in columns
        )
        which = f"next_fire_at IS NOT NULL AND cycle < 1000 LIMIT {max(CLOCKS - there, 0)}"
        with db.engine.begin() as connection:
            there += connection.exec_driver_sql(
                f"INSERT INTO sla_clock ({names}) SELECT {values} FROM sla_clock WHERE {which}"
            ).rowcount
        if there >= CLOCKS:
            break
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE sla_clock")
    return there


def main(url: str) -> None:
    """Do the work of a waiting revision to its end and print how many seconds it took."""
    app = worlds.application(url)
    with app.app_context():
        began = time.perf_counter()
        for _step in jobs.apply_revisions():
            pass
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
