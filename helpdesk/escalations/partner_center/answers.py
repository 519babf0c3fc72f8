"""What an HTTP answer of the vendor means, before anybody looks at its content."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from helpdesk.escalations.partner_center.errors import (
    Away,
    Garbled,
    Hidden,
    NotConnected,
    Refused,
    Throttled,
    Unsure,
    VendorError,
)
from helpdesk.escalations.partner_center.reading import Fields
from helpdesk.phrases import N_

USUAL_QUIET = 30.0
LONGEST_QUIET = 3600.0
"""Seconds: what to wait when the vendor does not say, and the most we believe."""

_NOT_READY = frozenset({"800082", "900278"})
"""The vendor's codes for "later": the resource is not ready, an operation is pending."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body as they came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def fields(self) -> Fields:
        """The JSON object in it. Raises Garbled."""
        try:
            return Fields(json.loads(self.body))
        except (ValueError, RecursionError) as error:  # the latter where brackets nest thousands deep
            template = N_("Partner Center answered %(status)s with something that is no JSON.")
            raise Garbled(template, status=self.status) from error


def content_of(answer: Answer, *, is_write: bool, now: datetime) -> Fields:
    """The JSON object of a good answer. Raises the VendorError that any other means.

    After a write neither a server error nor a broken body tells whether it happened: Unsure.
    """
    if not answer.is_success:
        raise _refusal(answer, is_write, now)
    try:
        return answer.fields()
    except Garbled as error:
        if is_write:
            raise Unsure(N_("Partner Center took the note, but its answer can’t be read.")) from error
        raise


def _refusal(answer: Answer, is_write: bool, now: datetime) -> VendorError:
    status, (code, said) = answer.status, complaint_of(answer)
    template = N_("Partner Center answered %(status)s%(details)s")
    details = (f" ({code})" if code else "") + (f": {said}" if said else "")
    about: dict[str, Any] = {"status": status, "details": details}
    if status == 429:
        return Throttled(template, quiet_seconds(answer, now), **about)
    if status >= 500:
        return (Unsure if is_write else Away)(template, code=code, **about)
    if status == 401:
        return NotConnected(template, code=code, **about)
    if status in (403, 404):
        return Hidden(template, permanent=status == 404, code=code, **about)
    is_final = status < 500 and status not in (408, 409) and code not in _NOT_READY
    return Refused(template, permanent=is_final, code=code, **about)


def complaint_of(answer: Answer) -> tuple[str, str]:
    """The vendor's own code and sentence, of either of its two error bodies; empty where there are none."""
    try:
        fields = answer.fields()
    except Garbled:
        return "", ""
    said = fields.text("description") or fields.text("message") or fields.text("error_description")
    return _plain(fields.text("code") or fields.text("error"))[:40], _plain(said)[:200]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())


def quiet_seconds(answer: Answer, now: datetime) -> float:
    """How long a throttled caller should wait: Retry-After in seconds or as a date, else the sentence in the body."""
    header = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", header):
        wait = float(header)
    elif header:
        wait = _until(header, now)
    else:
        found = re.search(r"again in (\d{1,9}) second", complaint_of(answer)[1])
        wait = float(found[1]) if found else USUAL_QUIET
    return min(max(wait, 0.0), LONGEST_QUIET)


def _until(date: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(date) - now).total_seconds()
    except (ValueError, TypeError):
        return USUAL_QUIET
