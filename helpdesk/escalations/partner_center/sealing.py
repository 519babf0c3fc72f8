"""Secrets at rest: sealed with HELPDESK_VENDOR_KEY, so that a copy of the database opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Unreadable(ValueError):
    """The seal does not open with the keys we have: another key made it, or somebody changed it."""


def seal(secret: str, keys: Sequence[str]) -> str:
    """Encrypt and authenticate ``secret`` with the first of ``keys`` (Fernet keys, the newest first)."""
    return str(_ring(keys).encrypt(secret.encode()), "ascii")


def unseal(sealed: str, keys: Sequence[str]) -> str:
    """What ``seal`` was given, under any of ``keys``. Raises Unreadable."""
    from cryptography.fernet import InvalidToken

    try:
        return str(_ring(keys).decrypt(sealed.encode()), "utf-8")
    except InvalidToken:
        raise Unreadable("HELPDESK_VENDOR_KEY does not open what is stored.") from None


def _ring(keys: Sequence[str]) -> MultiFernet:
    # cryptography is loaded when first needed: a web worker that never seals does without its megabytes
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in keys])
