from __future__ import annotations

import io
import re
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from helpdesk.clock import now
from helpdesk.customers.models import Contact
from helpdesk.database import db
from helpdesk.portal.drafts import new_draft
from helpdesk.sla.models import SlaClock
from helpdesk.tickets.models import Attachment, Message, StagedFile, Tracker
from tests.conftest import _create
from workflows.vocabulary import ClockKind, Kind, Priority, Service, State

from .conftest import FIELDS, tickets, words


def _png(name: str = "prompt.png", size: int = 2048) -> tuple[io.BytesIO, str]:
    return io.BytesIO(b"x" * size), name


def _kept(response) -> list[str]:
    return re.findall(r'name="kept" value="([^"]+)" checked', response.get_data(as_text=True))


def _draft(response) -> str:
    found = re.search(r'name="draft" type="hidden" value="([^"]+)"', response.get_data(as_text=True))
    assert found
    return found.group(1)


def _tracker_link(page: str) -> str:
    found = re.search(r'value="http://localhost(/track/[^"]+)"', page)
    assert found
    return found.group(1)


def _rows() -> list[int | None]:
    """How many rows stand where a form that is only looked at might write."""
    return [db.session.scalar(sa.select(sa.func.count()).select_from(sa.text(t))) for t in ("sla_terms", "staged_file")]


def test_the_contracts_fields_alone_open_a_ticket(client, send):
    answer = send()
    assert answer.status_code == 303
    page = words(client.get(answer.location))
    (ticket,) = tickets()
    assert f"#{ticket.number}" in page
    assert client.get(_tracker_link(page)).status_code == 200
    assert (ticket.kind, ticket.service, ticket.priority) == (Kind.TECHNICAL, Service.OTHER, Priority.P1)
    assert (ticket.state, ticket.language, ticket.customer_id) == (State.INTAKE, "en", None)


def test_the_form_shows_what_will_be_promised_and_writes_nothing(client, desk, hand):
    page = words(client.get("/submit"))
    assert "Our hours: Mon–Fri 8–18, Budapest." in page
    assert "How we set priority" in page
    before = _rows()
    promise = words(client.get("/submit/promise?kind=technical&service=azure&impact=high&urgency=high"))
    # 14:12 in Budapest: two open hours for the answer, ten for the solution
    assert "hear from us by <strong>today 16:12</strong>, solved by <strong>tomorrow 14:12</strong>" in promise
    assert "That makes it P1." in promise
    assert _rows() == before


def test_the_promise_is_kept_by_the_tickets_clocks(client, send, hand):
    answer = send()
    due = dict(db.session.execute(sa.select(SlaClock.kind, SlaClock.due_at)).all())
    assert due[ClockKind.FIRST_RESPONSE].hour == 15  # 16:12 in Budapest
    assert "answers you by <strong><time" in (page := words(client.get(answer.location)))
    assert "today 16:12" in page
    assert "tomorrow 14:12" in page


@pytest.mark.parametrize("query", ["", "?kind=nonsense&impact=high", "?kind=billing"])
def test_without_all_choices_nothing_is_promised_yet(client, desk, query):
    assert "then we say here by when you hear from us" in words(client.get("/submit/promise" + query))


def test_only_the_chosen_kinds_questions_are_kept(send):
    send(kind="billing", asked="refund", reference="INV-2026-117", error_text="AADSTS50126")
    (ticket,) = tickets()
    assert ticket.intake == {"asked": "refund", "reference": "INV-2026-117"}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " ", "This is needed."),
        ("email", "rita(at)alpina", "Write an address like"),
        ("kind", "gardening", "Choose one."),
        ("impact", None, "Choose one."),
        ("service", "abacus", "Choose one of the list."),
        ("subject", "x" * 201, "Use at most 200 characters."),
        ("description", "x" * 20_001, "Use at most 20000 characters."),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_the_rest_stays(send, field, value, sentence):
    answer = send(**{field: value})
    page = words(answer)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">.*?{re.escape(sentence)}', page)
    assert tickets() == []
    others = [FIELDS[name] for name in ("name", "email", "subject", "description") if name != field]
    assert all(text in page for text in others)


def test_a_form_that_comes_back_keeps_its_valid_files(app, client, send):
    first = send(subject="", attachments=[_png(), _png("log.txt"), _png("virus.exe")])
    assert first.status_code == 422
    assert "virus.exe is a kind of file we don’t take" in words(first)
    kept = _kept(first)
    assert len(kept) == 2
    again = send(draft=_draft(first), kept=kept, subject="Mended")
    assert again.status_code == 303
    (ticket,) = tickets()
    files = db.session.scalars(sa.select(Attachment).order_by(Attachment.file_name)).all()
    assert [(file.file_name, file.content_type, file.ticket_id) for file in files] == [
        ("log.txt", "text/plain", ticket.id),
        ("prompt.png", "image/png", ticket.id),
    ]
    assert db.session.scalar(sa.select(sa.func.count(StagedFile.key))) == 0


def test_a_file_that_was_unticked_is_left_out(send):
    first = send(subject="", attachments=[_png("a.png"), _png("b.png")])
    kept = _kept(first)
    again = send(subject="", draft=_draft(first), kept=kept[:1])
    assert _kept(again) == kept[:1]
    assert db.session.scalars(sa.select(StagedFile.key)).all() == kept[:1]


def test_nobody_gets_a_file_by_another_draft(send):
    first = send(subject="", attachments=[_png()])
    send(draft=new_draft(), kept=_kept(first))
    assert db.session.scalars(sa.select(Attachment)).all() == []


def test_a_file_over_the_limit_is_named_and_the_rest_kept(app, send):
    app.config["UPLOAD_FILE_BYTES"] = 4096
    answer = send(attachments=[_png("small.png"), _png("large.png", 4097)])
    assert answer.status_code == 422
    assert "large.png is too large: 4 KB a file at most." in words(answer)
    assert len(_kept(answer)) == 1
    assert tickets() == []


