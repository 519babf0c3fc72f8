"""Telephone, card and account numbers in plain text. What a check digit can tell apart from an id is told by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from string import ascii_uppercase
from typing import Final

_PHONE = re.compile(r"(?<![\w+/.,:=-])\+[1-9](?:[ ().\-/]{0,2}\d){7,14}(?!\w)")
_AFTER_A_TIME = re.compile(r"\d\d:\d\d\S{0,12} ?\Z")
"""Behind a time of day "+1000" begins no number: it is the zone."""
_CARD = re.compile(r"(?<![\w.+\-])(?:[3-6]\d{12,18}|\d{4}(?:[ \-]\d{4}){3}|3\d{3}[ \-]\d{6}[ \-]\d{5})(?![\w.\-])")
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_SHORTEST_ACCOUNT: Final = 15
_AS_DIGITS: Final = {ord(letter): str(int(letter, 36)) for letter in ascii_uppercase}

Replace = Callable[[str], str]


def without_phones(text: str, replace: Replace) -> str:
    """Numbers in the international form, "+36 30 123 4567"; others look like any other number."""

    def gone(found: re.Match[str]) -> str:
        before = text[max(0, found.start() - 20) : found.start()]
        return found[0] if _AFTER_A_TIME.search(before) else replace(found[0])

    return _PHONE.sub(gone, text)


def without_payment(text: str, replace: Replace) -> str:
    """Card numbers whose check digit is right (ISO/IEC 7812), and account numbers whose are (ISO 13616)."""
    text = _ACCOUNT.sub(lambda found: _without_account(found[0], replace), text)
    return _CARD.sub(lambda found: replace(found[0]) if _is_card(found[0]) else found[0], text)


def _without_account(run: str, replace: Replace) -> str:
    """The longest beginning that is an account number goes; words in capitals may stand right behind it."""
    words = run.split(" ")
    for count in range(len(words), 0, -1):
        head = " ".join(words[:count])
        if _is_account(head.replace(" ", "")):
            return replace(head) + run[len(head) :]
    return run


def _is_account(plain: str) -> bool:
    return len(plain) >= _SHORTEST_ACCOUNT and int((plain[4:] + plain[:4]).translate(_AS_DIGITS)) % 97 == 1


def _is_card(written: str) -> bool:
    digits = [int(each) for each in written if each.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[::-2]) + sum(doubled)) % 10 == 0
