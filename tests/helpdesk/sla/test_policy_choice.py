"""Which policy a ticket gets, and that every process notices when policies change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from helpdesk.clock import Hand, now
from helpdesk.customers.actions import CustomerDraft, add_customer
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Invalid
from helpdesk.sla import editing, queries
from helpdesk.sla.editing import PolicyDraft, Target
from helpdesk.sla.models import SlaPolicy
from tests.helpdesk.sla.conftest import Promised
from workflows.vocabulary import ClockKind, Kind, Priority, Service

TECHNICAL_AZURE = (Kind.TECHNICAL, Service.AZURE, None, None)


@pytest.fixture
def alpina(promised: Promised) -> int:
    with unit_of_work():
        return add_customer(CustomerDraft("Alpina"), now()).id


def draft(promised: Promised, name: str, **conditions: Any) -> PolicyDraft:
    target = Target(Priority.P1, ClockKind.FIRST_RESPONSE, 600, promised.desk_hours.id)
    return PolicyDraft(name, targets=(target,), **conditions)


def add(promised: Promised, name: str, **conditions: Any) -> SlaPolicy:
    with unit_of_work():
        return editing.create_policy(draft(promised, name, **conditions), now())


def chosen(*asked: Any) -> str:
    return queries.choose_policy(*asked).name


def test_guests_get_the_default(promised: Promised) -> None:
    assert chosen(*TECHNICAL_AZURE) == "Standard"


def test_a_plan_chooses_its_policy(promised: Promised) -> None:
    plan_id = promised.business_plus.support_plan_id
    assert chosen(Kind.BILLING, Service.OTHER, 7, plan_id) == "Business Plus"
    assert chosen(Kind.BILLING, Service.OTHER, 7, (plan_id or 0) + 1) == "Standard"


def test_every_condition_must_match(promised: Promised, alpina: int) -> None:
    add(promised, "Narrow", kind=Kind.TECHNICAL, service=Service.AZURE, customer_id=alpina)
    assert chosen(Kind.TECHNICAL, Service.AZURE, alpina, None) == "Narrow"
    assert chosen(Kind.BILLING, Service.AZURE, alpina, None) == "Standard"
    assert chosen(Kind.TECHNICAL, Service.OTHER, alpina, None) == "Standard"
    assert chosen(Kind.TECHNICAL, Service.AZURE, alpina + 1, None) == "Standard"
    assert chosen(*TECHNICAL_AZURE) == "Standard"


def test_the_first_in_order_wins_and_order_can_change(promised: Promised) -> None:
    add(promised, "Azure", service=Service.AZURE)
    technical = add(promised, "Technical", kind=Kind.TECHNICAL)
    assert chosen(*TECHNICAL_AZURE) == "Azure"
    with unit_of_work():
        editing.move_policy(queries.policy(technical.id), up=True)
    assert chosen(*TECHNICAL_AZURE) == "Technical"
    with unit_of_work():
        editing.move_policy(queries.policy(technical.id), up=False)
    assert chosen(*TECHNICAL_AZURE) == "Azure"


def test_moving_beyond_the_ends_changes_nothing(promised: Promised) -> None:
    first = add(promised, "Azure", service=Service.AZURE)
    order = [policy.name for policy in queries.policies()]
    with unit_of_work():
        editing.move_policy(promised.business_plus, up=True)
        editing.move_policy(queries.policy(first.id), up=False)
        editing.move_policy(promised.standard, up=True)
    assert [policy.name for policy in queries.policies()] == order == ["Business Plus", "Azure", "Standard"]


def test_a_policy_that_is_switched_off_or_removed_is_skipped(promised: Promised) -> None:
    azure = add(promised, "Azure", service=Service.AZURE)
    assert chosen(*TECHNICAL_AZURE) == "Azure"
    with unit_of_work():
        off = replace(draft(promised, "Azure", service=Service.AZURE), is_enabled=False)
        editing.edit_policy(queries.policy(azure.id), off, now())
    assert chosen(*TECHNICAL_AZURE) == "Standard"
    with unit_of_work():
        editing.remove_policy(queries.policy(azure.id))
    assert [policy.name for policy in queries.policies()] == ["Business Plus", "Standard"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": Kind.BILLING}, "kind"),
        ({"is_enabled": False}, "is_enabled"),
        ({"name": "Business Plus"}, "name"),
        ({"name": " "}, "name"),
        ({"targets": ()}, "targets"),
    ],
)
def test_the_default_stays_a_catch_all(promised: Promised, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work():
        editing.edit_policy(promised.standard, replace(draft(promised, "Standard"), **change), now())
    assert refused.value.field == field
    with pytest.raises(Invalid), unit_of_work():
        editing.remove_policy(promised.standard)


def test_only_the_default_goes_without_conditions(promised: Promised) -> None:
    with pytest.raises(Invalid) as refused:
        add(promised, "Everything")
    assert refused.value.field == "kind"


def test_an_empty_desk_can_promise_nothing(app: Flask, hand: Hand) -> None:
    with pytest.raises(Invalid):
        queries.choose_policy(*TECHNICAL_AZURE)


def test_the_book_is_read_once_while_nothing_changes(promised: Promised) -> None:
    chosen(*TECHNICAL_AZURE)
    statements: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _k, text, *_rest: statements.append(text))
    for _time in range(5):
        chosen(*TECHNICAL_AZURE)
    assert len(statements) == 5
    assert all("promise_stamp" in statement for statement in statements)


def test_a_change_by_another_process_is_noticed(promised: Promised) -> None:
    """The other process is a connection of its own that writes what its actions would."""
    assert chosen(*TECHNICAL_AZURE) == "Standard"
    db.session.rollback()
    with db.engine.begin() as other:
        other.execute(sa.text("UPDATE sla_policy SET name = 'Renamed' WHERE is_default"))
        other.execute(sa.text("UPDATE promise_stamp SET stamp = 'of the other process'"))
    assert chosen(*TECHNICAL_AZURE) == "Renamed"


def test_a_change_that_is_rolled_back_leaves_no_trace(promised: Promised) -> None:
    def add_and_fail() -> None:
        with unit_of_work():
            editing.create_policy(draft(promised, "Azure", service=Service.AZURE), now())
            assert chosen(*TECHNICAL_AZURE) == "Azure"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        add_and_fail()
    assert chosen(*TECHNICAL_AZURE) == "Standard"
