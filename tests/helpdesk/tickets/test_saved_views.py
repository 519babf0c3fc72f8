"""Filters kept under names, files of a reply that came back, and the frame of refused people."""

from __future__ import annotations

import io
import re
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from helpdesk.clock import now
from helpdesk.database import db, unit_of_work
from helpdesk.tickets import queries
from helpdesk.tickets.actions import assigning, saving
from helpdesk.tickets.filters import QueueFilter, View
from helpdesk.tickets.models import Attachment, SavedView, StagedFile
from workflows.vocabulary import Priority

from .conftest import Desk, browser_of


def keep(browser: FlaskClient, name: str, query: str = "view=mine&priority=p1") -> Any:
    return browser.post("/queue/views", data={"name": name, "query": query})


class TestViews:
    def test_a_filter_becomes_a_chip_with_its_count(self, ana: FlaskClient, desk: Desk, opened: Any) -> None:
        number = opened().ticket.id
        with unit_of_work():
            assigning.assign(number, desk.ana, desk.ana.id, now())
        answer = keep(ana, " My  worst ")
        assert (answer.status_code, answer.location) == (303, "/queue?view=mine&priority=p1")
        html = ana.get(answer.location).text
        chip = re.search(
            r'<a class="chip" href="([^"]+)" aria-current="true">.*?My worst <span class="num">(\d+)', html
        )
        assert chip.groups() == ("/queue?view=mine&amp;priority=p1", "1")

    def test_the_same_name_means_the_new_filter(self, ana: FlaskClient) -> None:
        keep(ana, "Mine", "view=mine")
        keep(ana, "Mine", "view=late")
        assert [view.query for view in db.session.scalars(sa.select(SavedView))] == ["view=late"]

    def test_views_are_ones_own(self, app: Any, ana: FlaskClient, desk: Desk) -> None:
        keep(ana, "Anas")
        lea = browser_of(app, desk.lea)
        assert "Anas" not in lea.get("/queue").text
        (view,) = queries.saved_views(desk.ana.id)
        assert lea.post("/queue/views", data={"forget": view.id}).status_code == 404
        assert ana.post("/queue/views", data={"forget": view.id}).status_code == 303
        db.session.rollback()
        assert list(queries.saved_views(desk.ana.id)) == []

    def test_a_name_is_needed_and_there_is_an_end_to_them(self, ana: FlaskClient) -> None:
        keep(ana, "  ")
        assert "Give the view a name." in ana.get("/queue").text
        for number in range(saving.MOST_VIEWS + 1):
            keep(ana, f"View {number}")
        assert "remove one first" in ana.get("/queue").text
        assert db.session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == saving.MOST_VIEWS

    def test_nonsense_in_a_kept_query_harms_nothing(self, ana: FlaskClient) -> None:
        assert keep(ana, "Odd", "view=x&state=nonsense&after=1.2").location == "/queue"
        assert ana.get("/queue").status_code == 200

    def test_one_statement_more_however_many(self, ana: FlaskClient, statements: Any) -> None:
        keep(ana, "One")
        ana.get("/queue")
        with statements() as few:
            ana.get("/queue")
        for number in range(6):
            keep(ana, f"View {number}")
        ana.get("/queue")
        with statements() as many:
            ana.get("/queue")
        assert len(many) == len(few)


class TestPlace:
    def test_a_ticket_says_where_it_stands_in_the_list_one_came_from(self, ana: FlaskClient, opened: Any) -> None:
        numbers = [opened(subject=f"Ticket {n}").ticket.id for n in range(3)]
        assert "of 3" not in ana.get(f"/tickets/{numbers[1]}").text  # by a link, from no list
        ana.get("/queue")
        assert "2 of 3 in All open" in ana.get(f"/tickets/{numbers[1]}").text
        ana.get("/queue?view=mine")
        assert "of 3" not in ana.get(f"/tickets/{numbers[1]}").text

    def test_counting_stops(self, desk: Desk, opened: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(queries, "COUNT_TO", 2)
        tickets = [opened().ticket for _n in range(5)]
        place = queries.place_in(QueueFilter(), tickets[4], desk.ana.id, now())
        assert place == (4, 3)
        assert queries.place_in(QueueFilter(priority=Priority.P4), tickets[4], desk.ana.id, now()) is None
        assert queries.place_in(QueueFilter(view=View.ALL, q="outlook"), tickets[4], desk.ana.id, now()) is None


class TestFiles:
    def test_files_of_a_reply_that_came_back_are_kept_and_sent(self, ana: FlaskClient, number: int) -> None:
        log = (io.BytesIO(b"refused at 08:12"), "log.txt")
        first = ana.post(f"/tickets/{number}/replies", data={"body": " ", "attachments": log})
        assert first.status_code == 422
        key = re.search(r'name="kept" value="([^"]+)" checked', first.text).group(1)
        assert "log.txt" in first.text

        more = (io.BytesIO(b"more"), "more.txt")
        sent = ana.post(f"/tickets/{number}/replies", data={"body": "Here it is.", "kept": key, "attachments": more})
        assert sent.status_code == 303
        db.session.rollback()
        assert set(db.session.scalars(sa.select(Attachment.file_name))) == {"log.txt", "more.txt"}
        assert db.session.scalars(sa.select(StagedFile)).all() == []

    def test_a_file_that_is_not_taken_in_costs_no_other(self, ana: FlaskClient, number: int) -> None:
        files = [(io.BytesIO(b"fine"), "fine.txt"), (io.BytesIO(b"MZ"), "virus.exe")]
        answer = ana.post(f"/tickets/{number}/notes", data={"body": "Look.", "attachments": files})
        assert answer.status_code == 422
        assert "virus.exe is a kind of file we don’t take" in answer.text
        assert [file.file_name for file in db.session.scalars(sa.select(StagedFile))] == ["fine.txt"]

    def test_nobody_takes_anothers_kept_file(self, app: Any, ana: FlaskClient, desk: Desk, number: int) -> None:
        log = (io.BytesIO(b"secret"), "log.txt")
        first = ana.post(f"/tickets/{number}/replies", data={"body": "", "attachments": log})
        key = re.search(r'name="kept" value="([^"]+)" checked', first.text).group(1)
        lea = browser_of(app, desk.lea)
        assert lea.post(f"/tickets/{number}/replies", data={"body": "Hello.", "kept": key}).status_code == 303
        db.session.rollback()
        assert db.session.scalars(sa.select(Attachment)).all() == []


class TestRefusedPeople:
    def test_people_of_the_desk_stay_in_its_frame(self, ana: FlaskClient) -> None:
        for path, status in (("/tickets/999999", 404), ("/admin/users", 403), ("/no-such-page", 404)):
            answer = ana.get(path)
            assert answer.status_code == status
            assert 'class="rail"' in answer.text
            assert "public-top" not in answer.text

    def test_customers_see_theirs_whoever_looks(self, ana: FlaskClient, client: FlaskClient) -> None:
        assert "public-top" in client.get("/no-such-page").text
        assert "public-top" in ana.get("/track/nothing-here").text
