"""Finding personal data and secrets in text, logs and HAR files, and taking them out of a copy.

A HAR file holds what a browser sent: cookies, Authorization headers, tokens in addresses and bodies, mail
addresses (Partner Center, Send diagnostics: review it and remove personal data). The input may be hostile: sizes and
depths are capped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from helpdesk.tickets.redaction_text import Finds, clean_text, decoded_base64, is_error_code, secret
from workflows.vocabulary import PersonalData

LARGEST: Final = 10 * 1024 * 1024
"""Bytes that are searched; a larger file is for a person to look through."""
DEEPEST: Final = 200
"""Levels of nested JSON that are searched; browsers write about ten."""

JSON_ENDINGS: Final = frozenset({"har", "json"})
TEXT_ENDINGS: Final = frozenset({"txt", "log", "csv", "xml", "eml"})


class Unreadable(Exception):
    """The file can't be searched: too large, too deep, or not what its name says. A person must look."""


def may_search(file_name: str) -> bool:
    """Whether files of this name are searched by the desk; others a person looks through."""
    return _ending(file_name) in JSON_ENDINGS | TEXT_ENDINGS


def search(file_name: str, content: bytes) -> tuple[Finds, bytes]:
    """What was found in a file, and its content without it. Raises Unreadable."""
    if len(content) > LARGEST or not may_search(file_name):
        raise Unreadable
    finds = Finds()
    text = _decoded(content)
    if _ending(file_name) in JSON_ENDINGS:
        cleaned = json.dumps(_clean(_parsed(text), finds, DEEPEST), ensure_ascii=False, indent=1)
    else:
        cleaned = _clean_lines(text, finds)
    return finds, cleaned.encode("utf-8", "replace")


def _clean_lines(text: str, finds: Finds) -> str:
    """A text may be JSON under another name, or hold a line of it for each event."""
    whole = _clean_json_in(text, finds, DEEPEST)
    if whole is not None:
        return whole
    lines = [_clean_json_in(line, finds, DEEPEST) or line for line in text.splitlines(keepends=True)]
    return clean_text("".join(lines), finds)


# JSON -------------------------------------------------------------------------------------------------


def _clean_json_in(text: str, finds: Finds, levels: int) -> str | None:
    """JSON that stands in a text, without what was found in it; None where there is none or nothing is found."""
    bare = text.strip()
    if bare[:1] + bare[-1:] not in {"{}", "[]"}:
        return None
    try:
        parsed = _parsed(bare)
    except Unreadable:
        return None
    before = finds.counts.total()
    cleaned = _clean(parsed, finds, levels)
    if finds.counts.total() == before:
        return None
    return text.replace(bare, json.dumps(cleaned, ensure_ascii=False))


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
        within = _clean_json_in(value, finds, levels - 1)
        return clean_text(value, finds) if within is None else within
    if isinstance(value, list):
        return [_clean(each, finds, levels - 1) for each in value]
    if isinstance(value, dict):
        return _clean_object(value, finds, levels)
    return value


def _clean_object(value: Mapping[str, Any], finds: Finds, levels: int) -> dict[str, Any]:
    named = str(value.get("name") or value.get("key") or "") if "value" in value else ""
    cleaned: dict[str, Any] = {}
    for place, each in value.items():
        name, label = place.rstrip("+"), clean_text(place, finds)
        if name == "value" and (kind := secret(named)) is not None:
            cleaned[label] = _gone(each, finds, kind, named)
        elif _is_secret(name, each):
            cleaned[label] = _gone(each, finds, secret(name) or PersonalData.TOKEN, name)
        elif name.lower() == "cookies" and isinstance(each, list):
            cleaned[label] = [_clean_cookie(cookie, finds, levels - 2) for cookie in each]
        elif name == "text" and str(value.get("encoding")).lower() == "base64" and isinstance(each, str):
            cleaned[label] = _clean_body(each, str(value.get("mimeType") or ""), finds, levels - 1)
        else:
            cleaned[label] = _clean(each, finds, levels - 1)
    return cleaned


def _is_secret(name: str, value: Any) -> bool:
    if isinstance(value, dict | list) or secret(name) is None:
        return False
    return not is_error_code(name, str(value))


def _gone(value: Any, finds: Finds, kind: PersonalData, name: str) -> Any:
    is_nothing = value is None or isinstance(value, bool) or value == ""
    if is_nothing or str(value).startswith("[removed"):
        return value
    return finds.add(kind, clean_text(name, Finds()))


def _clean_cookie(cookie: Any, finds: Finds, levels: int) -> Any:
    if not isinstance(cookie, dict):
        return _clean(cookie, finds, levels)
    cleaned = _clean({name: each for name, each in cookie.items() if name != "value"}, finds, levels)
    if "value" in cookie:
        cleaned["value"] = _gone(cookie["value"], finds, PersonalData.COOKIE, str(cookie.get("name") or ""))
    return cleaned


_SEEN_OR_HEARD: Final = ("image/", "font/", "audio/", "video/")


def _clean_body(body: str, kind: str, finds: Finds, levels: int) -> str:
    """A body that a HAR keeps in base64: its text is searched; pictures stay, what is no text goes as a whole."""
    decoded = decoded_base64(body)
    if decoded is None or "\0" in decoded:
        if kind.lower().startswith(_SEEN_OR_HEARD) or not body.strip() or body.startswith("[removed"):
            return body
        return finds.add(PersonalData.ENCODED, kind[:40])
    before = finds.counts.total()
    cleaned = _clean(decoded, finds, levels)
    return body if finds.counts.total() == before else base64.b64encode(cleaned.encode("utf-8", "replace")).decode()


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
