"""Sentences that are kept by a process without a reader and said to whoever asks later."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from helpdesk.escalations.partner_center.errors import Away
from helpdesk.phrases import LONGEST, N_, Phrase, said

ANSWERED = N_("Partner Center answered %(status)s%(details)s")


def test_it_is_kept_with_its_values_and_said_in_the_readers_language(app: Flask) -> None:
    kept = Phrase(ANSWERED, {"status": 400, "details": " (3002): “Title” is 100 % required"}).kept()
    with app.test_request_context():
        with force_locale("en"):
            assert said(kept) == "Partner Center answered 400 (3002): “Title” is 100 % required"
        with force_locale("hu"):
            assert said(kept) == "A Partner Center válasza: 400 (3002): “Title” is 100 % required"
    assert str(Phrase.of(kept)) == "Partner Center answered 400 (3002): “Title” is 100 % required"


def test_a_sentence_without_values_is_kept_as_it_is(app: Flask) -> None:
    kept = Phrase("The sign-in service answered without a token.").kept()
    assert kept == "The sign-in service answered without a token."
    with app.test_request_context(), force_locale("hu"):
        assert said(kept) == "A bejelentkezési szolgáltatás token nélkül válaszolt."


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "Partner Center answered 503: 100 % busy",
        "[1, 2]",
        '["only a list"]',
        '["%(status)s", "no values"]',
        '{"a": 1}',
        "null",
        "5",
    ],
)
def test_what_was_kept_before_stands_for_itself(app: Flask, kept: str) -> None:
    with app.test_request_context(), force_locale("hu"):
        assert said(kept) == kept
    assert str(Phrase.of(kept)) == kept


@pytest.mark.parametrize("details", ["x" * 5000, "“" * 400, '"\\' * 300, "\U0001f600\n" * 200, "\x1b" * 90 + "x" * 200])
def test_what_is_long_is_cut_in_its_longest_value(app: Flask, details: str) -> None:
    kept = Phrase(ANSWERED, {"status": 400, "details": details}).kept()
    assert len(kept) <= LONGEST
    found = Phrase.of(kept)
    assert (found.template, found.about["status"]) == (ANSWERED, 400)
    assert details.startswith(found.about["details"])
    assert len(kept) > LONGEST - 20  # and no more than has to be
    assert len(Phrase("x" * 400).kept()) == LONGEST


def test_an_error_speaks_english_in_logs_and_keeps_its_phrase() -> None:
    error = Away(N_("Partner Center can’t be reached (%(why)s)."), why="ConnectError")
    assert error.sentence == "Partner Center can’t be reached (ConnectError)."
    assert Phrase.of(error.phrase.kept()) == error.phrase
