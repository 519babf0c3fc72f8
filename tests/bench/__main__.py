"""``make bench``: every figure beside its ceiling and its target, also written to instance/bench.json.

BENCH_TICKETS (or --tickets, --million) says how large the desk is, BENCH_REQUESTS how long memory is watched.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator

from flask import Flask

import config as settings
from helpdesk.database import db
from tests.bench import bench_business_time, bench_engine, bench_pages, bench_service, bench_sweep, bench_writes, worlds
from tests.bench.figures import Figure, machine, of_mapping, write

Bench = Callable[[Flask, str, str, int], Iterator[Figure]]
PARTS = ("business", "pages", "writes", "sweep", "service", "engine")
RESULT = settings.ROOT / "instance" / "bench.json"


def main() -> None:
    asked = _arguments()
    began, found = machine(), []
    print(f"{began['processor']}, {began['cores']} cores, load {began['load_average'][0]}, {asked.tickets:,} tickets\n")
    if "business" in asked.only:
        found += [_said(of_mapping(one)) for one in bench_business_time.figures()]
    for name in asked.databases:
        found += [_said(figure) for figure in _of_database(name, asked)]
    write(found, began, RESULT)
    missed = [figure for figure in found if not figure.is_met]
    print(f"\n{len(found)} figures, {len(missed)} targets missed, load now {os.getloadavg()[0]:.1f}: {RESULT}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tickets", type=int, default=int(os.environ.get("BENCH_TICKETS", "100000")))
    parser.add_argument("--million", action="store_const", const=1_000_000, dest="tickets")
    parser.add_argument("--requests", type=int, default=int(os.environ.get("BENCH_REQUESTS", "4000")))
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS)
    return parser.parse_args()


def _said(figure: Figure) -> Figure:
    print(figure.line(), flush=True)
    return figure


def _of_database(name: str, asked: argparse.Namespace) -> Iterator[Figure]:
    database = worlds.database(name)
    began = time.monotonic()
    try:
        if "engine" in asked.only:
            yield from _engine(database)
        if {"pages", "service", "writes", "sweep"}.isdisjoint(asked.only):
            return
        world = worlds.prepare(database, asked.tickets, lambda step: print(f"  {name}: {step}", flush=True))
        print(f"{name}: {world} is there after {time.monotonic() - began:.0f} s", flush=True)
        if {"pages", "service"} & {*asked.only}:
            yield from _readers(database, world, asked)
        if "writes" in asked.only:
            yield from _with_copy(database, world, asked.tickets, bench_writes.figures)
        if "sweep" in asked.only:
            yield from _with_copy(database, world, asked.tickets, bench_sweep.figures)
    finally:
        database.stop()


def _engine(database: worlds.Database) -> Iterator[Figure]:
    """On a desk of its own, whose tickets are all open."""
    report: worlds.Report = lambda step: print(f"  {database.name}: {step}", flush=True)  # noqa: E731
    url = database.lend(worlds.prepare(database, bench_engine.TICKETS, report, is_all_open=True))
    app = worlds.application(url)
    yield from bench_engine.figures(app, url, database)
    with app.app_context():
        db.engine.dispose()


def _readers(database: worlds.Database, world: str, asked: argparse.Namespace) -> Iterator[Figure]:
    url = database.lend(world)
    app = worlds.application(url)
    if "pages" in asked.only:
        yield from bench_pages.figures(app, url, database.name, asked.tickets)
    if "service" in asked.only:
        yield from bench_pages.hello(url)
        yield from bench_service.start(url, database.name)
        yield from bench_service.memory(app, url, database.name, asked.tickets, asked.requests)
    with app.app_context():
        db.engine.dispose()


def _with_copy(database: worlds.Database, world: str, tickets: int, bench: Bench) -> Iterator[Figure]:
    """A fresh copy for benches that write."""
    url = database.lend(world)
    app = worlds.application(url)
    yield from bench(app, url, database.name, tickets)
    with app.app_context():
        db.engine.dispose()


if __name__ == "__main__":
    main()
