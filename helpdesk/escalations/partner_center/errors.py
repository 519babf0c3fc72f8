"""What can go wrong at the vendor, by what it means for whoever asked. No sentence holds a secret."""

from __future__ import annotations

from typing import Any

from helpdesk.errors import TransportError
from helpdesk.phrases import Phrase


class VendorError(TransportError):
    """An answer we can't use. ``permanent``: asking the same again is useless. ``code`` is the vendor's own.

    ``template`` and ``about`` are those of its ``phrase``; ``sentence`` is the same in English, for logs.
    """

    def __init__(self, template: str, *, permanent: bool = False, code: str = "", **about: Any) -> None:
        self.phrase = Phrase(template, about)
        super().__init__(str(self.phrase), permanent=permanent)
        self.code = code


class Away(VendorError):
    """The vendor can't be reached or is in trouble: no case's fault, so nobody else need be asked now."""


class Throttled(Away):
    """We asked too often. ``retry_after``: seconds in which the vendor wants to hear nothing."""

    def __init__(self, template: str, retry_after: float, **about: Any) -> None:
        super().__init__(template, **about)
        self.retry_after = retry_after


class NotConnected(VendorError):
    """The vendor lets the desk in no more, or never did: a person must renew the consent."""


class Refused(VendorError):
    """The vendor understood and said no to this one request."""


class Hidden(Refused):
    """There is no such case, or the delegated roles (GDAP) don't let us see it: the vendor does not say which."""


class Unsure(VendorError):
    """A write went out and no usable answer came back: it may or may not have happened."""


class Garbled(VendorError):
    """An answer came that can't be read."""


class Endless(Garbled):
    """A list that repeats itself or goes on beyond all measure: what came before is good, the rest is unknown."""