def test_too_many_files_are_named(app, send):
    app.config["UPLOAD_FILES"] = 2
    answer = send(attachments=[_png(f"{n}.png") for n in range(3)])
    assert "2.png was left out: 2 files at most." in words(answer)
    assert len(_kept(answer)) == 2


def test_staged_files_have_a_quota(app, send, monkeypatch):
    monkeypatch.setattr("helpdesk.tickets.actions.staging.QUOTA_FILES", 1)
    answer = send(subject="", attachments=[_png("a.png"), _png("b.png")])
    assert "b.png could not be kept: please add it again." in words(answer)
    assert len(_kept(answer)) == 1


def test_a_body_over_the_hard_cap_is_refused(app, client, desk):
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    answer = client.post("/submit", data=FIELDS | {"attachments": [_png(size=20_000)]})
    assert answer.status_code == 413


def test_a_large_urlencoded_body_is_refused(client, desk):
    answer = client.post("/submit", data=FIELDS | {"description": "x" * 3_000_000})
    assert answer.status_code == 413
    assert tickets() == []


def test_a_form_sent_twice_opens_one_ticket(client, send):
    draft = new_draft()
    first, second = send(draft=draft), send(draft=draft, subject="Sent again")
    assert first.location == second.location
    assert len(tickets()) == 1
    assert db.session.scalar(sa.select(sa.func.count(Tracker.id))) == 1


def test_the_second_sending_gets_a_link_when_the_first_answer_was_lost(app, desk):
    draft = new_draft()
    app.test_client().post("/submit", data=FIELDS | {"draft": draft})
    other = app.test_client()
    answer = other.post("/submit", data=FIELDS | {"draft": draft})
    assert other.get(_tracker_link(words(other.get(answer.location)))).status_code == 200
    assert len(tickets()) == 1


def test_both_of_two_sendings_at_once_are_answered(app, desk):
    draft, answers = new_draft(), []
    barrier = threading.Barrier(4)

    def send_once() -> None:
        barrier.wait()
        answers.append(app.test_client().post("/submit", data=FIELDS | {"draft": draft}))

    threads = [threading.Thread(target=send_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    (ticket,) = tickets()
    assert [(each.status_code, each.location) for each in answers] == [(303, f"/submitted/{ticket.number}")] * 4


def test_a_forged_draft_is_a_fresh_one(send):
    assert send(draft="chosen-by-somebody").status_code == 303
    assert send(draft="chosen-by-somebody").status_code == 303
    assert len(tickets()) == 2


def test_a_program_in_the_trap_opens_nothing(client, send):
    answer = send(website="https://spam.example")
    assert answer.status_code == 303
    assert "We have it" in words(client.get(answer.location))
    assert tickets() == []


def test_known_and_unknown_addresses_get_the_same_answer(client, send):
    first = words(client.get(send().location))
    second = words(client.get(send(name="Somebody else", subject="Another").location))
    same = re.compile(r'#\d+|/track/[\w-]+|/submitted/\d+|content="[^"]+"|value="[^"]+"')
    assert same.sub("", first) == same.sub("", second)
    assert db.session.scalars(sa.select(Contact.name)).all() == ["Rita Fehér"]


def test_the_page_after_sending_is_for_the_sender_alone(app, client, send):
    answer = send()
    assert client.get(answer.location).headers["Cache-Control"] == "no-store"
    assert app.test_client().get(answer.location).status_code == 404


def test_the_times_can_be_asked_for_without_a_script(send):
    answer = send(refresh="1", subject="", attachments=[_png()])
    page = words(answer)
    assert answer.status_code == 200
    assert "solved by <strong>tomorrow 14:12</strong>" in page
    assert "field-error" not in page
    assert len(_kept(answer)) == 1
    assert tickets() == []


def test_the_tickets_language_is_the_forms(client, desk):
    client.post("/submit", data=FIELDS, headers={"Accept-Language": "hu-HU,hu;q=0.9,en;q=0.5"})
    (ticket,) = tickets()
    assert ticket.language == "hu"


def test_what_programs_put_into_texts_does_no_harm(send):
    send(subject="Break\r\nBcc: all@alpina.example", description="a\x00b\r\nc", company="<b>x</b>")
    (ticket,) = tickets()
    assert ticket.subject == "Break Bcc: all@alpina.example"
    assert db.session.scalars(sa.select(Message.body)).one() == "ab\nc"


def test_files_lie_on_disk_before_they_have_a_row(app, send):
    send(attachments=[_png()])
    (file,) = db.session.scalars(sa.select(Attachment)).all()
    stored = list((Path(app.config["INSTANCE_DIR"]) / "attachments").rglob(file.key))
    assert [path.stat().st_size for path in stored] == [2048]


def test_creating_a_ticket_takes_few_statements(app, send):
    for _ in range(2):  # the promises are kept in memory from the second ticket on
        send()
    statements: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _cur, text, *_: statements.append(text))
    send(subject="Warm by now", email="new.person@alpina.example")
    assert len(statements) <= 24, "\n".join(statements)


def test_knocking_too_often_is_refused_with_the_text_kept(desk, migrated_url, tmp_path):
    strict = _create(migrated_url, tmp_path, RATE_LIMITS=True)
    client = strict.test_client()
    answers = [client.post("/submit", data=FIELDS | {"name": ""}) for _ in range(21)]
    with strict.app_context():
        db.engine.dispose()
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert FIELDS["description"] in answers[-1].get_data(as_text=True)


def test_the_moment_of_opening_is_the_doors(send, hand):
    send()
    assert tickets()[0].created_at == now()
