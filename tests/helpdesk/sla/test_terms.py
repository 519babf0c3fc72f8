"""Frozen terms: found by content, safe under concurrency and rollback, ready for the pure rules."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.sla import editing, queries
from helpdesk.sla.editing import PolicyDraft, Target
from helpdesk.sla.models import SlaTerms
from helpdesk.sla.terms import FrozenTerms, digest_of, freeze, load_terms, preview
from tests.helpdesk.sla.conftest import Promised
from workflows import sla
from workflows.vocabulary import ClockKind, Kind, PauseCause, Priority, Service


def frozen(priority: Priority = Priority.P1) -> FrozenTerms:
    with unit_of_work():
        return freeze(queries.choose_policy(Kind.TECHNICAL, Service.AZURE, None, None), priority, now())


def rows() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(SlaTerms)) or 0


def shorter(promised: Promised, seconds: int) -> PolicyDraft:
    target = Target(Priority.P1, ClockKind.FIRST_RESPONSE, seconds, promised.desk_hours.id)
    return PolicyDraft("Standard", targets=(target,))


def test_the_same_promise_is_one_row(promised: Promised) -> None:
    assert frozen().id == frozen().id
    assert frozen(Priority.P2).id != frozen().id
    assert rows() == 2


def test_content_says_all_that_was_promised(promised: Promised) -> None:
    content = db.session.get_one(SlaTerms, frozen().id).content
    assert content["policy_name"] == "Standard"
    assert content["priority"] == "p1"
    assert content["targets"]["first_response"] == 2 * 3600
    assert content["pause_on"]["resolution"] == ["customer"]
    assert content["pause_on"]["first_response"] == []
    assert content["levels"]["resolution"] == [
        {"level": 1, "percent": 75, "to": ["assignee"], "is_urgent": False},
        {"level": 0, "to": ["assignee", "lead", "manager"], "is_urgent": False},
    ]
    assert set(content["calendars"].values()) == {promised.desk_hours.version_id}
    assert db.session.get_one(SlaTerms, frozen().id).digest == digest_of(content)


def test_a_calendar_per_target(promised: Promised) -> None:
    with unit_of_work():
        terms = freeze(promised.business_plus, Priority.P1, now())
    hours = terms.calendars[ClockKind.FIRST_RESPONSE]
    assert hours.is_open("2026-11-22T03:00:00+01:00")
    assert not frozen().calendars[ClockKind.FIRST_RESPONSE].is_open("2026-11-22T03:00:00+01:00")


def test_frozen_terms_feed_the_rules(promised: Promised) -> None:
    events = [{"at": "2026-11-24T14:12:00+01:00", "type": "create"}]
    view = sla.evaluate(frozen().whole, {}, events, "2026-11-24T15:12:00+01:00")[ClockKind.FIRST_RESPONSE]
    assert (view.elapsed_seconds, view.remaining_seconds) == (3600, 3600)
    assert frozen().whole.terms(ClockKind.RESOLUTION).pause_on == {PauseCause.CUSTOMER}


def test_an_edited_policy_gives_new_terms_and_keeps_the_old(promised: Promised) -> None:
    before = frozen()
    with unit_of_work():
        editing.edit_policy(promised.standard, shorter(promised, 60), now())
    after = frozen()
    assert after.id != before.id
    assert after.policy["targets"] == {"first_response": 60}
    assert load_terms(before.id).policy["targets"]["first_response"] == 2 * 3600


def test_new_hours_give_new_terms_and_keep_the_old(promised: Promised) -> None:
    before = frozen()
    definition = promised.desk_hours.version.definition | {"week": {"mon": [["10:00", "11:00"]]}}
    with unit_of_work():
        editing.edit_calendar(promised.desk_hours, "Desk hours", definition, None, now())
    after = frozen()
    assert after.id != before.id
    assert not after.calendars[ClockKind.RESOLUTION].is_open(now())
    assert load_terms(before.id).calendars[ClockKind.RESOLUTION].is_open(now())


def test_saving_the_same_hours_again_makes_no_version(promised: Promised) -> None:
    version_id = promised.desk_hours.version_id
    with unit_of_work():
        definition = promised.desk_hours.version.definition
        editing.edit_calendar(promised.desk_hours, "Renamed", definition, None, now())
    assert promised.desk_hours.version_id == version_id
    assert len(queries.calendar_history(promised.desk_hours.id)) == 1


def test_terms_of_a_transaction_that_failed_are_forgotten(promised: Promised) -> None:
    """SQLite gives the id of a row that was rolled back to the next one: it must mean the next one."""

    def freeze_and_fail() -> None:
        with unit_of_work():
            freeze(queries.default_policy(), Priority.P1, now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        freeze_and_fail()
    assert rows() == 0
    kept = frozen(Priority.P4)
    assert load_terms(kept.id).content["priority"] == "p4"
    assert frozen(Priority.P1).content["priority"] == "p1"
    assert rows() == 2


def test_many_at_once_write_one_row(app: Flask, promised: Promised) -> None:
    found: list[int] = []
    together = threading.Barrier(6)

    def freeze_one() -> None:
        with app.app_context():
            together.wait()
            with unit_of_work():
                found.append(freeze(queries.default_policy(), Priority.P3, now()).id)
            db.session.remove()

    threads = [threading.Thread(target=freeze_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    db.session.rollback()  # on SQLite a read that was begun sees nothing newer
    assert rows() == 1


def test_creating_tickets_reads_no_policy_again(promised: Promised) -> None:
    frozen()
    frozen()
    statements: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _k, text, *_rest: statements.append(text))
    frozen()
    assert len(statements) <= 3  # the stamp for the choice, the stamp for the terms, SQLite's BEGIN
    assert not [
        statement for statement in statements if "FROM sla_policy" in statement or "FROM sla_terms" in statement
    ]


def test_a_preview_writes_nothing(promised: Promised) -> None:
    assert preview(promised.standard, Priority.P1).policy == frozen().policy
    assert rows() == 1


def test_what_is_no_condition_does_not_change_the_digest(promised: Promised) -> None:
    before = frozen()
    with unit_of_work():
        policy = queries.policies()[-1]
        same = tuple(Target(t.priority, t.clock, t.seconds, t.calendar_id) for t in reversed(policy.targets))
        draft = PolicyDraft("Standard", targets=same, pause_on=policy.pause_on, levels=policy.levels)
        editing.edit_policy(policy, replace(draft), now())
    assert frozen().id == before.id
