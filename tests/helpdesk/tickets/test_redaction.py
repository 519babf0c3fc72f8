"""What is found in a HAR file or a log, that nothing of it stays in the copy, and that hostile files do no harm."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.tickets.redaction import DEEPEST, LARGEST, Unreadable, may_search, search
from workflows.vocabulary import PersonalData

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyaXRhIn0.c2lnbmF0dXJl"
HAR = {
    "log": {
        "entries": [
            {
                "request": {
                    "url": "https://portal.example/cb?code=0.AXoA-secret&state=5&user=rita.feher%40alpina.example",
                    "headers": [
                        {"name": "Authorization", "value": "Basic cml0YTpzZWNyZXQ="},
                        {"name": "Cookie", "value": "ESTSAUTH=abc; other=def"},
                        {"name": "Accept", "value": "text/html"},
                    ],
                    "cookies": [{"name": "ESTSAUTH", "value": "abc", "domain": ".portal.example"}],
                    "postData": {"text": '{"refresh_token": "0.ARoA-very-secret", "amount": 3}'},
                },
                "response": {
                    "status": 401,
                    "headers": [{"name": "Set-Cookie", "value": "sid=xyz; path=/"}],
                    "content": {"text": base64.b64encode(b"mail rita@alpina.example").decode(), "encoding": "base64"},
                },
                "note": f"token was {JWT}",
            }
        ]
    }
}
SECRETS = ("AXoA", "rita", "cml0YTp", "ESTSAUTH=", "abc", "xyz", "ARoA", JWT[:20])


def counts(name: str, content: bytes) -> dict[str, int]:
    return {kind.value: count for kind, count in search(name, content)[0].counts.items()}


@pytest.mark.parametrize(
    ("line", "copy"),
    [
        ("password: hunter2", "password: [removed: token]"),
        ("Jelszó = titok99, user rita", "Jelszó = [removed: token], user rita"),
        ("Password: incorrect", None),
        ("call +36 30 123 4567 or +1 (425) 882-8080", "call [removed: phone] or [removed: phone]"),
        ("at 10:00:00 +1000 12345678", None),
        ("2026-11-23T03:00:00+00:00", None),
        ("card 4111 1111 1111 1111", "card [removed: payment]"),
        ("card 5555555555554444", "card [removed: payment]"),
        ("card 4111111111111112", None),  # its check digit is wrong
        ("case 2693106900834085 of 1763870400000", None),
        ("to HU42 1177 3016 1111 1018 0000 0000 AND BACK", "to [removed: payment] AND BACK"),
        ("to DE89370400440532013000", "to [removed: payment]"),
        ("to DE89370400440532013001", None),
        ("id 6b1c7a3e-9f2d-4c58-8e01-3c9f2b7d6a10", None),
    ],
)
def test_passwords_and_numbers_of_people_go_and_ids_stay(line: str, copy: str | None) -> None:
    finds, cleaned = search("plain.log", line.encode())
    assert cleaned.decode() == (line if copy is None else copy)
    assert bool(finds.counts) == (copy is not None)
    assert not search("plain.log", cleaned)[0].counts


def test_a_har_file_loses_every_secret_and_keeps_the_rest() -> None:
    finds, copy = search("trace.har", json.dumps(HAR).encode())
    assert {kind.value for kind in finds.counts} == {"cookie", "authorization", "token", "email"}
    text = copy.decode()
    assert [secret for secret in SECRETS if secret in text] == []
    entry = json.loads(text)["log"]["entries"][0]
    assert entry["response"]["status"] == 401
    assert entry["request"]["headers"][2] == {"name": "Accept", "value": "text/html"}
    assert entry["request"]["cookies"][0]["domain"] == ".portal.example"
    assert '"amount": 3' in entry["request"]["postData"]["text"]


def test_what_is_shown_of_a_find_is_harmless() -> None:
    shown = json.dumps(search("trace.har", json.dumps(HAR).encode())[0].as_json(), ensure_ascii=False)
    assert "ESTSAUTH" in shown
    assert "…@alpina.example" in shown
    assert [secret for secret in ("AXoA", "rita", "cml0", "xyz", "ARoA") if secret in shown] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("14:02 GET /x Authorization: Bearer abcdefghijkl", {"authorization": 1}),
        ("sent bearer abcdefgh12345678 to us", {"authorization": 1}),
        ("Set-Cookie: sid=1; path=/", {"cookie": 1}),
        ("GET /cb?access_token=abc&x=1", {"token": 1}),
        ('body {"id_token":"abc.def"}', {"token": 1}),
        ('escaped {\\"password\\": \\"hunter2\\"}', {"token": 1}),
        (f"got {JWT} back", {"token": 1}),
        ("from rita.feher@alpina.example to o'neill@x.co.uk", {"email": 2}),
        ("user%40alpina.example signed in", {"email": 1}),
        ("basic troubleshooting was done; the code is 0x80070005; see @mention", {}),
    ],
)
def test_a_line_of_a_log(line: str, expected: dict[str, int]) -> None:
    assert counts("app.log", line.encode()) == expected
    assert counts("app.log", search("app.log", line.encode())[1]) == {}


def test_a_name_that_comes_twice_hides_nothing() -> None:
    text = b'{"note": "rita@alpina.example", "note": "harmless"}'
    finds, copy = search("x.json", text)
    assert finds.counts[PersonalData.EMAIL] == 1
    assert b"rita" not in copy


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.har", b"[" * 100_000 + b"]" * 100_000),
        ("deep.json", b"[" * (DEEPEST + 1) + b"1" + b"]" * (DEEPEST + 1)),
        ("broken.har", b'{"log": '),
        ("number.json", b"1" * 5_000),
        ("large.log", b"x" * (LARGEST + 1)),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\0\0"),
    ],
)
def test_what_cannot_be_searched_is_for_a_person(name: str, content: bytes) -> None:
    with pytest.raises(Unreadable):
        search(name, content)


@pytest.mark.parametrize(
    "text",
    ["a" * 2_000_000 + "@", "eyJ" * 700_000, "a@b." * 500_000, "bearer " * 300_000, "cookie:" * 300_000,
     "password=" * 200_000, '"token":"' * 200_000, "%40" * 700_000],
)  # fmt: skip
def test_a_hostile_text_takes_seconds_not_hours(text: str) -> None:
    began = time.monotonic()
    search("x.log", text.encode())
    assert time.monotonic() - began < 10


def test_only_text_is_searched() -> None:
    assert [name for name in ("a.HAR", "b.json", "c.log", "d.png", "e.zip", "noending") if may_search(name)] == [
        "a.HAR", "b.json", "c.log",
    ]  # fmt: skip


words = st.sampled_from(
    ["Cookie", "cookies", "name", "value", "text", "encoding", "base64", "access_token", "Authorization", "code",
     "rita@alpina.example", "Bearer abcdefghijk", JWT, "token=abc", "Set-Cookie: a=b", '{"password":"x"}', "plain"],
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | words | st.text(max_size=20)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)


@given(trees)
@settings(max_examples=300, deadline=None)
def test_a_redacted_copy_has_nothing_left_to_find(tree: Any) -> None:
    copy = search("x.json", json.dumps(tree).encode())[1]
    assert counts("x.json", copy) == {}


@given(st.lists(words | st.text(max_size=12), max_size=12).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_a_redacted_text_has_nothing_left_to_find(text: str) -> None:
    copy = search("x.txt", text.encode("utf-8", "ignore"))[1] if "\0" not in text else b""
    assert counts("x.txt", copy) == {}
