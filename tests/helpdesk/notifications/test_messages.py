"""Every mail in every language, letter by letter: the golden files are what people read.

After a change of words, run ``python -m tests.helpdesk.notifications.test_messages`` and read the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from helpdesk.errors import TransportError
from helpdesk.notifications import letters, messages
from helpdesk.notifications.messages import Letterhead, compose, line
from helpdesk.notifications.models import Transport
from helpdesk.notifications.notices import Notice
from helpdesk.notifications.topics import SHAPES, NoticeTopic
from helpdesk.notifications.wording import CLOCK_NAMES, LINES, PORTALS
from workflows.vocabulary import ClockKind, Service, TurnAwayReason

GOLDEN = Path(__file__).parent / "golden"
HEAD = Letterhead(
    "Duna Cloud support", "support@desk.example", "+36 1 555 0100", "https://desk.example", "Europe/Budapest"
)
WRITTEN_AT = datetime(2026, 11, 24, 13, 12, tzinfo=UTC)
DUE_AT = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 25, 8, 40, tzinfo=UTC)
SUBJECT = {"en": "Outlook keeps asking for the password", "hu": "Az Outlook újra és újra jelszót kér"}
BODY = {
    "en": "Thank you for the logs.\n\nPlease sign out everywhere and in again.",
    "hu": "Köszönjük a naplókat.\n\nKérjük, jelentkezzen ki mindenhol, majd újra be.",
}
LINK = {"secret_path": "/track/7Hq-secret-9Zx"}
TURNED_AWAY = NoticeTopic.TICKET_TURNED_AWAY

CASES: Mapping[str, tuple[NoticeTopic, dict[str, Any]]] = {
    "ticket_received": (
        NoticeTopic.TICKET_RECEIVED,
        {**LINK, "respond_by_at": DUE_AT, "resolve_by_at": LATER, "hours": "Mon-Fri 8-18, Budapest"},
    ),
    "ticket_received-without-promises": (NoticeTopic.TICKET_RECEIVED, LINK),
    "public_reply": (NoticeTopic.PUBLIC_REPLY, {**LINK, "author": "Ana Kovács", "body": BODY}),
    "public_reply-without-link": (NoticeTopic.PUBLIC_REPLY, {"author": "Ana Kovács", "body": BODY}),
    "ticket_resolved": (NoticeTopic.TICKET_RESOLVED, {**LINK, "note": BODY, "closes_at": LATER}),
    "ticket_closed": (NoticeTopic.TICKET_CLOSED, {"reopen_until_at": LATER}),
    "ticket_turned_away": (
        TURNED_AWAY,
        {**LINK, "reason": TurnAwayReason.NOT_OUR_CUSTOMER, "service": Service.AZURE},
    ),
    "ticket_turned_away-no-request": (
        TURNED_AWAY,
        {"reason": TurnAwayReason.NOT_A_REQUEST, "service": Service.OTHER, "note": BODY},
    ),
    "contact_reminded": (NoticeTopic.CONTACT_REMINDED, {**LINK, "since_at": DUE_AT, "body": BODY}),
    "contact_reminded-without-question": (NoticeTopic.CONTACT_REMINDED, {"since_at": DUE_AT}),
    "idle_closing_soon": (NoticeTopic.IDLE_CLOSING_SOON, {"since_at": DUE_AT, "closes_at": LATER, "body": BODY}),
    "idle_closed": (NoticeTopic.IDLE_CLOSED, {}),
    "hold_ended": (NoticeTopic.HOLD_ENDED, {"customer_name": "Alpina Logistics Kft."}),
    "customer_silent": (NoticeTopic.CUSTOMER_SILENT, {"customer_name": "Alpina Logistics Kft.", "closed_at": LATER}),
    "customer_silent-open": (NoticeTopic.CUSTOMER_SILENT, {}),
    "ticket_assigned": (
        NoticeTopic.ASSIGNED,
        {
            "by": "Lea Farkas",
            "customer_name": "Alpina Logistics Kft.",
            "clock": ClockKind.NEXT_RESPONSE,
            "due_at": DUE_AT,
        },
    ),
    "contact_answered": (
        NoticeTopic.CONTACT_WROTE,
        {"author": "Rita Kiss", "body": BODY, "clock": ClockKind.NEXT_RESPONSE, "due_at": DUE_AT},
    ),
    "mentioned": (NoticeTopic.MENTIONED, {"author": "Max Berger", "body": BODY}),
    "clock_warned": (
        NoticeTopic.CLOCK_WARNED,
        {"clock": ClockKind.NEXT_RESPONSE, "due_at": DUE_AT, "customer_name": "Alpina Logistics Kft."},
    ),
    "clock_breached": (
        NoticeTopic.CLOCK_BREACHED,
        {"clock": ClockKind.VENDOR_RESPONSE, "due_at": DUE_AT, "assignee_name": "Ana Kovács"},
    ),
    "vendor_chase_due": (
        NoticeTopic.VENDOR_CHASE_DUE,
        {"since_at": DUE_AT, "vendor_number": "615122292874576", "channel_name": "Premier"},
    ),
    "invitation": (
        NoticeTopic.INVITATION,
        {"secret_path": "/invitation/7Hq-secret-9Zx", "expires_at": LATER, "by": "Adam Nagy"},
    ),
}
DIGEST = "digest"
EACH = [(name, language) for name in (*CASES, DIGEST) for language in ("en", "hu")]


def stored(topic: NoticeTopic, language: str, particulars: Mapping[str, Any]) -> Mapping[str, Any]:
    """The params as they come back from the outbox."""
    params = {key: value[language] if value is BODY else value for key, value in particulars.items()}
    if topic is not NoticeTopic.INVITATION:
        params.setdefault("subject", SUBJECT[language])
    return Notice("x", Transport.MAIL, "x", topic, language, {**params, "timezone": "Europe/Budapest"}).params


def letter(name: str, language: str) -> letters.Letter:
    if name == DIGEST:
        return digest(language)
    topic, particulars = CASES[name]
    number = None if topic is NoticeTopic.INVITATION else 1042
    text = compose(topic, language, stored(topic, language, particulars), number, HEAD)
    return letters.write(
        text,
        to="rita@alpina.example",
        stable_id=f"event:1042:7:{topic}:mail:rita",
        language=language,
        number=number,
        written_at=WRITTEN_AT,
        head=HEAD,
        is_automatic=SHAPES[topic].is_automatic,
    )


def digest(language: str) -> letters.Letter:
    """What Lea finds after an hour without a scheduler."""
    names = ("clock_breached", "clock_warned", "clock_breached")
    items = [
        (CASES[name][0], stored(CASES[name][0], language, CASES[name][1]), number)
        for number, name in enumerate(names, start=1041)
    ]
    text = messages.digest(language, items, HEAD)
    return letters.write(
        text, to="lea@desk.example", stable_id="a b c", language=language, written_at=WRITTEN_AT, head=HEAD
    )


def readable(one: letters.Letter) -> str:
    headers = "".join(f"{name}: {value}\n" for name, value in one.mail.items() if name != "Content-Transfer-Encoding")
    return f"{headers}\n{one.mail.get_content().replace(chr(13), '')}"


@pytest.mark.parametrize(("name", "language"), EACH)
def test_golden(name: str, language: str) -> None:
    assert readable(letter(name, language)) == (GOLDEN / f"{name}.{language}.txt").read_text("utf-8")


def test_every_topic_has_a_golden_file_and_no_file_is_left_over() -> None:
    assert {topic for topic, _params in CASES.values()} == set(NoticeTopic) == set(SHAPES)
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{language}.txt" for name, language in EACH}


@pytest.mark.parametrize(("name", "language"), EACH)
def test_each_says_the_number_once_in_its_subject_and_only_robots_say_so(name: str, language: str) -> None:
    mail, topic = letter(name, language).mail, CASES[name][0] if name in CASES else None
    if topic not in (NoticeTopic.INVITATION, None):
        assert mail["Subject"].startswith("[#1042] ")
        assert mail["References"] == mail["In-Reply-To"] == "<ticket.1042@desk.example>"
    assert (mail["Auto-Submitted"] == "auto-generated") is (topic is not NoticeTopic.PUBLIC_REPLY)
    assert all(byte < 128 for byte in mail.as_bytes())


@pytest.mark.parametrize("language", ["en", "hu"])
def test_words_are_complete(language: str) -> None:
    assert set(CLOCK_NAMES[language]) == set(ClockKind)
    assert set(LINES[language]) == {topic for topic in NoticeTopic if Transport.IN_APP in SHAPES[topic].transports}
    assert set(PORTALS) == set(Service)


LINES_SAID = [
    ("ticket_assigned", "#1042 is yours now", "#1042 mostantól az Öné"),
    ("contact_answered", "Rita Kiss wrote on #1042", "Rita Kiss írt: #1042"),
    ("mentioned", "Max Berger asks you on #1042", "Max Berger Önhöz fordult: #1042"),
    ("clock_warned", "Next response on #1042: due AT", "#1042, következő válasz: határidő AT"),
    (
        "clock_breached",
        "Microsoft’s response on #1042 is late: it was due AT",
        "#1042, a Microsoft válasza: késésben, a határidő AT volt",
    ),
    (
        "vendor_chase_due",
        "Microsoft is silent on #1042 since AT",
        "#1042: a Microsoft hallgat, utolsó jelzése AT",
    ),
]


@pytest.mark.parametrize(("name", "english", "hungarian"), LINES_SAID)
def test_lines_under_the_bell(name: str, english: str, hungarian: str) -> None:
    topic, particulars = CASES[name]
    for language, said in (("en", english), ("hu", hungarian)):
        assert line(topic, language, stored(topic, language, particulars), 1042, lambda at: "AT") == said


def test_a_subject_cannot_smuggle_in_a_header() -> None:
    params = stored(NoticeTopic.TICKET_CLOSED, "en", {"subject": "Hello\r\nBcc: everybody@example.com\n\nBody"})
    text = compose(NoticeTopic.TICKET_CLOSED, "en", params, 1042, HEAD)
    assert text.subject == "[#1042] Closed: Hello Bcc: everybody@example.com Body"
    assert text.body.startswith("Hello,")


def test_a_language_we_do_not_speak_is_answered_in_english() -> None:
    params = stored(NoticeTopic.TICKET_CLOSED, "en", {})
    assert compose(NoticeTopic.TICKET_CLOSED, "de", params, 1042, HEAD).subject.startswith("[#1042] Closed")


def test_the_same_cause_has_the_same_message_id() -> None:
    assert letters.message_id("event:1:2", "desk.example") == letters.message_id("event:1:2", "desk.example")
    assert letters.message_id("event:1:2", "desk.example") != letters.message_id("event:1:3", "desk.example")


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@d.example", "two@x.example, three@x.example"])
def test_what_is_no_address_is_refused(address: str) -> None:
    text = compose(NoticeTopic.TICKET_CLOSED, "en", stored(NoticeTopic.TICKET_CLOSED, "en", {}), 1042, HEAD)
    with pytest.raises(TransportError, match="no mail address"):
        letters.write(text, to=address, stable_id="x", language="en", written_at=WRITTEN_AT, head=HEAD)


if __name__ == "__main__":
    for name, language in EACH:
        (GOLDEN / f"{name}.{language}.txt").write_text(readable(letter(name, language)), "utf-8")
