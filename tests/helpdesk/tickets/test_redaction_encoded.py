"""Secrets that hide: in JSON within strings, percent-encoded, in base64, under unusual names; and what must stay."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from helpdesk.tickets.redaction import Unreadable, search
from helpdesk.tickets.redaction_text import secret
from workflows.vocabulary import PersonalData


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


BODY = b64('{"access_token": "opaque", "mail": "rita@alpina.example"}')
MAIL = b64("Hello from rita.feher@alpina.example, again " * 6)
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----"
FORM = '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--b--'
TWICE = "https://x/cb?r=https%253A%252F%252Fy%253Faccess_token%253Dopaque%2526mail%253Drita%252540alpina.example"

HIDDEN: dict[str, tuple[str, Any, list[str]]] = {
    "JSON in a string": ("x.har", {"text": json.dumps({"a": json.dumps({"password": "hunter2"})})}, ["hunter2"]),
    "JSON in JSON in JSON": ("x.har", {"text": json.dumps(json.dumps({"password": 'hunt"er2'}))}, ["hunt", "er2"]),
    "escaped in a log": ("x.log", r'{"a":"{\"b\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}"} tail', ["hunter2"]),
    "a line of JSON each": ("x.log", '{"Cookie":"sid=1"}\n{"password":"hunter2"}\n', ["sid=1", "hunter2"]),
    "an address in an address": ("x.har", {"url": "https://x/cb?r=https%3A%2F%2Fy%3Faccess_token%3Dopq"}, ["opq"]),
    "an address encoded twice": ("x.har", {"url": TWICE}, ["opaque", "rita"]),
    "behind a hash": ("x.har", {"url": "https://x/cb#access_token=opaque&token_type=Bearer"}, ["opaque"]),
    "a body in base64 with line breaks": (
        "x.har", {"content": {"text": BODY[:20] + "\n" + BODY[20:], "encoding": "base64"}}, [BODY[20:40]],
    ),
    "a body that is no base64": (
        "x.har", {"content": {"text": "@@@", "encoding": "BASE64", "mimeType": "application/json"}}, ["@@@"],
    ),
    "a document in base64": (
        "x.har",
        {"content": {"text": b64(b"%PDF\0\0\xff"), "encoding": "base64", "mimeType": "application/pdf"}},
        [b64(b"%PDF\0\0\xff")],
    ),
    "base64 in an address": ("x.log", f"GET /cb?state={BODY} 200", [BODY[:24]]),
    "base64 in a path": ("x.log", f"GET /signin/{BODY.rstrip('=')}/next 200", [BODY[:24]]),
    "a mail's lines in base64": ("x.eml", "\r\n".join(MAIL[i : i + 76] for i in range(0, 400, 76)), [MAIL[:40]]),
    "unusual headers": (
        "x.har",
        {"headers": [{"name": "X-MS-CLIENT-PRINCIPAL", "value": "aaa"}, {"name": "X-Auth-Token", "value": "bbb"}]},
        ["aaa", "bbb"],
    ),
    "a value that comes twice": ("x.har", b'{"name":"Cookie","value":"aaa","value":"bbb"}', ["aaa", "bbb"]),
    "a HAR named as text": ("x.txt", {"headers": [{"name": "Cookie", "value": "sid=abc"}]}, ["abc"]),
    "a HAR cut off": ("x.txt", '{"headers":[{"name":"Cookie","value":"sid=abc; q=d', ["abc"]),
    "a script": ("x.txt", "\"cookie\"=\"a=b1; c=d1\" -H 'authorization: Basic QWxhZGRpbg=='", ["b1", "d1", "QWxh"]),
    "a guest's name": ("x.txt", "anna_contoso.com#EXT#@fabrikam.onmicrosoft.com signed in", ["anna"]),
    "letters with accents": ("x.txt", "kovács.ágnes@példa.hu", ["kov", "gnes"]),
    "an escaped @": ("x.json", rb'{"a": "rita\u0040alpina.example", "b": "rita\\u0040alpina.example"}', ["rita"]),
    "a form": ("x.har", {"postData": {"text": FORM}}, ["hunter2"]),
    "XML": ("x.xml", '<a><wsse:Password Type="x">hunter2</wsse:Password></a>', ["hunter2"]),
    "a connection string": ("x.log", "AccountName=x;AccountKey=abcd1234==;EndpointSuffix=core", ["abcd1234"]),
    "a private key": ("x.log", PEM, ["MIIE"]),
    "JSON in a table": ("x.csv", 'a,"{""token"":""opaque""}",b', ["opaque"]),
    "a number": ("x.json", {"password": 123456}, ["123456"]),
    "a key that names a person": ("x.json", {"rita@alpina.example token": "x"}, ["rita"]),
}  # fmt: skip


def sent(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else json.dumps(content).encode()


@pytest.mark.parametrize("case", HIDDEN)
def test_nothing_hides(case: str) -> None:
    name, content, secrets = HIDDEN[case]
    finds, copy = search(name, sent(content))
    assert [secret for secret in secrets if secret in copy.decode()] == []
    assert finds.counts.total() > 0
    assert not search(name, copy)[0].counts
    shown = json.dumps(finds.as_json(), ensure_ascii=False)
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", {"error": {"code": "Request_BadRequest", "message": "No token type"}, "expires_in": 3599}),
        ("x.har", {"text": '{"error": {"code": "AADSTS50020"}, "token_type": "Bearer", "tokenLifetime": "1h"}'}),
        ("x.log", "status 400 code=InvalidAuthenticationToken at 2026-11-24T13:02:00Z"),
        ("x.txt", "logo@2x.png and react@18.2.0/umd, 100% of 5%20x"),
        ("x.json", {"token": "", "id_token": None, "x": "y"}),
        ("x.log", 'body {"token":"","x":"yes"}'),
        ("x.har", {"content": {"text": b64(b"\x89PNG\0"), "encoding": "base64", "mimeType": "image/png"}}),
        ("x.log", "GET /subscriptions/5f0c1d2e-0000-4000-8000-000000000001/resourceGroups/production-weu/providers"),
    ],
)
def test_what_the_vendor_needs_stays(name: str, content: Any) -> None:
    finds, copy = search(name, sent(content))
    assert not finds.counts
    assert (json.loads(copy) == content) if isinstance(content, dict) else (copy == sent(content))


def test_the_rest_of_an_encoded_part_stays() -> None:
    text = json.dumps({"value": 7, "access_token": "opaque"})
    url = "https://x/cb?r=https%3A%2F%2Fy%3Faccess_token%3Dopaque%26tenant%3Dt1&z=1"
    har = {"url": url, "content": {"text": b64(text), "encoding": "base64"}}
    copy = json.loads(search("x.har", json.dumps(har).encode())[1])
    assert "tenant" in copy["url"]
    assert copy["url"].endswith("&z=1")
    assert json.loads(base64.b64decode(copy["content"]["text"])) == {
        "value": 7, "access_token": "[removed: token]",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Set-Cookie", PersonalData.COOKIE),
        ("x-ms-authorization-auxiliary", PersonalData.AUTHORIZATION),
        ("X-Goog-Api-Key", PersonalData.TOKEN),
        ("refreshToken", PersonalData.TOKEN),
        ("token_endpoint", None),
        ("encoded", None),
        ("[removed: token]", None),
    ],
)
def test_names_of_secrets(name: str, expected: PersonalData | None) -> None:
    assert secret(name) is expected


def test_only_text_is_ever_cleaned() -> None:
    with pytest.raises(Unreadable):
        search("picture.png", b"no zero in it")


@pytest.mark.parametrize(
    "text",
    ["%41" * 400_000, "%2541" * 250_000, "100%x " * 200_000, "QUJD" * 300_000, ("A" * 60 + "\n!") * 20_000,
     '"name":"a","value":"' * 60_000, "<a>" * 400_000, "-----BEGIN PRIVATE KEY-----" * 40_000, '"' * 1_000_000,
     'form-data; name="token"\r\n' * 50_000, '\\"a\\":\\"' * 100_000, '{"a":' * 200_000],
)  # fmt: skip
def test_hostile_wrapping_takes_seconds(text: str) -> None:
    began = time.monotonic()
    search("x.log", text.encode())
    search("x.json", json.dumps({"a": text}).encode())
    assert time.monotonic() - began < 15
