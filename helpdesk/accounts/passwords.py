"""Passwords: their rules, and argon2 hashes of them.

Hashing takes tens of milliseconds on purpose, so it never happens inside a unit of work.
"""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from helpdesk.errors import Invalid

SHORTEST, LONGEST = 12, 256
UNUSABLE = "!"
"""Stands for a hash where no password fits: an invited person has not chosen one yet."""

# OWASP's least for argon2id. The library's 64 MiB a time would weigh on a web worker with several threads.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def check_password(password: str, email: str) -> None:
    """Raise Invalid, naming the field ``password``, with what is wrong with a new password."""
    if len(password) < SHORTEST:
        raise Invalid(_("Use at least %(n)s characters; several words are easy to keep.", n=SHORTEST), "password")
    if len(password) > LONGEST:
        raise Invalid(_("Use at most %(n)s characters.", n=LONGEST), "password")
    if password.strip().casefold() == email.strip().casefold():
        raise Invalid(_("Choose something other than the e-mail address."), "password")
    if len(set(password)) < 3:
        raise Invalid(_("Use more than one or two different characters."), "password")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether ``password`` made the hash. None (no such account) takes the same time and is False."""
    known = password_hash if password_hash and password_hash != UNUSABLE else _nobodys_hash()
    try:
        fits = _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and known == password_hash


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
