"""Many promises in trouble at once are one mail: after hours of downtime, or when the doors open at nine."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk.notifications.models import Transport
from helpdesk.notifications.outbox import Claim
from helpdesk.notifications.topics import NoticeTopic

GATHERED = frozenset({NoticeTopic.CLOCK_WARNED, NoticeTopic.CLOCK_BREACHED})
AT_LEAST = 4
"""Fewer come one by one: each then names its promise in the subject."""

Bundle = tuple[Claim, ...]
"""What goes out as one letter to one person; nearly always a single claim."""


def bundles(mails: Sequence[Claim]) -> list[Bundle]:
    """``mails`` as letters, in the order of their first claim."""
    gathered: dict[str, list[Claim]] = {}
    for one in mails:
        if one.topic in GATHERED:
            gathered.setdefault(one.recipient, []).append(one)
    told: list[Bundle] = []
    for one in mails:
        together = gathered.get(one.recipient, []) if one.topic in GATHERED else []
        if len(together) < AT_LEAST:
            told.append((one,))
        elif one is together[0]:
            told.append(tuple(together))
    return told


def people_of(claims: Sequence[Claim]) -> set[str]:
    """Addresses for whom further promises may wait beyond the claimed ones: they belong into the same letter."""
    return {one.recipient for one in claims if one.transport is Transport.MAIL and one.topic in GATHERED}
