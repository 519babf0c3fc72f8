"""Finding personal data and secrets in text, logs and HAR files, and taking them out of a copy.

A HAR file holds what a browser sent: cookies, Authorization headers, tokens in addresses and bodies, mail
addresses (Partner Center, Send diagnostics: review it and remove personal data). The input may be hostile: sizes and
depths are capped, and every pattern runs in linear time.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from workflows.vocabulary import PersonalData

LARGEST: Final = 10 * 1024 * 1024
"""Bytes that are searched; a larger file is for a person to look through."""
DEEPEST: Final = 200
"""Levels of nested JSON that are searched; browsers write about ten."""

JSON_ENDINGS: Final = frozenset({"har", "json"})
TEXT_ENDINGS: Final = frozenset({"txt", "log", "csv", "xml", "eml"})

_EXAMPLES = 4
_COOKIES = frozenset({"cookie", "set-cookie", "cookie2", "set-cookie2"})
_SIGN_IN = frozenset({"authorization", "proxy-authorization", "x-ms-authorization-auxiliary", "www-authenticate"})
_TOKEN_NAMES = (
    "access_token", "refresh_token", "id_token", "client_secret", "client_assertion", "password", "passwd", "pwd",
    "samlresponse", "samlrequest", "assertion", "code_verifier", "device_code", "sig", "signature", "api_key",
    "apikey", "x-api-key", "ocp-apim-subscription-key", "x-csrf-token", "x-xsrf-token", "requestverificationtoken",
    "sessionkey", "sessionid", "session_id", "sid", "token", "code", "auth", "secret", "ctx", "flowtoken", "canary",
)  # fmt: skip
_TOKENS = frozenset(_TOKEN_NAMES)

_REMOVED = r"(?!\[removed)"
_NAMES = "|".join(sorted(map(re.escape, _TOKEN_NAMES), key=len, reverse=True))
_IN_ADDRESS = re.compile(rf"(?i)(?<![a-z0-9_\-])({_NAMES})=({_REMOVED}[^&\s\"'<>\\;#]+)")
_IN_BODY = re.compile(rf"(?i)(\\?[\"'])({_NAMES})\1(\s{{0,9}}:\s{{0,9}}\\?[\"'])({_REMOVED}[^\"'\\]+)")
_BEARER = re.compile(rf"(?i)\b(bearer)(\s{{1,5}})({_REMOVED}[a-z0-9._~+/=\-]{{8,}})")
_JWT = re.compile(r"(?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{4,}(?:\.[A-Za-z0-9_\-]*){0,3}")
_HEADER = re.compile(
    rf"(?i)(?<![a-z0-9\-])(set-cookie|cookie|proxy-authorization|authorization|x-ms-authorization-auxiliary)"
    rf"(\s{{0,3}}:\s{{0,3}})({_REMOVED}[^\s\"][^\r\n\"]*)"
)
_AFTER_AT = re.compile(r"(?:@|%40)[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8}")
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-'")


class Unreadable(Exception):
    """The file can't be searched: too large, too deep, or not what its name says. A person must look."""


@dataclass(slots=True)
class Finds:
    """How often each kind was found, and a few harmless names of where: never the secret itself."""

    counts: Counter[PersonalData] = field(default_factory=Counter)
    examples: dict[PersonalData, list[str]] = field(default_factory=dict)

    def add(self, kind: PersonalData, where: str) -> str:
        """Count a find; returns what stands in its place in a copy."""
        self.counts[kind] += 1
        known = self.examples.setdefault(kind, [])
        if where and len(known) < _EXAMPLES and where not in known:
            known.append(where[:60])
        return f"[removed: {kind.value}]"

    def as_json(self) -> dict[str, Any]:
        return {kind.value: {"count": count, "such_as": self.examples[kind]} for kind, count in self.counts.items()}


def may_search(file_name: str) -> bool:
    """Whether files of this name are searched by the desk; others a person looks through."""
    return _ending(file_name) in JSON_ENDINGS | TEXT_ENDINGS


