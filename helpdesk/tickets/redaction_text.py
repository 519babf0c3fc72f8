"""Secrets and mail addresses in plain text, also where it is percent-encoded or in base64; what stands in their place.

The input may be hostile: every pattern runs in linear time, and what is encoded is opened a few levels deep.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

from helpdesk.tickets.redaction_numbers import without_payment, without_phones
from workflows.vocabulary import PersonalData

UNWRAPPED: Final = 3
"""How often text is unwrapped that is encoded within encoded text."""

_EXAMPLES = 4


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


# names ------------------------------------------------------------------------------------------------

_COOKIES = frozenset({"cookie", "setcookie", "cookie2", "setcookie2"})
_SIGN_IN = ("authorization", "wwwauthenticate", "proxyauthenticate", "clientprincipal")
_SECRET_NAMES = frozenset(
    {"pwd", "pass", "sig", "signature", "sid", "code", "auth", "ctx", "canary", "flowtoken"}
    | {"codeverifier", "devicecode"}
)
_IN_SECRET_NAMES = (
    "token", "secret", "password", "passwd", "credential", "assertion", "apikey", "accesskey", "accountkey",
    "privatekey", "subscriptionkey", "functionskey", "sessionkey", "sessionid", "samlresponse", "samlrequest",
)  # fmt: skip
_ABOUT_SECRETS = (
    "type", "endpoint", "url", "uri", "count", "expiry", "expires", "expired", "expiresin", "expireson", "lifetime",
    "length", "policy", "provider",
)  # fmt: skip
SHORTEST_CODE: Final = 40
"""A value named "code" is shorter than this where it tells of an error, and longer where it signs somebody in."""


def secret(name: str) -> PersonalData | None:
    """What a value of this name is: "x-ms-authToken" holds a token, "token_type" tells of one and holds none."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    if "[removed: " in name:  # what is left of a name says nothing
        return None
    if plain in _COOKIES:
        return PersonalData.COOKIE
    if plain.endswith(_ABOUT_SECRETS):
        return None
    if any(part in plain for part in _SIGN_IN):
        return PersonalData.AUTHORIZATION
    is_named = plain in _SECRET_NAMES or any(part in plain for part in _IN_SECRET_NAMES)
    return PersonalData.TOKEN if is_named else None


def is_error_code(name: str, value: str) -> bool:
    """Whether a value tells of an error, as in ``"code": "AADSTS50020"``: the vendor needs it."""
    return name.lower().rstrip("+") == "code" and len(value) < SHORTEST_CODE


# patterns ---------------------------------------------------------------------------------------------

_NEW = r"(?!\[removed)"
_NAME = r"[A-Za-z0-9_.\-]{1,60}"
_HEADER = re.compile(
    r"(?i)(?<![a-z0-9\-])(set-cookie|cookie|proxy-authorization|authorization|x-ms-authorization-auxiliary)"
    rf"([\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?){_NEW}([^\s\"'][^\r\n\"]*)"
)
_BEARER = re.compile(rf"(?i)\b(bearer)(\s{{1,5}}){_NEW}([a-z0-9._~+/=\-]{{8,}})")
_IN_ADDRESS = re.compile(rf"(?<![A-Za-z0-9_.\-])({_NAME})=({_NEW}[^&\s\"'<>\\;#]+)")
_IN_BODY = re.compile(
    rf"(\\{{0,7}}(?:\"\"|[\"']))({_NAME})\1(\s{{0,9}}[:=]\s{{0,9}})(\1|[\"'])(?!\4){_NEW}(.{{1,8000}}?)"
    r"((?<!\\)\4|(?=[\r\n])|\Z)"
)
_PAIR = re.compile(
    rf"(\"name\"\s{{0,9}}:\s{{0,9}}\")({_NAME})(\"\s{{0,9}},\s{{0,9}}\"value\"\s{{0,9}}:\s{{0,9}}\"){_NEW}"
    r"((?:[^\"\\\r\n]|\\.)+)"
)
_MULTIPART = re.compile(
    rf"(form-data;[^\r\n]{{0,200}}?name=\"({_NAME})\"[^\r\n]{{0,200}}\r?\n(?:[^\r\n]{{1,200}}\r?\n){{0,4}}\r?\n)"
    rf"{_NEW}([^\r\n]+)"
)
_ELEMENT = re.compile(rf"(<(?:[A-Za-z][\w\-]{{0,20}}:)?({_NAME})(?:\s[^<>]{{0,500}})?>){_NEW}([^<>]+)(?=</)")
_IN_WORDS = re.compile(
    r"(?i)(?<![\w\"'.\-])(password|passwd|passphrase|pwd|api[_ \-]?key|client[_ \-]secret|jelszó)"
    rf"(\s{{0,3}}[:=]\s{{0,3}}){_NEW}([^\s\"'<>,;]{{3,200}})"
)
_TELLS_OF_ONE = frozenset({"null", "none", "true", "false", "wrong", "invalid", "incorrect", "expired", "required"})
"""What stands behind "password:" where it tells of a password instead of giving one."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^\-]+(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?")
_JWT = re.compile(r"(?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{4,}(?:\.[A-Za-z0-9_\-]*){0,3}")
_AT = r"(?:@|%40|\\u0040|&#64;|&#x40;)"
_AFTER_AT = re.compile(rf"{_AT}((?:[^\W_][\w\-]{{0,62}}\.){{1,8}}[^\W\d_][\w\-]{{1,62}})")
_PICTURE = re.compile(r"\d(?:\.\d)?x\.\w{2,4}")
"""What stands behind the @ of "logo@2x.png", a picture for sharp screens."""
_BESIDE_AT: Final = frozenset("._%+-'#")
_ENDS_RUN = r"\s\"'<>\\&=?;,(){}|"
_PERCENT_RUN = re.compile(rf"(?<![^{_ENDS_RUN}%])[^{_ENDS_RUN}%]*%[0-9A-Fa-f]{{2}}[^{_ENDS_RUN}]*")
_BASE64_RUN = re.compile(r"(?:[A-Za-z0-9+/]{60,}\r?\n)*[A-Za-z0-9+/_\-]{24,}={0,2}")


def clean_text(text: str, finds: Finds, levels: int = UNWRAPPED) -> str:
    """``text`` without headers that sign in, cookies, tokens, keys and mail addresses; encoded parts are opened."""
    if levels > 0:
        text = _PERCENT_RUN.sub(lambda m: _clean_percent(m[0], finds, levels - 1), text)
    text = _PRIVATE_KEY.sub(lambda _found: finds.add(PersonalData.TOKEN, "private key"), text)
    text = _HEADER.sub(lambda m: m[1] + m[2] + finds.add(secret(m[1]) or PersonalData.TOKEN, m[1]), text)
    text = _BEARER.sub(lambda m: m[1] + m[2] + finds.add(PersonalData.AUTHORIZATION, "Bearer"), text)
    text = _IN_ADDRESS.sub(lambda m: _named(m, m[1], m[2], f"{m[1]}=", finds), text)
    text = _clean_pairs(text, finds)
    text = _PAIR.sub(lambda m: _named(m, m[2], m[4], m[1] + m[2] + m[3], finds), text)
    text = _MULTIPART.sub(lambda m: _named(m, m[2], m[3], m[1], finds), text)
    text = _ELEMENT.sub(lambda m: _named(m, m[2], m[3], m[1], finds), text)
    text = _IN_WORDS.sub(lambda m: _said(m, finds), text)
    text = _JWT.sub(lambda _found: finds.add(PersonalData.TOKEN, "JWT"), text)
    text = _without_addresses(text, finds)
    text = without_phones(text, lambda number: finds.add(PersonalData.PHONE, f"{number[:3]}…"))
    text = without_payment(text, lambda number: finds.add(PersonalData.PAYMENT, f"…{number[-2:]}"))
    return _BASE64_RUN.sub(lambda m: _clean_base64(m[0], finds, levels - 1), text) if levels > 0 else text


def _clean_pairs(text: str, finds: Finds) -> str:
    """Pairs of a name and a quoted value; a value may hold further pairs, their quotes escaped."""

    def clean(found: re.Match[str]) -> str:
        before = found[1] + found[2] + found[1] + found[3] + found[4]
        if secret(found[2]) is None:
            return before + _clean_pairs(found[5], finds) + found[6]
        return _named(found, found[2], found[5], before, finds, found[6])

    return _IN_BODY.sub(clean, text)


def _named(found: re.Match[str], name: str, value: str, before: str, finds: Finds, after: str = "") -> str:
    """The match with its value taken out, where the name says that it is a secret."""
    kind = secret(name)
    in_address = found.string[max(0, found.start() - 1) : found.start()] in {"?", "&"}
    if kind is None or (is_error_code(name, value) and not in_address):
        return found[0]
    return before + finds.add(kind, name) + after


def _said(found: re.Match[str], finds: Finds) -> str:
    if found[3].lower().rstrip(".!)") in _TELLS_OF_ONE:
        return found[0]
    return found[1] + found[2] + finds.add(PersonalData.TOKEN, found[1])


def _without_addresses(text: str, finds: Finds) -> str:
    """Each address is grown leftwards from its @, so that a long run of letters costs one pass and not many."""
    kept, end = [], 0
    for found in _AFTER_AT.finditer(text):
        start = found.start()
        while start > end and (text[start - 1].isalnum() or text[start - 1] in _BESIDE_AT):
            start -= 1
        if start < found.start() and not _PICTURE.match(found[1]):
            kept += [text[end:start], finds.add(PersonalData.EMAIL, f"…@{found[1]}")]
            end = found.end()
    return "".join([*kept, text[end:]])


# what is encoded --------------------------------------------------------------------------------------


def _clean_percent(run: str, finds: Finds, levels: int) -> str:
    decoded = unquote(run)
    cleaned = _clean_opened(decoded, finds, levels)
    return run if cleaned is None else quote(cleaned, safe="[]: /@")


def _clean_base64(run: str, finds: Finds, levels: int) -> str:
    """A run in base64 goes as a whole when something is found in it; one that is a path is looked at in parts."""
    for part in dict.fromkeys([run, *(each for each in run.split("/") if len(each) >= 24)]):
        decoded = decoded_base64(part)
        if decoded is not None and _is_words(decoded) and _clean_opened(decoded, finds, levels) is not None:
            run = run.replace(part, "[removed: encoded]")
    return run


def _is_words(decoded: str) -> bool:
    return "".join(decoded.split()).isprintable()


def _clean_opened(opened: str, finds: Finds, levels: int) -> str | None:
    """``opened`` without what was found; None when there is nothing to find in it."""
    before = finds.counts.total()
    cleaned = clean_text(opened, finds, levels)
    return cleaned if finds.counts.total() > before else None


def decoded_base64(written: str) -> str | None:
    """The text in base64, of either alphabet and with line breaks; None where it is no text."""
    plain = "".join(written.split()).rstrip("=").translate(_USUAL_ALPHABET)
    decode: Callable[[str], bytes] = lambda each: base64.b64decode(each, validate=True)  # noqa: E731
    try:
        return decode(plain + "=" * (-len(plain) % 4)).decode()
    except (binascii.Error, ValueError):
        return None


_USUAL_ALPHABET: Final = str.maketrans("-_", "+/")
