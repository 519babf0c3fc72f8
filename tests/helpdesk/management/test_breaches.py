"""The pile of missed promises, and reviewing them: the breach stays as it was, the review is added."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.management.actions import review_breach
from helpdesk.management.filters import BreachFilter, Pile, Position
from helpdesk.management.pile import breach_page, next_after, pile_counts
from helpdesk.management.review import review_of
from helpdesk.sla.models import Breach, BreachReview, BreachToReview
from helpdesk.sla.reviews import Finding
from helpdesk.tickets import history
from helpdesk.tickets.actions import assigning, conversation, holding
from helpdesk.tickets.models import TicketEvent
from tests.helpdesk.tickets.conftest import Desk
from workflows.vocabulary import BreachCause, ClockKind, EventKind, Kind, Service

FINDING = Finding(BreachCause.HANDOVER, "Left lying over lunch.", "Hand over by name.")
SAID = {
    "cause": "handover",
    "comment": "Left lying over lunch.",
    "action": "Hand over by name.",
    "is_acknowledged": "y",
}


def breach_of(number: int, kind: ClockKind = ClockKind.PICKUP) -> Breach:
    rows = sa.select(Breach).where(Breach.ticket_id == number, Breach.kind == kind)
    return db.session.scalars(rows.execution_options(populate_existing=True)).one()


def on_pile() -> set[int]:
    db.session.rollback()
    return set(db.session.scalars(sa.select(BreachToReview.breach_id)))


def columns_of(breach: Breach) -> dict[str, Any]:
    return {column.key: getattr(breach, column.key) for column in sa.inspect(Breach).columns}


@pytest.fixture
def missed(opened: Callable[..., Any], let_pass: Callable[..., None]) -> Breach:
    """Nobody picked it up within its hour: Tue 15:12, seen at 15:42."""
    number = opened().ticket.id
    let_pass(minutes=90)
    return breach_of(number)


class TestReviewing:
    def test_the_review_is_added_and_the_breach_stays_as_it_was(self, desk: Desk, missed: Breach) -> None:
        before = columns_of(missed)
        with unit_of_work():
            review_breach(missed.id, desk.max, FINDING, now())

        kept = db.session.scalars(sa.select(BreachReview)).one()
        assert (kept.cause, kept.comment, kept.action) == (FINDING.cause, FINDING.comment, FINDING.action)
        assert (kept.reviewer_id, kept.at, kept.late_from_at) == (desk.max.id, now(), missed.late_from_at)
        assert columns_of(breach_of(missed.ticket_id)) == before
        assert missed.id not in on_pile()

    def test_the_tickets_history_tells_it_and_its_chain_is_whole(self, desk: Desk, missed: Breach) -> None:
        with unit_of_work():
            review_breach(missed.id, desk.max, FINDING, now())

        told = sa.select(TicketEvent).where(TicketEvent.what == EventKind.BREACH_REVIEWED)
        event = db.session.scalars(told).one()
        particulars = json.loads(event.particulars)
        assert (event.ticket_id, event.actor) == (missed.ticket_id, desk.max.reference)
        assert (particulars["breach"], particulars["cause"]) == (missed.id, "handover")
        assert all(broken is None for _number, broken in history.verify())

    def test_what_is_not_settled_stays_on_the_pile(self, desk: Desk, missed: Breach) -> None:
        with unit_of_work():
            review_breach(missed.id, desk.max, Finding(BreachCause.OTHER, "Asking around.", "", False), now())
        assert missed.id in on_pile()

        with unit_of_work():
            review_breach(missed.id, desk.max, FINDING, now())

        assert missed.id not in on_pile()
        assert [said.cause_text for said in review_of(missed.id, now())[1].reviews] == [
            "Lost in a handover",
            "Something else",
        ]

    def test_a_second_review_of_a_settled_breach_is_kept_too(self, desk: Desk, missed: Breach) -> None:
        for _again in range(2):
            with unit_of_work():
                review_breach(missed.id, desk.max, FINDING, now())

        assert db.session.scalar(sa.select(sa.func.count()).select_from(BreachReview)) == 2
        assert [row.id for row in breach_page(BreachFilter(pile=Pile.REVIEWED)).rows] == [missed.id]

    def test_only_managers_review(self, desk: Desk, missed: Breach) -> None:
        for person in (desk.ana, desk.lea):
            with pytest.raises(Forbidden), unit_of_work():
                review_breach(missed.id, person, FINDING, now())
        assert missed.id in on_pile()

    def test_something_must_be_said(self, desk: Desk, missed: Breach) -> None:
        with pytest.raises(Invalid) as refused, unit_of_work():
            review_breach(missed.id, desk.max, Finding(BreachCause.OTHER, "  "), now())
        assert refused.value.field == "comment"

    def test_the_breach_must_exist(self, desk: Desk) -> None:
        with pytest.raises(NotFound), unit_of_work():
            review_breach(4711, desk.max, FINDING, now())


class TestForm:
    def test_it_goes_on_to_the_next_of_the_list(self, opened, let_pass, max_browses: FlaskClient) -> None:
        older, newer = opened().ticket.id, None
        let_pass(minutes=10)
        newer = opened().ticket.id
        let_pass(minutes=80)
        first, then = breach_of(newer), breach_of(older)

        sent = max_browses.post(f"/breaches/{first.id}/reviews?kind=pickup", data=SAID)

        assert sent.status_code == 303
        assert sent.headers["Location"] == f"/breaches/{then.id}?kind=pickup#breach-{then.id}"
        assert on_pile() == {then.id}

    def test_behind_the_last_comes_the_list(self, missed: Breach, max_browses: FlaskClient) -> None:
        sent = max_browses.post(f"/breaches/{missed.id}/reviews", data=SAID)

        assert sent.headers["Location"] == "/breaches"

    def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(self, missed: Breach, max_browses) -> None:
        typed = SAID | {"cause": "", "comment": "", "action": "A rota for lunch."}

        sent = max_browses.post(f"/breaches/{missed.id}/reviews", data=typed)
        html = sent.get_data(as_text=True)

        assert sent.status_code == 422
        assert re.search(r'id="cause-error".*?Choose why it was missed', html, re.DOTALL)
        assert re.search(r'id="comment-error".*?This is needed', html, re.DOTALL)
        assert "A rota for lunch." in html
        assert missed.id in on_pile()

    def test_an_unticked_box_comes_back_unticked(self, missed: Breach, max_browses) -> None:
        typed = {name: text for name, text in SAID.items() if name not in ("is_acknowledged", "comment")}

        html = max_browses.post(f"/breaches/{missed.id}/reviews", data=typed).get_data(as_text=True)

        box = re.search(r'<input[^>]*name="is_acknowledged"[^>]*>', html)
        assert box
        assert "checked" not in box[0]

    def test_a_fresh_form_settles_it(self, missed: Breach, max_browses) -> None:
        html = max_browses.get(f"/breaches/{missed.id}").get_data(as_text=True)

        box = re.search(r'<input[^>]*name="is_acknowledged"[^>]*>', html)
        assert box
        assert "checked" in box[0]

    def test_agents_read_what_they_may_not_write(self, missed: Breach, ana_browses) -> None:
        page = ana_browses.get(f"/breaches/{missed.id}")

        assert page.status_code == 200
        assert 'name="comment"' not in page.get_data(as_text=True)
        assert ana_browses.post(f"/breaches/{missed.id}/reviews", data=SAID).status_code == 403

    def test_no_such_breach(self, max_browses) -> None:
        assert max_browses.get("/breaches/4711").status_code == 404


class TestLists:
    def test_each_list_has_its_own(self, desk, opened, let_pass, max_browses) -> None:
        done, left = opened().ticket.id, opened().ticket.id
        let_pass(minutes=90)
        with unit_of_work():
            review_breach(breach_of(done).id, desk.max, FINDING, now())

        def listed(pile: Pile) -> set[int]:
            return {row.ticket_id for row in breach_page(BreachFilter(pile=pile)).rows}

        assert listed(Pile.TO_REVIEW) == {left}
        assert listed(Pile.REVIEWED) == {done}
        assert listed(Pile.ALL) == {done, left}
        assert pile_counts(BreachFilter()) == {Pile.TO_REVIEW: 1, Pile.REVIEWED: 1, Pile.ALL: 2}

    @pytest.mark.parametrize("pile", list(Pile))
    def test_pages_follow_each_other_newest_first_without_gap(self, desk, opened, let_pass, pile) -> None:
        numbers = [opened().ticket.id for _number in range(5)]
        let_pass(minutes=90)
        if pile is not Pile.TO_REVIEW:
            for number in numbers:
                with unit_of_work():
                    review_breach(breach_of(number).id, desk.max, FINDING, now())
        asked, seen = BreachFilter(pile=pile), []
        for _page in range(3):
            page = breach_page(asked, limit=2)
            seen += [row.id for row in page.rows]
            last = page.rows[-1]
            asked = asked.but(after=Position(last.late_from_at, last.id))

        expected = [(breach_of(number).late_from_at, breach_of(number).id) for number in numbers]
        assert seen == [breach_id for _at, breach_id in sorted(expected, reverse=True)]
        assert not page.has_more
        first = db.session.get_one(Breach, seen[0])
        assert next_after(BreachFilter(pile=pile), Position(first.late_from_at, first.id)) == seen[1]

    def test_filters_narrow_list_and_counts(self, desk, opened, let_pass) -> None:
        anas = opened(kind=Kind.TECHNICAL).ticket.id
        with unit_of_work():
            assigning.assign(anas, desk.ana, desk.ana.id, now())
        billing = opened(kind=Kind.BILLING, service=Service.AZURE).ticket.id
        let_pass(days=1)
        every = {row.id for row in breach_page(BreachFilter()).rows}
        assert every

        for filter_, keeps in (
            ({"kind": ClockKind.PICKUP}, lambda breach: breach.kind is ClockKind.PICKUP),
            ({"assignee": desk.ana.id}, lambda breach: breach.assignee_id == desk.ana.id),
            ({"customer": desk.customer_id}, lambda breach: breach.customer_id == desk.customer_id),
            ({"from_on": now().date()}, lambda breach: breach.late_from_at.date() >= now().date()),
            ({"to_on": now().date() - timedelta(days=1)}, lambda breach: breach.late_from_at.date() < now().date()),
            ({"team": 4711}, lambda breach: False),
        ):
            found = {row.id for row in breach_page(BreachFilter(**filter_)).rows}
            assert found == {number for number in every if keeps(db.session.get_one(Breach, number))}, filter_
            assert pile_counts(BreachFilter(**filter_))[Pile.TO_REVIEW] == len(found)
        assert billing

    def test_the_address_says_it_all(self) -> None:
        query = {
            "reviewed": "all",
            "kind": "pickup",
            "assignee": "3",
            "team": "1",
            "customer": "9",
            "from": "2026-11-01",
            "to": "2026-11-30",
            "after": "1790000000.12",
        }
        assert dict(BreachFilter.read(query).query()) == query
        assert BreachFilter.read({}).url() == "/breaches"
        assert BreachFilter.read({"kind": "lunch", "assignee": "-1", "from": "x", "after": "1.2.3"}) == BreachFilter()


class TestWhatHappened:
    def test_how_late_is_open_time_without_pauses(self, desk, opened, let_pass, max_browses) -> None:
        number = opened().ticket.id  # Tue 14:12, P1: first response within two open hours, 16:12
        let_pass(hours=3)  # 17:12
        let_pass(hours=15)  # Wed 08:12: 1 h 48 min of open time behind the deadline, and 12 min more
        with unit_of_work():
            conversation.reply(number, desk.ana, "Sorry for the wait.", now())

        breach, review = review_of(breach_of(number, ClockKind.FIRST_RESPONSE).id, now())

        assert review.late_text == "2 h late"
        assert dict(review.facts)["Promised"].startswith("First response within 2 h of open hours")
        row = next(row for row in breach_page(BreachFilter()).rows if row.id == breach.id)
        assert row.elapsed_seconds - row.clock_target == 2 * 3600
        assert "2 h late" in max_browses.get("/breaches?kind=first_response").get_data(as_text=True)

    def test_who_had_it_when_adds_up(self, desk, opened, let_pass) -> None:
        number = opened().ticket.id  # Tue 14:12, an intake of two hours
        let_pass(minutes=30)
        with unit_of_work():
            assigning.assign(number, desk.ana, desk.ana.id, now())
        let_pass(minutes=30)
        with unit_of_work():
            assigning.assign(number, desk.lea, desk.lea.id, now())
            conversation.reply(number, desk.lea, "Which mailbox?", now(), then_wait=True)
        let_pass(minutes=60)
        with unit_of_work():
            holding.release(number, desk.lea, now())
        let_pass(minutes=100)  # 17:52, due 17:12

        _breach, review = review_of(breach_of(number, ClockKind.INTAKE).id, now())

        assert [(span.text, span.seconds // 60) for span in review.spans] == [
            ("Intake, nobody", 30),
            ("Intake, Ana Kovács", 30),
            ("Waiting for the customer", 60),
            ("Intake, Lea Horváth", 100),
        ]
        assert sum(span.share for span in review.spans) == pytest.approx(100, abs=0.05)
        assert review.deadline_share == pytest.approx(180 / 220 * 100, abs=0.01)
        assert review.late_text == "40 min late and still open"

    def test_nights_are_left_out(self, desk, opened, let_pass) -> None:
        number = opened().ticket.id
        let_pass(days=1)

        _breach, review = review_of(breach_of(number, ClockKind.INTAKE).id, now())

        assert [span.seconds for span in review.spans] == [10 * 3600]  # 14:12 to 18:00 and 8:00 to 14:12

    def test_it_says_what_others_said(self, desk, missed, max_browses) -> None:
        with unit_of_work():
            review_breach(missed.id, desk.max, FINDING, now())

        html = max_browses.get(f"/breaches/{missed.id}?reviewed=yes").get_data(as_text=True)

        for words in ("Left lying over lunch.", "Hand over by name.", "Lost in a handover", "Max Berger"):
            assert words in html
