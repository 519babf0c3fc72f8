"""Texts of the ticket's page that need no database: bodies, sentences, reasons."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import Babel

from helpdesk.tickets import bodies, reasons, sentences
from workflows.facts import Reason
from workflows.machine import EVENT_OF
from workflows.vocabulary import EventKind, Mend, Trigger

AT = datetime(2026, 11, 24, 13, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def reader():
    app = Flask("reader")
    Babel(app, locale_selector=lambda: "en", timezone_selector=lambda: "Europe/Budapest")
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (
            "See https://a.example/x?y=1&z=2.",
            'See <a href="https://a.example/x?y=1&amp;z=2" rel="noopener noreferrer nofollow">'
            "https://a.example/x?y=1&amp;z=2</a>.",
        ),
        ("two\nlines", "two\nlines"),
        ("javascript://x", "javascript://x"),
    ],
)
def test_a_body_is_text_with_links(body, html):
    assert bodies.to_html(body) == html


def test_an_address_can_not_break_out_of_its_link():
    html = bodies.to_html("https://a.example/\"onmouseover='x' <b>")
    assert html.count("<") == 2  # the link, and its end
    assert "onmouseover" not in html.partition(">")[0]


def test_a_huge_body_is_shown_without_links():
    assert "<a " not in bodies.to_html("https://a.example " + "x" * bodies.LINKIFY_UP_TO)


@pytest.mark.parametrize("what", list(EventKind))
def test_every_event_has_a_sentence(what):
    particulars = {"to": 1, "terms": 1, "by": "contact", "cause": "customer", "reason": "", "clock": "resolution"}
    event = sentences.Happened(1, AT, "staff:1", what, particulars)
    names = sentences.Names({1: "Ana Kovács"}, {}, {})
    said = sentences.sentence(event, names)
    assert said[:1].islower()
    assert "%(" not in said


def test_every_move_has_a_sentence():
    assert {EVENT_OF[trigger] for trigger in Trigger} <= set(sentences.SENTENCES)


def test_a_history_outlives_the_words_it_was_written_in():
    event = sentences.Happened(1, AT, "staff:9", EventKind.RESOLVED, {"resolution_code": "a word of old"})
    names = sentences.Names({}, {}, {})
    assert sentences.sentence(event, names) == "resolved it: a word of old"
    assert names.actor("staff:9") == "somebody"
    assert names.actor("scheduler") == "the desk"


def test_a_reason_is_told_with_the_way_to_mend_it():
    ended = Reason("entitlement_ended", "The entitlement ended on %(date)s.", {"date": date(2026, 6, 30)})
    assert reasons.say(ended) == "The entitlement ended on 30 Jun 2026."
    missing = Reason("topic_missing", "The topic is not chosen yet.", mend=Mend.CLASSIFY)
    (told,) = reasons.told([missing, missing], 1042)
    assert (told.text, told.url) == ("The topic is not chosen yet.", "/tickets/1042/classification")
    assert reasons.told([], 1042) == []


def test_every_mend_leads_somewhere():
    ways = {mend: reasons.told([Reason("x", "X.", mend=mend)], 1)[0].url for mend in Mend}
    assert [mend for mend, url in ways.items() if url is None] == []