def search(file_name: str, content: bytes) -> tuple[Finds, bytes]:
    """What was found in a file, and its content without it. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable
    finds = Finds()
    text = _decoded(content)
    if _ending(file_name) in JSON_ENDINGS:
        cleaned = json.dumps(_clean(_parsed(text), finds, DEEPEST), ensure_ascii=False, indent=1)
    else:
        cleaned = clean_text(text, finds)
    return finds, cleaned.encode("utf-8", "replace")


def clean_text(text: str, finds: Finds) -> str:
    """``text`` without headers that sign in, cookies, tokens and mail addresses."""
    text = _HEADER.sub(lambda found: _header(found, finds), text)
    text = _BEARER.sub(lambda m: m[1] + m[2] + finds.add(PersonalData.AUTHORIZATION, "Bearer"), text)
    text = _IN_ADDRESS.sub(lambda m: f"{m[1]}=" + finds.add(PersonalData.TOKEN, m[1]), text)
    text = _IN_BODY.sub(lambda m: f"{m[1]}{m[2]}{m[1]}{m[3]}" + finds.add(PersonalData.TOKEN, m[2]), text)
    text = _JWT.sub(lambda _found: finds.add(PersonalData.TOKEN, "JWT"), text)
    return _without_addresses(text, finds)


def _header(found: re.Match[str], finds: Finds) -> str:
    kind = PersonalData.COOKIE if found[1].lower() in _COOKIES else PersonalData.AUTHORIZATION
    return found[1] + found[2] + finds.add(kind, found[1])


def _without_addresses(text: str, finds: Finds) -> str:
    """Each address is grown leftwards from its @, so that a long run of letters costs one pass and not many."""
    kept, end = [], 0
    for found in _AFTER_AT.finditer(text):
        start = found.start()
        while start > end and text[start - 1] in _LOCAL:
            start -= 1
        if start < found.start():
            at_domain = found.group().removeprefix("%40").removeprefix("@")
            kept += [text[end:start], finds.add(PersonalData.EMAIL, f"…@{at_domain}")]
            end = found.end()
    return "".join([*kept, text[end:]])


# JSON -------------------------------------------------------------------------------------------------


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_all_pairs)
    except (ValueError, RecursionError):
        raise Unreadable from None


def _all_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with every pair, also where a name comes twice: the second may be what hides."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        place = name
        while place in found:
            place += "+"
        found[place] = value
    return found


def _clean(value: Any, finds: Finds, levels: int) -> Any:
    if levels <= 0:
        raise Unreadable
    if isinstance(value, str):
        return clean_text(value, finds)
    if isinstance(value, list):
        return [_clean(each, finds, levels - 1) for each in value]
    if isinstance(value, dict):
        return _clean_object(value, finds, levels)
    return value


def _clean_object(value: Mapping[str, Any], finds: Finds, levels: int) -> dict[str, Any]:
    named = str(value.get("name") or "") if "value" in value else ""
    encoded = _decoded_body(value)
    cleaned: dict[str, Any] = {}
    for name, each in value.items():
        label = clean_text(name, finds)
        if name == "value" and (kind := _secret(named)) is not None:
            cleaned[label] = _gone(each, finds, kind, named)
        elif (kind := _secret(name)) is not None and not isinstance(each, dict | list):
            cleaned[label] = _gone(each, finds, kind, name)
        elif name.lower() == "cookies" and isinstance(each, list):
            cleaned[label] = [_clean_cookie(cookie, finds, levels - 2) for cookie in each]
        elif name == "text" and encoded is not None:
            cleaned[label] = _clean_body(each, encoded, finds)
        else:
            cleaned[label] = _clean(each, finds, levels - 1)
    return cleaned


def _secret(name: str) -> PersonalData | None:
    name = name.rstrip("+").lower()
    if name in _COOKIES:
        return PersonalData.COOKIE
    if name in _SIGN_IN:
        return PersonalData.AUTHORIZATION
    return PersonalData.TOKEN if name in _TOKENS else None


def _gone(value: Any, finds: Finds, kind: PersonalData, name: str) -> Any:
    is_nothing = value is None or isinstance(value, bool | int | float) or value == ""
    if is_nothing or str(value).startswith("[removed"):  # a port or a status named "code" tells nothing
        return value
    return finds.add(kind, name.rstrip("+"))


def _clean_cookie(cookie: Any, finds: Finds, levels: int) -> Any:
    if not isinstance(cookie, dict):
        return _clean(cookie, finds, levels)
    cleaned = _clean({name: each for name, each in cookie.items() if name != "value"}, finds, levels)
    if "value" in cookie:
        cleaned["value"] = _gone(cookie["value"], finds, PersonalData.COOKIE, str(cookie.get("name") or ""))
    return cleaned


def _decoded_body(value: Mapping[str, Any]) -> str | None:
    """The text of a body that a HAR keeps in base64; None where it is kept plainly."""
    if value.get("encoding") != "base64" or not isinstance(value.get("text"), str):
        return None
    try:
        return base64.b64decode(value["text"], validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _clean_body(body: Any, decoded: str, finds: Finds) -> str:
    """A body in base64 goes as a whole when anything stands in it."""
    before = finds.counts.total()
    clean_text(decoded, finds)
    return str(body) if finds.counts.total() == before else "[removed: encoded body]"


def _ending(file_name: str) -> str:
    return file_name.rpartition(".")[2].lower() if "." in file_name else ""


_MARKS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip


def _decoded(content: bytes) -> str:
    """Text as its mark says, else UTF-8, else one byte a letter. Raises Unreadable for what is no text."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if b"\0" in content:
        raise Unreadable
    readings: tuple[Callable[[], str], ...] = (lambda: content.decode(), lambda: content.decode("latin-1"))
    try:
        return readings[0]()
    except UnicodeDecodeError:
        return readings[1]()
