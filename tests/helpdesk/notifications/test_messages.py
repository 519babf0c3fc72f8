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
from helpdesk.notifications import letters
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

ENTRIES = ("clock_laddered", "vendor_late", "clock_warned")
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
    "clock_laddered": (
        NoticeTopic.CLOCK_LADDERED,
        {"clock": ClockKind.RESOLUTION, "due_at": DUE_AT, "level": 3, "customer_name": "Alpina Logistics Kft."},
    ),
    "escalation_due": (
        NoticeTopic.ESCALATION_DUE,
        {"clock": ClockKind.PARTNER_RESOLUTION, "due_at": DUE_AT, "assignee_name": "Ana Kovács", "missing": 3},
    ),
    "escalation_due-open": (
        NoticeTopic.ESCALATION_DUE,
        {"clock": ClockKind.PARTNER_RESOLUTION, "due_at": DUE_AT},
    ),
    "escalation_due-gone": (
        NoticeTopic.ESCALATION_DUE,
        {"clock": ClockKind.PARTNER_RESOLUTION, "due_at": DUE_AT, "channel_name": "Premier Support for Partners"},
    ),
    "vendor_late": (
        NoticeTopic.VENDOR_LATE,
        {
            "clock": ClockKind.VENDOR_RESPONSE,
            "due_at": DUE_AT,
            "vendor_number": "615122292874576",
            "channel_name": "Premier",
        },
    ),
    "money_warned": (
        NoticeTopic.MONEY_WARNED,
        {"window": "Duplicate order: refund", "due_at": DUE_AT, "customer_name": "Alpina Logistics Kft."},
    ),
    "money_missed": (
        NoticeTopic.MONEY_MISSED,
        {"window": "Duplicate order: refund", "due_at": DUE_AT, "assignee_name": "Ana Kovács"},
    ),
    "claim_warned": (
        NoticeTopic.CLAIM_WARNED,
        {"incident": "EX25194", "incident_id": 7, "customers": 3, "due_at": DUE_AT},
    ),
    "claim_missed": (
        NoticeTopic.CLAIM_MISSED,
        {"incident": "EX25194", "incident_id": 7, "customers": 1, "due_at": DUE_AT},
    ),
    "promises_digest": (NoticeTopic.PROMISES_DIGEST, {"late": 2, "soon": 1, "entries": ENTRIES}),
    "promises_digest-many": (NoticeTopic.PROMISES_DIGEST, {"late": 12_950, "soon": 50, "entries": ENTRIES}),
    "invitation": (
        NoticeTopic.INVITATION,
        {"secret_path": "/invitation/7Hq-secret-9Zx", "expires_at": LATER, "by": "Adam Nagy"},
    ),
}
EACH = [(name, language) for name in CASES for language in ("en", "hu")]
UNNUMBERED = (
    NoticeTopic.INVITATION,
    NoticeTopic.PROMISES_DIGEST,
    NoticeTopic.CLAIM_WARNED,
    NoticeTopic.CLAIM_MISSED,
)


def stored(topic: NoticeTopic, language: str, particulars: Mapping[str, Any]) -> Mapping[str, Any]:
    """The params as they come back from the outbox."""
    params = {key: value[language] if value is BODY else value for key, value in particulars.items()}
    if topic is NoticeTopic.PROMISES_DIGEST:
        params["entries"] = [entry(name, language, number) for number, name in enumerate(params["entries"], start=1041)]
    elif topic is not NoticeTopic.INVITATION:
        params.setdefault("subject", SUBJECT[language])
    return Notice("x", Transport.MAIL, "x", topic, language, {**params, "timezone": "Europe/Budapest"}).params


def entry(name: str, language: str, number: int) -> dict[str, Any]:
    """A line of a digest."""
    topic, particulars = CASES[name]
    return {"topic": topic.value, "number": number, "params": stored(topic, language, particulars)}


def letter(name: str, language: str) -> letters.Letter:
    topic, particulars = CASES[name]
    number = None if topic in UNNUMBERED else 1042
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
    mail, topic = letter(name, language).mail, CASES[name][0]
    if topic not in UNNUMBERED:
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
        "clock_laddered",
        "Resolution on #1042 is still late: level 3, it was due AT",
        "#1042, megoldás: még mindig késésben, 3. szint, határidő AT",
    ),
    (
        "escalation_due",
        "#1042 should go to Microsoft: partner resolution was due AT",
        "#1042: ideje eszkalálni (saját megoldás), a határidő AT volt",
    ),
    (
        "vendor_late",
        "Remind Microsoft of #1042: Microsoft’s response was due AT",
        "#1042: sürgetni kell a Microsoftot (a Microsoft válasza), a határidő AT volt",
    ),
    ("promises_digest", "Promises that need you: 2 late, 1 due soon", "Teendője van: 2 késésben, 1 hamarosan lejár"),
    (
        "promises_digest-many",
        "Promises that need you: 12,950 late, 50 due soon",
        "Teendője van: 12\N{NO-BREAK SPACE}950 késésben, 50 hamarosan lejár",
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
